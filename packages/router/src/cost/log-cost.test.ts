import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { logCostOf, meanCostUsd } from './log-cost.ts';

const BOUNDS = { costMinUsd: 1e-6, costMaxUsd: 1 };

describe('the log cost', () => {
  it('runs from 0 at the lower bound to 1 at the upper one, and is clipped outside', () => {
    expect(logCostOf(1e-6, BOUNDS)).toBe(0);
    expect(logCostOf(1e-3, BOUNDS)).toBeCloseTo(0.5, 12);
    expect(logCostOf(1, BOUNDS)).toBe(1);
    expect([0, -1, 1e-9, Number.NaN].map((cost) => logCostOf(cost, BOUNDS))).toEqual([0, 0, 0, 0]);
    expect([2, Number.POSITIVE_INFINITY].map((cost) => logCostOf(cost, BOUNDS))).toEqual([1, 1]);
  });

  it('comes back as the cost where nothing varies', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 1, noNaN: true }), (cost) => {
        expect(meanCostUsd(logCostOf(cost, BOUNDS), 0, BOUNDS) / cost).toBeCloseTo(1, 9);
      }),
    );
  });

  it('recovers the mean of a log-normal cost, where the mean of logs alone is too low', () => {
    // Standard deviation 0.8 of the natural logarithm, on a grid of quantiles that stands for the normal distribution.
    const logs = Array.from({ length: 4001 }, (_, i) => -4 + i / 500);
    const weights = logs.map((x) => Math.exp((-x * x) / 2));
    const total = weights.reduce((a, b) => a + b);
    const expected = (f: (cost: number) => number): number =>
      logs.reduce((sum, x, i) => sum + ((weights[i] ?? 0) / total) * f(1e-3 * Math.exp(0.8 * x)), 0);
    const mean = expected((cost) => logCostOf(cost, BOUNDS));
    const variance = expected((cost) => logCostOf(cost, BOUNDS) ** 2) - mean ** 2;
    const truth = expected((cost) => cost);
    expect(meanCostUsd(mean, variance, BOUNDS) / truth).toBeCloseTo(1, 2);
    expect(meanCostUsd(mean, 0, BOUNDS) / truth).toBeLessThan(0.75);
  });
});
