/**
 * Inner products with a pseudorandom vector r over the prime field of p = 2^61 - 1. Coordinate i of r is the low 61 bits of the
 * i-th 8 bytes (little-endian) of AES-256-CTR(challenge, counter block 0).
 *
 * A coordinate is cut into limbs of 16, 16, 16 and 13 bits. Limb times 32-bit word is below 2^48, so 32 products add up exactly in a
 * double before they are split and carried on; big integers appear once per chunk only.
 */
import type { CryptoBackend, Keystream } from '@tributary/crypto';

/** A Mersenne prime: 2^61 - 1. */
export const FIELD_PRIME: bigint = 2n ** 61n - 1n;

/** Bytes of a field element as it travels: big-endian. */
export const FIELD_BYTES = 8;

const CHUNK_WORDS = 8192;
/** 32 * 2^48 = 2^53. */
const WORDS_PER_CARRY = 32;
const LOW = 2 ** 32;

/** Adds up <r, words> of a vector that arrives in pieces, in order; each piece but the last of a multiple of 2 words. */
export class InnerProduct {
  readonly #r: Keystream;
  readonly #low = new LimbSums();
  readonly #high = new LimbSums();

  /** @param challenge 32 bytes */
  constructor(crypto: CryptoBackend, challenge: Uint8Array) {
    this.#r = crypto.keystream(challenge);
  }

  /** Words as unsigned 32-bit integers. @throws CryptoError STREAM_SPENT behind a piece of an odd number of words */
  addWords(words: Int32Array): void {
    for (let first = 0; first < words.length; first += CHUNK_WORDS) {
      const piece = words.subarray(first, first + CHUNK_WORDS);
      this.#low.add(this.#coordinates(piece.length), piece);
    }
  }

  /** Integers in [0, 2^53). @throws CryptoError STREAM_SPENT behind a piece of an odd number of values */
  addIntegers(values: Float64Array): void {
    for (let first = 0; first < values.length; first += CHUNK_WORDS) {
      const piece = values.subarray(first, first + CHUNK_WORDS);
      const low = new Int32Array(piece.length);
      const high = new Int32Array(piece.length);
      for (let i = 0; i < piece.length; i++) {
        const value = piece[i] as number;
        low[i] = (value % LOW) | 0;
        high[i] = Math.floor(value / LOW);
      }
      const r = this.#coordinates(piece.length);
      this.#low.add(r, low);
      this.#high.add(r, high);
    }
  }

  /** In [0, p). */
  value(): bigint {
    return (this.#low.value + (this.#high.value << 32n)) % FIELD_PRIME;
  }

  #coordinates(count: number): DataView {
    const bytes = this.#r.next(8 * count);
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }
}

/** A limb's sum from what stands below 2^32 in it and what was carried. */
function limb(low: number, high: number): bigint {
  return BigInt(low) + (BigInt(high) << 32n);
}

class LimbSums {
  value = 0n;

  add(r: DataView, words: Int32Array): void {
    let [low0, low1, low2, low3] = [0, 0, 0, 0];
    let [high0, high1, high2, high3] = [0, 0, 0, 0];
    for (let first = 0; first < words.length; first += WORDS_PER_CARRY) {
      const end = Math.min(first + WORDS_PER_CARRY, words.length);
      let [sum0, sum1, sum2, sum3] = [0, 0, 0, 0];
      for (let i = first; i < end; i++) {
        const word = (words[i] as number) >>> 0;
        const lower = r.getInt32(8 * i, true);
        const upper = r.getInt32(8 * i + 4, true);
        sum0 += (lower & 0xffff) * word;
        sum1 += (lower >>> 16) * word;
        sum2 += (upper & 0xffff) * word;
        sum3 += ((upper >>> 16) & 0x1fff) * word;
      }
      const [carry0, carry1] = [Math.floor(sum0 / LOW), Math.floor(sum1 / LOW)];
      const [carry2, carry3] = [Math.floor(sum2 / LOW), Math.floor(sum3 / LOW)];
      low0 += sum0 - carry0 * LOW;
      low1 += sum1 - carry1 * LOW;
      low2 += sum2 - carry2 * LOW;
      low3 += sum3 - carry3 * LOW;
      high0 += carry0;
      high1 += carry1;
      high2 += carry2;
      high3 += carry3;
    }
    const sum =
      limb(low0, high0) +
      (limb(low1, high1) << 16n) +
      (limb(low2, high2) << 32n) +
      (limb(low3, high3) << 48n);
    this.value = (this.value + sum) % FIELD_PRIME;
  }
}

/** @param value in [0, p) */
export function encodeFieldElement(value: bigint): Uint8Array {
  const bytes = new Uint8Array(FIELD_BYTES);
  new DataView(bytes.buffer).setBigUint64(0, value);
  return bytes;
}

/** The element; undefined for other lengths, and for values that are not reduced. */
export function decodeFieldElement(bytes: Uint8Array): bigint | undefined {
  if (bytes.length !== FIELD_BYTES) return undefined;
  const value = new DataView(bytes.buffer, bytes.byteOffset, FIELD_BYTES).getBigUint64(0);
  return value < FIELD_PRIME ? value : undefined;
}
