import { describe, expect, it } from 'vitest';
import { createGenerator, type SeededGenerator } from '../../random/generator.ts';
import { seedOf } from '../../testing/toy-dataset.ts';
import { type Cell, estimateKappa, MOST_KAPPA } from './shrinkage.ts';

/** Sum of twelve uniform draws, less 6: variance 1, and close to normal. */
function normal(generator: SeededGenerator): number {
  return Array.from({ length: 12 }, () => generator.nextDouble()).reduce((sum, draw) => sum + draw, -6);
}

/** Cells whose true excesses have standard deviation `tau`, with observations that scatter by `sigma`. */
function estimateFrom(
  seed: string,
  { tau, sigma, counts }: { tau: number; sigma: number; counts: readonly number[] },
): number {
  const generator = createGenerator(seedOf(seed));
  let within = 0;
  const cells = counts.map((n): Cell => {
    const truth = tau * normal(generator);
    const draws = Array.from({ length: n }, () => truth + sigma * normal(generator));
    const excess = draws.reduce((sum, draw) => sum + draw, 0) / n;
    within += draws.reduce((sum, draw) => sum + (draw - excess) ** 2, 0);
    return { n, excess };
  });
  return estimateKappa(cells, within, 0);
}

describe('the estimate of kappa', () => {
  const counts = Array.from({ length: 600 }, (_, i) => 3 + (i % 40));

  it.each([
    [0.4, 0.2, 4],
    [0.4, 0.08, 25],
    [0.2, 0.2, 1],
  ])('finds the ratio of the variances where sigma is %d and tau is %d: %d', (sigma, tau, kappa) => {
    const estimates = ['one', 'two', 'three'].map((seed) => estimateFrom(seed, { tau, sigma, counts }));
    for (const estimate of estimates) {
      expect(estimate).toBeGreaterThan(0.6 * kappa);
      expect(estimate).toBeLessThan(1.6 * kappa);
    }
  });

  it('trusts no cell where all differences are chance', () => {
    const cells = counts.map((n, i): Cell => ({ n, excess: i % 2 === 0 ? 0.01 : -0.01 }));
    const observations = counts.reduce((sum, n) => sum + n, 0);
    expect(estimateKappa(cells, 0.25 * observations, 0)).toBe(MOST_KAPPA);
  });

  it('trusts every cell where observations in a cell agree and cells do not', () => {
    expect(
      estimateKappa(
        [
          { n: 5, excess: 0.5 },
          { n: 5, excess: -0.5 },
        ],
        0,
        0,
      ),
    ).toBe(0);
  });

  it('takes what is expected where there is too little to tell', () => {
    expect(estimateKappa([], 0, 0)).toBe(MOST_KAPPA);
    // One observation a cell: nothing shows how observations scatter.
    const single = [0.5, -0.5, 0.25].map((excess): Cell => ({ n: 1, excess }));
    expect(estimateKappa(single, 0, 0)).toBe(MOST_KAPPA);
    // As many cells as numbers that were fitted to them.
    const few = [0.1, -0.1].map((excess): Cell => ({ n: 50, excess }));
    expect(estimateKappa(few, 20, 2)).toBe(MOST_KAPPA);
  });
});
