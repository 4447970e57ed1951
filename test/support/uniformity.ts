import { BITS } from './expected-sum.ts';

/**
 * Pearson's statistic of the four leading bits of each word against the uniform law: 15 degrees of freedom, so
 * above 60 once in 10^7 times where the words are uniform.
 */
export function chiSquare(words: Int32Array, bits = BITS): number {
  const counts = new Float64Array(16);
  for (const word of words) {
    const bucket = (word >> (bits - 4)) & 15;
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
  const expected = words.length / 16;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

export const UNIFORM = 60;
