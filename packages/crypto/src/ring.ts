/**
 * Vectors over Z_2^32 in Int32Array, and their wire form: the low `bits` bits of each word, packed without
 * gaps. Bit i of word w (least significant first) is bit w * bits + i of the packed bytes, again least
 * significant first. Eight words fill exactly `bits` bytes, so pieces of a multiple of eight words
 * concatenate. Unused bits of the last byte are zero. Since 2^bits divides 2^32, sums taken mod 2^32 are
 * right in their low bits.
 */
import { CryptoError, expectInteger } from './crypto-error.ts';

const LEAST_BITS = 13;
const MOST_BITS = 32;

// Eight words a turn, because there the words meet a byte boundary again and because it takes two thirds of the time of
// one a turn. A turn touches up to four bytes behind its own, so the last words of a vector go through a padded copy.
const GROUP_WORDS = 8;
const REST_WORDS = 16;
const SPILL_BYTES = 4;

/** The words in front that the kernels take in place: whole groups, with a group or more behind them. */
function bulkWords(count: number): number {
  return Math.max(0, count - (count % GROUP_WORDS) - GROUP_WORDS);
}

function expectBits(bits: number): void {
  expectInteger('bits', bits, LEAST_BITS, MOST_BITS);
}

/**
 * Bytes that `words` words of `bits` bits occupy.
 * @param words at most 2^48
 * @param bits 13..32
 * @throws CryptoError OUT_OF_RANGE
 */
export function packedLength(words: number, bits: number): number {
  expectBits(bits);
  expectInteger('words', words, 0, 2 ** 48);
  return Math.ceil((words * bits) / 8);
}

/**
 * Packs the low `bits` bits of every word into `out` from `outOffset` on, and leaves its other bytes alone.
 * @throws CryptoError OUT_OF_RANGE (bits, outOffset), LENGTH_MISMATCH where `out` is too short
 */
export function packWords(words: Int32Array, bits: number, out: Uint8Array, outOffset: number = 0): void {
  const length = packedLength(words.length, bits);
  expectInteger('outOffset', outOffset, 0, Number.MAX_SAFE_INTEGER);
  if (out.length - outOffset < length) {
    throw new CryptoError(
      'LENGTH_MISMATCH',
      `out: wanted ${length} bytes from outOffset on, got ${out.length - outOffset}`,
    );
  }
  const packed = out.subarray(outOffset, outOffset + length);
  const bulk = bulkWords(words.length);
  packGroups(words, bulk, bits, packed);
  const rest = new Int32Array(REST_WORDS);
  rest.set(words.subarray(bulk));
  const packedRest = new Uint8Array(packedLength(REST_WORDS, bits) + SPILL_BYTES);
  packGroups(rest, REST_WORDS, bits, packedRest);
  const at = packedLength(bulk, bits);
  packed.set(packedRest.subarray(0, length - at), at);
}

/**
 * Writes every packed word, as an integer in [0, 2^bits) (for 32 bits, its signed form), to `out`. `packed`
 * comes from a peer: false, with `out` untouched, where its length is not `packedLength(out.length, bits)` or
 * an unused bit is set.
 * @throws CryptoError OUT_OF_RANGE (bits)
 */
export function unpackWords(packed: Uint8Array, bits: number, out: Int32Array): boolean {
  if (wordsIn(packed, bits) !== out.length) return false;
  out.fill(0);
  addWords(packed, bits, out);
  return true;
}

/**
 * Adds the packed words to `into[atWord]` and following, mod 2^32, without a vector in between. `packed`
 * comes from a peer: false, with `into` untouched, where its length fits no number of words, where it reaches
 * beyond the end of `into`, or where an unused bit is set.
 * @throws CryptoError OUT_OF_RANGE (bits, atWord)
 */
export function addPackedWords(
  packed: Uint8Array,
  bits: number,
  into: Int32Array,
  atWord: number = 0,
): boolean {
  expectInteger('atWord', atWord, 0, into.length);
  const words = wordsIn(packed, bits);
  if (words === undefined || words > into.length - atWord) return false;
  addWords(packed, bits, into.subarray(atWord, atWord + words));
  return true;
}

/**
 * Replaces every word, in place, by the integer in [-2^(bits-1), 2^(bits-1)) with the same low `bits` bits.
 * @throws CryptoError OUT_OF_RANGE (bits)
 */
