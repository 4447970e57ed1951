import type { SeededGenerator } from '@tributary/router';
import { sampleLogGamma } from './gamma.ts';

/**
 * A draw from the symmetric Dirichlet distribution with concentration `alpha` (above 0) over `size` categories.
 *
 * @returns `size` shares that sum to 1; the smaller alpha, the more of the whole is in one of them
 */
export function sampleDirichlet(generator: SeededGenerator, alpha: number, size: number): Float64Array {
  const shares = Float64Array.from({ length: size }, () => sampleLogGamma(generator, alpha));
  const largest = Math.max(...shares);
  for (let index = 0; index < size; index++) shares[index] = Math.exp(shares[index]! - largest);
  const total = shares.reduce((sum, share) => sum + share, 0);
  return shares.map((share) => share / total);
}

/** An index drawn with the probabilities `shares`, by inversion of their distribution function. */
export function sampleIndex(generator: SeededGenerator, shares: Float64Array): number {
  const point = generator.nextDouble();
  let below = 0;
  for (let index = 0; index < shares.length - 1; index++) {
    below += shares[index]!;
    if (point < below) return index;
  }
  return shares.length - 1;
}
