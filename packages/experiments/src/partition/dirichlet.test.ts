import { createGenerator } from '@tributary/router';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sampleDirichlet, sampleIndex } from './dirichlet.ts';

describe('sampleDirichlet', () => {
  it.each([
    [0.03, 10],
    [0.45, 14],
    [0.6, 5],
    [5, 3],
  ])('alpha %d over %d has the mean and the variance of its marginals', (alpha, size) => {
    const draws = 4000;
    const generator = createGenerator(new Uint8Array(32).fill(4));
    let [sum, squares] = [0, 0];
    for (let draw = 0; draw < draws; draw++) {
      const first = sampleDirichlet(generator, alpha, size).at(0) ?? Number.NaN;
      sum += first;
      squares += (first - 1 / size) ** 2;
    }
    const variance = ((1 / size) * (1 - 1 / size)) / (size * alpha + 1);
    expect(Math.abs(sum / draws - 1 / size)).toBeLessThan(5 * Math.sqrt(variance / draws));
    // A share is in [0, 1], so its squared deviation has a variance of at most `variance`.
    expect(Math.abs(squares / draws - variance)).toBeLessThan(5 * Math.sqrt(variance / draws));
  });

  it('is a distribution, however small alpha is', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.double({ min: 1e-3, max: 100, noNaN: true }),
        fc.integer({ min: 1, max: 40 }),
        (seed, alpha, size) => {
          const shares = sampleDirichlet(createGenerator(seed), alpha, size);
          expect(shares.every((share) => share >= 0)).toBe(true);
          expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
        },
      ),
    );
  });
});

describe('sampleIndex', () => {
  it('draws each index as often as its share says', () => {
    const generator = createGenerator(new Uint8Array(32).fill(5));
    const shares = Float64Array.of(0.5, 0, 0.2, 0.3);
    const counts = [0, 0, 0, 0];
    for (let draw = 0; draw < 10_000; draw++) {
      const index = sampleIndex(generator, shares);
      counts[index] = (counts[index] ?? 0) + 1;
    }
    expect(counts[1]).toBe(0);
    const chiSquared = [0, 2, 3].reduce((sum, index) => {
      const expected = 10_000 * (shares[index] ?? 0);
      return sum + ((counts[index] ?? 0) - expected) ** 2 / expected;
    }, 0);
    // The 99.99 % quantile for two degrees of freedom.
    expect(chiSquared).toBeLessThan(18.4);
  });
});
