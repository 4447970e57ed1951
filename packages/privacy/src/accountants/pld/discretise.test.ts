import { describe, expect, it } from 'vitest';
import { gaussianDelta } from '../gaussian.ts';
import { normalCdf } from '../normal-distribution.ts';
import { discretise, type GridLoss } from './discretise.ts';
import {
  discreteGaussianLoss,
  discreteLaplaceLoss,
  gaussianLoss,
  laplaceLoss,
  poissonGaussianLoss,
  poissonGaussianReplaceLoss,
} from './mechanisms.ts';

const open = { floor: -200, cap: 200 };

function deltaOf({ first, step, mass, infinite }: GridLoss, epsilon: number): number {
  let delta = infinite;
  mass.forEach((probability, i) => {
    const loss = (first + i) * step;
    if (loss > epsilon) delta -= probability * Math.expm1(epsilon - loss);
  });
  return delta;
}

describe.each([
  ['Gaussian', gaussianLoss(1.3)],
  ['Poisson Gaussian', poissonGaussianLoss(0.01, 0.7)],
  ['replaced Poisson Gaussian', poissonGaussianReplaceLoss(0.2, 1)],
  ['Laplace', laplaceLoss(0.7)],
  ['discrete Laplace', discreteLaplaceLoss(2, 3)],
  ['discrete Gaussian', discreteGaussianLoss(1.7, 2)],
])('the loss of the %s mechanism', (_name, pair) => {
  it.each([0.3, 0.01])(
    'on a grid of %d keeps all mass under P and, with the loss undone, under Q',
    (step) => {
      for (const distribution of [pair.forward, pair.backward]) {
        const { mass, first, infinite } = discretise(distribution, step, open);
        const total = mass.reduce((sum, probability) => sum + probability, infinite);
        const underQ = mass.reduce(
          (sum, probability, i) => sum + probability * Math.exp(-(first + i) * step),
          0,
        );
        expect(total).toBeCloseTo(1, 12);
        expect(underQ).toBeCloseTo(1, 9);
        expect(Math.min(...mass)).toBeGreaterThan(-1e-15);
      }
    },
  );

  it('gives a larger delta on a coarser grid, at every epsilon', () => {
    const fine = discretise(pair.forward, 0.01, open);
    const coarse = discretise(pair.forward, 0.64, open);
    for (let epsilon = 0; epsilon < 4; epsilon += 0.0937) {
      expect(deltaOf(coarse, epsilon)).toBeGreaterThanOrEqual(deltaOf(fine, epsilon) * (1 - 1e-12));
    }
  });
});

describe('the grid', () => {
  it('gives the exact delta of the Gaussian mechanism at its points and an upper bound between them', () => {
    const grid = discretise(gaussianLoss(1).forward, 0.1, open);
    for (let k = 0; k < 60; k++) expect(deltaOf(grid, k * 0.1)).toBeCloseTo(gaussianDelta(1, k * 0.1), 13);
    for (let k = 0; k < 60; k++) {
      expect(deltaOf(grid, (k + 0.5) * 0.1)).toBeGreaterThan(gaussianDelta(1, (k + 0.5) * 0.1));
    }
  });

  it('gives the exact delta of the sampled Gaussian in both directions', () => {
    const [q, z] = [0.05, 0.8];
    const { forward, backward } = poissonGaussianLoss(q, z);
    const removal = discretise(forward, 0.05, open);
    const addition = discretise(backward, 0.001, open);
    for (let k = 1; k < 50; k += 7) {
      const epsilon = 0.05 * k;
      const x = z * z * Math.log1p(Math.expm1(epsilon) / q) + 0.5;
      const tail = normalCdf(-x / z);
      const expected = (1 - q) * tail + q * normalCdf((1 - x) / z) - Math.exp(epsilon) * tail;
      expect(deltaOf(removal, epsilon) / expected).toBeCloseTo(1, 9);
    }
    for (const epsilon of [0.002, 0.02, 0.04]) {
      const x = z * z * Math.log1p(Math.expm1(-epsilon) / q) + 0.5;
      const mixture = (1 - q) * normalCdf(x / z) + q * normalCdf((x - 1) / z);
      expect(deltaOf(addition, epsilon)).toBeCloseTo(normalCdf(x / z) - Math.exp(epsilon) * mixture, 12);
    }
  });

  it('raises losses below the floor and counts those above the cap as infinite', () => {
    const whole = discretise(laplaceLoss(0.1).forward, 0.5, open);
    const cut = discretise(laplaceLoss(0.1).forward, 0.5, { floor: -2, cap: 5.25 });
    expect(cut.first * cut.step).toBe(-2);
    expect(cut.infinite).toBeGreaterThan(0.5);
    for (const epsilon of [0, 1, 3, 5])
      expect(deltaOf(cut, epsilon)).toBeGreaterThan(deltaOf(whole, epsilon));
  });
});
