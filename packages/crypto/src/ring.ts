/**
 * Vectors over Z_2^32 in Int32Array, and their wire form: the low `bits` bits of each word, packed without gaps. Bit i of
 * word w (least significant first) is bit w * bits + i of the packed bytes, again least significant first. Eight words fill
 * exactly `bits` bytes, so pieces of a multiple of eight words concatenate. Unused bits of the last byte are zero.
 * Since 2^bits divides 2^32, sums taken mod 2^32 are right in their low bits.
 */
import { CryptoError, expectInteger } from './crypto-error.ts';

const LEAST_BITS = 13;
const MOST_BITS = 32;

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
 * Packs the low `bits` bits of every word into `out` from `outOffset` on. Other bytes of `out` stay as they are.
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
  const view = new DataView(out.buffer, out.byteOffset + outOffset, length);
  if (bits === 32) {
    for (let i = 0; i < words.length; i += 1) view.setInt32(4 * i, words[i]!, true);
    return;
  }
  const mask = 0xffff_ffff >>> (32 - bits);
  let pending = 0;
  let filled = 0;
  let at = 0;
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i]! & mask;
    pending |= word << filled;
    filled += bits;
    if (filled >= 32) {
      view.setInt32(at, pending, true);
      at += 4;
      filled -= 32;
      pending = word >>> (bits - filled);
    }
  }
  for (; filled > 0; filled -= 8) {
    view.setUint8(at, pending & 0xff);
    at += 1;
    pending >>>= 8;
  }
}

/**
 * Writes every packed word, as an integer in [0, 2^bits) (for 32 bits, its signed form), to `out`. `packed` comes from a
 * peer: false, with `out` untouched, where its length is not `packedLength(out.length, bits)` or an unused bit is set.
 * @throws CryptoError OUT_OF_RANGE (bits)
 */
export function unpackWords(packed: Uint8Array, bits: number, out: Int32Array): boolean {
  if (wordsIn(packed, bits) !== out.length) return false;
  out.fill(0);
  addUnpacked(packed, bits, out);
  return true;
}

/**
 * Adds the packed words to `into[atWord]` and following, mod 2^32, without a vector in between. `packed` comes from a peer: false,
 * with `into` untouched, where its length fits no number of words, it reaches beyond the end of `into`, or an unused bit is set.
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
  addUnpacked(packed, bits, into.subarray(atWord, atWord + words));
  return true;
}

/**
 * Replaces every word, in place, by the integer in [-2^(bits-1), 2^(bits-1)) that has the same low `bits` bits.
 * @throws CryptoError OUT_OF_RANGE (bits)
 */
export function liftWords(words: Int32Array, bits: number): void {
  expectBits(bits);
  const shift = 32 - bits;
  for (let i = 0; i < words.length; i += 1) words[i] = (words[i]! << shift) >> shift;
}

/** The number of words in a well-formed packing, which its length determines since bits > 8; undefined for a malformed one. */
function wordsIn(packed: Uint8Array, bits: number): number | undefined {
  expectBits(bits);
  const words = Math.floor((packed.length * 8) / bits);
  if (packedLength(words, bits) !== packed.length) return undefined;
  const unused = packed.length * 8 - words * bits;
  const last = packed[packed.length - 1] ?? 0;
  return last >>> (8 - unused) === 0 ? words : undefined;
}

function addUnpacked(packed: Uint8Array, bits: number, into: Int32Array): void {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
  if (bits === 32) {
    for (let i = 0; i < into.length; i += 1) into[i]! += view.getInt32(4 * i, true);
    return;
  }
  const mask = 0xffff_ffff >>> (32 - bits);
  const wholeReads = packed.length - 3;
  let pending = 0;
  let available = 0;
  let at = 0;
  for (let i = 0; i < into.length; i += 1) {
    let word = pending;
    if (available >= bits) {
      pending >>>= bits;
      available -= bits;
    } else {
      const next = at < wholeReads ? view.getInt32(at, true) : lastBytes(packed, at);
      at += 4;
      word |= next << available;
      pending = next >>> (bits - available);
      available += 32 - bits;
    }
    into[i]! += word & mask;
  }
}

/** The one to three bytes left at the end, as a little-endian integer. */
function lastBytes(packed: Uint8Array, at: number): number {
  return (packed[at] ?? 0) | ((packed[at + 1] ?? 0) << 8) | ((packed[at + 2] ?? 0) << 16);
}
