/**
 * The work that no implementation of this protocol can leave out, in the plainest form: what a benchmark's
 * ratio is measured against, in the same run and on the same machine.
 */
import { createCipheriv, createHash } from 'node:crypto';

const CHUNK_BYTES = 65_536;
const ZEROS = new Uint8Array(CHUNK_BYTES);
const KEY = new Uint8Array(32).fill(1);

/** AES-256-CTR in chunks of 64 KiB, added to the words mod 2^32. */
export function maskOnce(words: Int32Array): void {
  const cipher = createCipheriv('aes-256-ctr', KEY, new Uint8Array(16));
  for (let first = 0; first < words.length; first += CHUNK_BYTES / 4) {
    const count = Math.min(CHUNK_BYTES / 4, words.length - first);
    const stream = cipher.update(ZEROS.subarray(0, count * 4));
    const keystream = new Int32Array(stream.buffer, stream.byteOffset, count);
    for (let i = 0; i < count; i++)
      words[first + i] = ((words[first + i] as number) + (keystream[i] as number)) | 0;
  }
}

/**
 * Reads words of `bits` bits, least significant first, and adds them.
 * @param packed with 5 bytes behind the last word
 * @param bits at most 25
 */
export function unpackAndAdd(packed: Uint8Array, bits: number, words: Int32Array): void {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
  const mask = 2 ** bits - 1;
  for (let i = 0, bit = 0; i < words.length; i++, bit += bits) {
    const word = (view.getInt32(bit >>> 3, true) >>> (bit & 7)) & mask;
    words[i] = ((words[i] as number) + word) | 0;
  }
}

export function hashOnce(packed: Uint8Array): void {
  createHash('sha256').update(packed).digest();
}
