import { RouterError } from '../errors.ts';
import { chacha20Block, hchacha20 } from './chacha20.ts';

/**
 * A stream of public pseudo-random numbers that is the same on every machine: the ChaCha20 keystream (RFC 8439) under the
 * seed, with nonce 0. Integer arithmetic only. For partitions and public directions; noise for privacy comes from elsewhere.
 */
export interface SeededGenerator {
  /** Uniform in 0 .. 2^32 - 1. */
  nextUint32(): number;
  /** Uniform in [0, 1), a multiple of 2^-53. */
  nextDouble(): number;
  /**
   * Uniform in 0 .. n - 1, without bias (rejection).
   * @param n an integer in 1 .. 2^32
   * @throws RouterError `OUT_OF_RANGE`
   */
  nextInt(n: number): number;
  /** Puts an array or typed array into uniformly random order, in place (Fisher and Yates, in Durstenfeld's form). */
  shuffle<T>(values: MutableArrayLike<T>): void;
  /**
   * An independent generator that depends on the seed and the label alone, not on how much was drawn. Any text is a label.
   */
  fork(label: string): SeededGenerator;
}

export interface MutableArrayLike<T> {
  readonly length: number;
  [index: number]: T;
}

/**
 * @param seed 32 bytes
 * @throws RouterError `BAD_SEED`
 */
export function createGenerator(seed: Uint8Array): SeededGenerator {
  if (seed.length !== 32) throw new RouterError('BAD_SEED', `seed must be 32 bytes, not ${seed.length}`);
  const view = new DataView(seed.buffer, seed.byteOffset, seed.byteLength);
  const key = new Uint32Array(8);
  for (let i = 0; i < 8; i++) key[i] = view.getUint32(4 * i, true);
  return generatorOfKey(key);
}

function generatorOfKey(key: Uint32Array): SeededGenerator {
  const counterAndNonce = new Uint32Array(4);
  const block = new Uint32Array(16);
  let used = 16;

  function nextUint32(): number {
    if (used === 16) {
      chacha20Block(key, counterAndNonce, block);
      // The 128-bit tail counts blocks: no period that a program could reach.
      for (let i = 0; i < 4; i++) {
        counterAndNonce[i] = (counterAndNonce[i] as number) + 1;
        if (counterAndNonce[i] !== 0) break;
      }
      used = 0;
    }
    return block[used++] as number;
  }

  function nextInt(n: number): number {
    if (!Number.isSafeInteger(n) || n < 1 || n > 2 ** 32) {
      throw new RouterError('OUT_OF_RANGE', `nextInt takes an integer in 1 .. 2^32, not ${n}`);
    }
    const limit = 2 ** 32 - (2 ** 32 % n);
    for (;;) {
      const word = nextUint32();
      if (word < limit) return word % n;
    }
  }

  return {
    nextUint32,
    nextDouble(): number {
      const high = nextUint32() >>> 5;
      const low = nextUint32() >>> 6;
      return (high * 2 ** 26 + low) * 2 ** -53;
    },
    nextInt,
    shuffle<T>(values: MutableArrayLike<T>): void {
      for (let i = values.length - 1; i > 0; i--) {
        const j = nextInt(i + 1);
        const held = values[i] as T;
        values[i] = values[j] as T;
        values[j] = held;
      }
    },
    fork(label: string): SeededGenerator {
      return generatorOfKey(keyOfLabel(key, label));
    },
  };
}

/** A cascade of HChaCha20 over the label's length and code units, eight to a block: a PRF because no label is another's prefix. */
function keyOfLabel(key: Uint32Array, label: string): Uint32Array {
  const input = Uint32Array.of(label.length, 0, 0, 1);
  let subkey = hchacha20(key, input);
  for (let start = 0; start < label.length; start += 8) {
    input.fill(0);
    for (let i = 0; i < 8 && start + i < label.length; i++) {
      const unit = label.charCodeAt(start + i);
      input[i >>> 1] = (input[i >>> 1] as number) | (i % 2 === 0 ? unit : unit << 16);
    }
    subkey = hchacha20(subkey, input);
  }
  return subkey;
}
