import { describe, expect, it } from 'vitest';
import { gaussianEpsilon } from '../gaussian.ts';
import { composedEpsilon } from './compose.ts';
import {
  discreteGaussianLoss,
  discreteLaplaceLoss,
  gaussianLoss,
  laplaceLoss,
  poissonGaussianLoss,
} from './mechanisms.ts';

describe('composition', () => {
  it.each([
    [1, 1],
    [1, 50],
    [3, 10],
    [8, 100],
    [0.5, 3],
    [50, 1000],
  ])('of Gaussian noise %d released %d times is the closed form, from above', (z, count) => {
    for (const delta of [1e-3, 1e-12]) {
      const exact = gaussianEpsilon(Math.sqrt(count) / z, delta);
      const composed = composedEpsilon([{ distribution: gaussianLoss(z).forward, count }], delta);
      expect(composed).toBeGreaterThanOrEqual(exact - 1e-9);
      expect(composed).toBeLessThan(exact + 3e-4);
    }
  });

  it('of different Gaussian noises is the closed form of their squares', () => {
    const parts = [
      { distribution: gaussianLoss(4).forward, count: 20 },
      { distribution: gaussianLoss(10).forward, count: 5 },
      { distribution: gaussianLoss(20).forward, count: 1 },
    ];
    const exact = gaussianEpsilon(Math.sqrt(20 / 16 + 5 / 100 + 1 / 400), 1e-6);
    expect(composedEpsilon(parts, 1e-6)).toBeGreaterThanOrEqual(exact - 1e-9);
    expect(composedEpsilon(parts, 1e-6)).toBeLessThan(exact + 3e-4);
  });

  // Convolved exactly in 40-digit arithmetic.
  it.each([
    [1, 1, 21.988907388386522],
    [2, 1, 9.700974847010992],
    [2, 3, 37.25720626662046],
  ])(
    'of discrete Gaussian noise of sigma %d and sensitivity %d, ten times, is exact on its lattice',
    (sigma, shift, exact) => {
      const composed = composedEpsilon(
        [{ distribution: discreteGaussianLoss(sigma, shift).forward, count: 10 }],
        1e-8,
      );
      expect(composed).toBeGreaterThanOrEqual(exact - 1e-10);
      expect(composed).toBeLessThan(exact + 1e-7);
    },
  );

  it.each([
    [10, 1, 10, 1e-3, 0.7535731548791402],
    [0.5, 1, 1, 1e-8, 1.999999988646647],
    [2, 1, 10, 1e-5, 4.998854120412484],
  ])(
    'of discrete Laplace noise of scale %d, sensitivity %d, %d times, at delta %d',
    (scale, sensitivity, count, delta, exact) => {
      const { forward } = discreteLaplaceLoss(scale, sensitivity);
      expect(composedEpsilon([{ distribution: forward, count }], delta)).toBeCloseTo(exact, 7);
    },
  );

  it('never exceeds what pure privacy adds up to, and reaches it as delta goes to zero', () => {
    const { forward } = laplaceLoss(5);
    const composed = (delta: number): number =>
      composedEpsilon([{ distribution: forward, count: 10 }], delta);
    expect(composed(1e-12)).toBeLessThanOrEqual(2 + 1e-9);
    expect(composed(1e-12)).toBeGreaterThan(1.99);
    expect(composed(1e-3)).toBeLessThan(composed(1e-6));
  });

  it('finds the rare large losses of a small sample', () => {
    const { forward } = poissonGaussianLoss(0.001, 0.7);
    const epsilon = composedEpsilon([{ distribution: forward, count: 30 }], 1e-5);
    expect(epsilon).toBeGreaterThan(0.195270601425371);
    expect(epsilon).toBeLessThan(0.19674745251500966 + 3e-4);
  });

  it('is infinite where delta is below what the description cuts off', () => {
    expect(composedEpsilon([{ distribution: gaussianLoss(1).forward, count: 10 }], 1e-40)).toBe(Infinity);
  });
});