export function liftWords(words: Int32Array, bits: number): void {
  expectBits(bits);
  const shift = 32 - bits;
  for (let i = 0; i < words.length; i += 1) words[i] = ((words[i] as number) << shift) >> shift;
}

/** The number of words, which the length determines since bits > 8; undefined for a malformed packing. */
function wordsIn(packed: Uint8Array, bits: number): number | undefined {
  expectBits(bits);
  const words = Math.floor((packed.length * 8) / bits);
  if (packedLength(words, bits) !== packed.length) return undefined;
  const unused = packed.length * 8 - words * bits;
  const last = packed[packed.length - 1] ?? 0;
  return last >>> (8 - unused) === 0 ? words : undefined;
}

/** Adds a well-formed packing of `into.length` words. */
function addWords(packed: Uint8Array, bits: number, into: Int32Array): void {
  const bulk = bulkWords(into.length);
  addGroups(packed, bulk, bits, into);
  const packedRest = new Uint8Array(packedLength(REST_WORDS, bits) + SPILL_BYTES);
  packedRest.set(packed.subarray(packedLength(bulk, bits)));
  const rest = new Int32Array(REST_WORDS);
  rest.set(into.subarray(bulk));
  addGroups(packedRest, REST_WORDS, bits, rest);
  into.set(rest.subarray(0, into.length - bulk), bulk);
}

/** Packs the first `count` words, a multiple of eight. Zeros may spill into the `SPILL_BYTES` behind them. */
function packGroups(words: Int32Array, count: number, bits: number, packed: Uint8Array): void {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
  const mask = 0xffff_ffff >>> (32 - bits);
  for (let i = 0, at = 0; i < count; i += GROUP_WORDS, at += bits) {
    let carry = putWord(view, at, 0, bits, (words[i] as number) & mask, 0);
    carry = putWord(view, at, bits, bits, (words[i + 1] as number) & mask, carry);
    carry = putWord(view, at, 2 * bits, bits, (words[i + 2] as number) & mask, carry);
    carry = putWord(view, at, 3 * bits, bits, (words[i + 3] as number) & mask, carry);
    carry = putWord(view, at, 4 * bits, bits, (words[i + 4] as number) & mask, carry);
    carry = putWord(view, at, 5 * bits, bits, (words[i + 5] as number) & mask, carry);
    carry = putWord(view, at, 6 * bits, bits, (words[i + 6] as number) & mask, carry);
    putWord(view, at, 7 * bits, bits, (words[i + 7] as number) & mask, carry);
  }
}

/**
 * Writes a word from bit `bit` behind byte `at` on. `carry` is what the word before has in the first of these bytes;
 * returned is what this one has in the byte where the next begins, which the next writes again.
 */
function putWord(view: DataView, at: number, bit: number, bits: number, word: number, carry: number): number {
  view.setInt32(at + (bit >>> 3), carry | (word << (bit & 7)), true);
  return (word >>> 1) >>> (bits - 1 - ((bit + bits) & 7));
}

/** Adds the first `count` packed words, a multiple of eight. Reads up to `SPILL_BYTES` behind them. */
function addGroups(packed: Uint8Array, count: number, bits: number, into: Int32Array): void {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
  const mask = 0xffff_ffff >>> (32 - bits);
  for (let i = 0, at = 0; i < count; i += GROUP_WORDS, at += bits) {
    into[i] = (into[i] as number) + (wordAt(view, at, 0) & mask);
    into[i + 1] = (into[i + 1] as number) + (wordAt(view, at, bits) & mask);
    into[i + 2] = (into[i + 2] as number) + (wordAt(view, at, 2 * bits) & mask);
    into[i + 3] = (into[i + 3] as number) + (wordAt(view, at, 3 * bits) & mask);
    into[i + 4] = (into[i + 4] as number) + (wordAt(view, at, 4 * bits) & mask);
    into[i + 5] = (into[i + 5] as number) + (wordAt(view, at, 5 * bits) & mask);
    into[i + 6] = (into[i + 6] as number) + (wordAt(view, at, 6 * bits) & mask);
    into[i + 7] = (into[i + 7] as number) + (wordAt(view, at, 7 * bits) & mask);
  }
}

/** The 32 bits from bit `bit` behind byte `at` on, which lie in five bytes. */
function wordAt(view: DataView, at: number, bit: number): number {
  const first = at + (bit >>> 3);
  const shift = bit & 7;
  return (view.getInt32(first, true) >>> shift) | ((view.getUint8(first + 4) << 1) << (31 - shift));
}
