/**
 * The sum of masked uploads as integers, without reduction: what a linear check over another modulus than the ring's needs. Doubles
 * hold it exactly for fewer than 2^21 uploads of words below 2^32.
 */
import { liftWords, unpackWords } from '@tributary/crypto';
import { ProtocolError } from '../errors.ts';

/** Uploads of 32-bit words whose integer sum stays below 2^53. */
export const MAX_UPLOADS: number = 2 ** 21 - 1;

const UNSIGNED = 2 ** 32;

/**
 * Adds packed words, each an integer in [0, 2^bits), to `into[atWord]` and following.
 * @param scratch words of the packed piece, overwritten
 * @returns false, with `into` untouched, where `packed` is no packing of `scratch.length` words
 * @throws CryptoError OUT_OF_RANGE (bits)
 */
export function addToIntegerSum(
  packed: Uint8Array,
  bits: number,
  into: Float64Array,
  atWord: number,
  scratch: Int32Array,
): boolean {
  if (atWord + scratch.length > into.length || !unpackWords(packed, bits, scratch)) return false;
  for (let i = 0; i < scratch.length; i++) {
    into[atWord + i] = (into[atWord + i] as number) + ((scratch[i] as number) >>> 0);
  }
  return true;
}

/** Bytes per coordinate of the sum of `uploads` vectors of `bits`-bit words: the fewest that hold uploads * (2^bits - 1). */
export function integerSumWidth(bits: number, uploads: number): number {
  if (!Number.isInteger(uploads) || uploads < 1 || uploads > MAX_UPLOADS) {
    throw new ProtocolError(
      'BAD_PARAMETERS',
      `a sum of ${uploads} uploads, 1..${MAX_UPLOADS} are kept exactly`,
    );
  }
  const largest = uploads * (2 ** bits - 1);
  let width = 1;
  while (256 ** width <= largest) width++;
  return width;
}

/** The sum as bytes: `width` bytes for each coordinate, little-endian. */
export function encodeIntegerSum(sum: Float64Array, width: number): Uint8Array {
  const bytes = new Uint8Array(sum.length * width);
  const inLow = Math.min(width, 4);
  let at = 0;
  for (let i = 0; i < sum.length; i++) {
    const value = sum[i] as number;
    // A conversion to 32 bits is the remainder mod 2^32.
    const low = value | 0;
    for (let byte = 0; byte < inLow; byte++) bytes[at++] = low >>> (8 * byte);
    if (width === inLow) continue;
    const high = Math.floor(value / UNSIGNED);
    for (let byte = 0; byte < width - 4; byte++) bytes[at++] = high >>> (8 * byte);
  }
  return bytes;
}

/** The sum of `dimension` coordinates; undefined where the bytes are not as many, or hold a coordinate of 2^53 or more. */
export function decodeIntegerSum(
  bytes: Uint8Array,
  width: number,
  dimension: number,
): Float64Array | undefined {
  if (bytes.length !== width * dimension) return undefined;
  const sum = new Float64Array(dimension);
  for (let word = 0; word < dimension; word++) {
    const halves = [0, 0] as [number, number];
    for (let i = width - 1; i >= 0; i--) {
      const half = i < 4 ? 0 : 1;
      halves[half] = (halves[half] << 8) | (bytes[word * width + i] as number);
    }
    const value = (halves[0] >>> 0) + UNSIGNED * halves[1];
    if (value > Number.MAX_SAFE_INTEGER) return undefined;
    sum[word] = value;
  }
  return sum;
}

/** Coordinates of an integer sum reduced to the ring, from `firstWord` on: words that masks can be taken off. */
export function ringWords(sum: Float64Array, firstWord: number, count: number): Int32Array {
  const words = new Int32Array(count);
  for (let i = 0; i < count; i++) words[i] = (sum[firstWord + i] as number) | 0;
  return words;
}

/** Words of a packed vector as signed integers; undefined where it is no packing of so many. */
export function signedWords(packed: Uint8Array, bits: number, dimension: number): Int32Array | undefined {
  const words = new Int32Array(dimension);
  if (!unpackWords(packed, bits, words)) return undefined;
  liftWords(words, bits);
  return words;
}
