import { PrivacyError } from '../privacy-error.ts';

/** Independent uniform bits. Only a cryptographic generator may stand behind it outside tests. */
export interface RandomBits {
  /** The next 8 bits, 0 .. 255. */
  byte(): number;
}

/** A stream of bytes, such as `backend.keystream(key)` under a fresh 256-bit key. */
export interface ByteSource {
  /** The next `length` bytes; they may be overwritten by the next call. */
  next(length: number): Uint8Array;
}

const CHUNK = 65_536;

/** The bits of a byte stream, fetched in chunks of 64 KiB. */
export function bitsOf(source: ByteSource): RandomBits {
  let chunk: Uint8Array = new Uint8Array(0);
  let position = 0;
  return {
    byte(): number {
      if (position === chunk.length) {
        chunk = source.next(CHUNK);
        position = 0;
        if (chunk.length !== CHUNK) {
          throw new PrivacyError(
            'BAD_PARAMETER',
            `a byte source gave ${chunk.length} bytes instead of ${CHUNK}`,
          );
        }
      }
      return chunk[position++] as number;
    },
  };
}

/** Uniform in 0 .. bound - 1, by rejection. @param bound 1 .. 2^32 */
export function uniformBelow(bits: RandomBits, bound: number): number {
  const width = 32 - Math.clz32(bound - 1);
  const spare = (8 - (width % 8)) % 8;
  for (;;) {
    let drawn = 0;
    for (let drawnBits = 0; drawnBits < width; drawnBits += 8) drawn = drawn * 256 + bits.byte();
    drawn = Math.floor(drawn / 2 ** spare);
    if (drawn < bound) return drawn;
  }
}
