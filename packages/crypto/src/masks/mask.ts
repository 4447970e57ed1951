import type { CryptoBackend, Keystream } from '../backend.ts';
import { wipe } from '../bytes.ts';
import { CryptoError, expectInteger } from '../crypto-error.ts';
import { CHUNK_WORDS, maskAdder } from './mask-adder.ts';

const WORDS_PER_BLOCK = 4;

/** Streams that are open at a time: each holds a cipher, and opening one costs as much as a tenth of a chunk. */
const MAX_STREAMS = 256;

/** A keystream to add to a vector of words, or to take away from it. */
export interface KeystreamMask {
  /** 32 bytes, used for one mask only. */
  readonly key: Uint8Array;
  readonly sign: 1 | -1;
}

/**
 * Adds (sign 1) or subtracts (sign -1) masks in place, modulo 2^32. A mask is the AES-256-CTR keystream of its
 * key read as little-endian 32-bit words; `words[0]` meets word `firstWord` of it, so a vector can be
 * masked in any pieces, by any workers, with one result.
 * @param firstWord a multiple of 4 (one AES block) in [0, 2^53)
 * @throws CryptoError LENGTH_MISMATCH (key), OUT_OF_RANGE or NOT_ALIGNED (firstWord)
 */
export function addKeystreams(
  backend: CryptoBackend,
  masks: readonly KeystreamMask[],
  words: Int32Array,
  firstWord: number = 0,
): void {
  expectInteger('firstWord', firstWord, 0, Number.MAX_SAFE_INTEGER);
  if (firstWord % WORDS_PER_BLOCK !== 0) {
    throw new CryptoError(
      'NOT_ALIGNED',
      `firstWord: wanted a multiple of ${WORDS_PER_BLOCK}, got ${firstWord}`,
    );
  }
  for (let first = 0; first < masks.length; first += MAX_STREAMS) {
    const streams = masks.slice(first, first + MAX_STREAMS).map(({ key, sign }) => ({
      stream: backend.keystream(key, firstWord / WORDS_PER_BLOCK),
      sign,
    }));
    for (let start = 0; start < words.length; start += CHUNK_WORDS) {
      addChunk(streams, words.subarray(start, start + CHUNK_WORDS));
    }
  }
}

/** As `addKeystreams` with one mask. */
export function addKeystream(
  backend: CryptoBackend,
  key: Uint8Array,
  words: Int32Array,
  sign: 1 | -1,
  firstWord: number = 0,
): void {
  addKeystreams(backend, [{ key, sign }], words, firstWord);
}

/** The one loop whose cost grows with neighbours times dimension. */
function addChunk(
  streams: readonly { readonly stream: Keystream; readonly sign: 1 | -1 }[],
  chunk: Int32Array,
): void {
  const bytes = 4 * chunk.length;
  maskAdder.begin(chunk);
  try {
    for (const { stream, sign } of streams) {
      const mask = stream.next(bytes);
      maskAdder.add(mask, sign);
      wipe(mask);
    }
  } finally {
    maskAdder.end();
  }
}
