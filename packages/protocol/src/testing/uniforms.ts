/** Chance for simulations: uniform numbers that are the same in every run. */
import type { CryptoBackend } from '@tributary/crypto';
import { existing, seededBytes } from './cast.ts';

/** Numbers in 0..1, below 1. */
export function seededUniforms(crypto: CryptoBackend, seed: number): () => number {
  const random = seededBytes(crypto, seed);
  let words: Uint32Array = new Uint32Array(0);
  let next = 0;
  return () => {
    if (next === words.length) {
      words = new Uint32Array(random(65_536).buffer);
      next = 0;
    }
    const word = existing(words[next]);
    next += 1;
    return word / 2 ** 32;
  };
}
