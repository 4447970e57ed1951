import type { CryptoBackend } from './backend.ts';
import { wipe } from './bytes.ts';
import { CryptoError, expectInteger } from './crypto-error.ts';

/** 64 KiB of keystream at a time: larger buffers cost page faults, smaller ones calls. */
const CHUNK_WORDS = 16_384;
const WORDS_PER_BLOCK = 4;

/**
 * Adds (sign 1) or subtracts (sign -1) a mask in place, modulo 2^32. The mask is the AES-256-CTR keystream of
 * `key` read as little-endian 32-bit words; `words[0]` meets word `firstWord` of it, so a vector can be
 * masked in any pieces, by any workers, with one result.
 * @param key 32 bytes, used for one mask only
 * @param firstWord a multiple of 4 (one AES block) in [0, 2^53)
 * @throws CryptoError LENGTH_MISMATCH (key), OUT_OF_RANGE or NOT_ALIGNED (firstWord)
 */
export function addKeystream(
  backend: CryptoBackend,
  key: Uint8Array,
  words: Int32Array,
  sign: 1 | -1,
  firstWord: number = 0,
): void {
  expectInteger('firstWord', firstWord, 0, Number.MAX_SAFE_INTEGER);
  if (firstWord % WORDS_PER_BLOCK !== 0) {
    throw new CryptoError(
      'NOT_ALIGNED',
      `firstWord: wanted a multiple of ${WORDS_PER_BLOCK}, got ${firstWord}`,
    );
  }
  const stream = backend.keystream(key, firstWord / WORDS_PER_BLOCK);
  for (let start = 0; start < words.length; start += CHUNK_WORDS) {
    const chunk = words.subarray(start, start + CHUNK_WORDS);
    const mask = stream.next(4 * chunk.length);
    addLittleEndianWords(chunk, new DataView(mask.buffer, mask.byteOffset, mask.length), sign);
    wipe(mask);
  }
}

/**
 * The one loop whose cost grows with neighbours times dimension: eight words a turn take half the time of
 * one. A DataView is as fast here as an Int32Array, and needs neither an aligned mask nor a little-endian
 * platform. Storing reduces mod 2^32.
 */
function addLittleEndianWords(words: Int32Array, mask: DataView, sign: 1 | -1): void {
  const count = words.length;
  let i = 0;
  for (; i + 8 <= count; i += 8) {
    const at = 4 * i;
    words[i] = (words[i] as number) + Math.imul(sign, mask.getInt32(at, true));
    words[i + 1] = (words[i + 1] as number) + Math.imul(sign, mask.getInt32(at + 4, true));
    words[i + 2] = (words[i + 2] as number) + Math.imul(sign, mask.getInt32(at + 8, true));
    words[i + 3] = (words[i + 3] as number) + Math.imul(sign, mask.getInt32(at + 12, true));
    words[i + 4] = (words[i + 4] as number) + Math.imul(sign, mask.getInt32(at + 16, true));
    words[i + 5] = (words[i + 5] as number) + Math.imul(sign, mask.getInt32(at + 20, true));
    words[i + 6] = (words[i + 6] as number) + Math.imul(sign, mask.getInt32(at + 24, true));
    words[i + 7] = (words[i + 7] as number) + Math.imul(sign, mask.getInt32(at + 28, true));
  }
  for (; i < count; i += 1) words[i] = (words[i] as number) + Math.imul(sign, mask.getInt32(4 * i, true));
}
