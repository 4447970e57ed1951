import type { SeededGenerator } from '@tributary/router';

/** A standard normal variate: Marsaglia's polar method (the second of the pair is dropped). */
export function sampleNormal(generator: SeededGenerator): number {
  for (;;) {
    const x = 2 * generator.nextDouble() - 1;
    const y = 2 * generator.nextDouble() - 1;
    const square = x * x + y * y;
    if (square > 0 && square < 1) return x * Math.sqrt((-2 * Math.log(square)) / square);
  }
}

/**
 * The logarithm of a Gamma(shape, 1) variate, which does not underflow where the shape is small.
 *
 * Source: Marsaglia and Tsang, "A simple method for generating gamma variables", ACM TOMS 26 (2000), with the note of section 6 for
 * shapes below 1.
 *
 * @param shape above 0
 */
export function sampleLogGamma(generator: SeededGenerator, shape: number): number {
  if (shape < 1) {
    return sampleLogGamma(generator, shape + 1) + Math.log(1 - generator.nextDouble()) / shape;
  }
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = sampleNormal(generator);
    const root = 1 + c * x;
    if (root <= 0) continue;
    const v = root ** 3;
    if (Math.log(1 - generator.nextDouble()) < 0.5 * x * x + d - d * v + d * Math.log(v))
      return Math.log(d * v);
  }
}
