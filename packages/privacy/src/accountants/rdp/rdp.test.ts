import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { composeRdp, type RdpCurve } from './curve.ts';
import { epsilonAtOrder, epsilonFromRdp, optimalEpsilonFromRdp, RDP_ORDERS } from './conversion.ts';
import { poissonGaussianRdp } from './poisson-gaussian.ts';
import { poissonSubsampledRdp } from './subsampled.ts';
import { discreteLaplaceRdp, gaussianRdp, laplaceRdp, zcdpRdp } from './unsampled.ts';
import { withoutReplacementGaussianRdp } from './without-replacement-gaussian.ts';

function times(count: number, curve: RdpCurve): RdpCurve {
  return composeRdp([{ curve, count }]);
}

/** Renyi divergence of two lists of probabilities. */
function divergence(p: readonly number[], q: readonly number[], order: number): number {
  let sum = 0;
  p.forEach((mass, i) => (sum += mass ** order * (q[i] ?? 0) ** (1 - order)));
  return Math.log(sum) / (order - 1);
}

describe('curves', () => {
  it('of the Poisson-sampled Gaussian at q = 1/2, noise 2, 30 steps match the tables, also where the series diverges', () => {
    const curve = times(30, poissonGaussianRdp(0.5, 2));
    const table = [
      [2, 2.057961731449753],
      [3, 3.3006958007286986],
      [4.5, 5.510203837076299],
      [8, 12.712449994513621],
      [16, 38.60320018382968],
      [256, 939.1240378560769],
    ] as const;
    for (const [order, expected] of table) expect(curve(order) / expected).toBeCloseTo(1, 10);
    expect(curve(1.5)).toBe(Infinity);
  });

  it('of the Gaussian on a random 10 of 100 records match the tables, also between integers', () => {
    const curve = times(10, withoutReplacementGaussianRdp(0.1, 1));
    const table = [
      [1.5, 0.5293929372779762],
      [2, 0.5293929372779762],
      [3, 0.9252058745303617],
      [4.5, 2.1076034985350804],
      [8, 14.78554782562137],
      [256, 1256.911033857807],
    ] as const;
    for (const [order, expected] of table) expect(curve(order) / expected).toBeCloseTo(1, 10);
  });

  it('of Laplace noise match the tables', () => {
    const curve = times(10, laplaceRdp(0.5));
    expect(curve(1.5) / 14.368091584145994).toBeCloseTo(1, 12);
    expect(curve(256) / 19.972894425657877).toBeCloseTo(1, 12);
  });

  it.each([
    [10, 1],
    [2, 3],
    [0.3, 5],
  ])(
    'of discrete Laplace noise of scale %d and sensitivity %d is the divergence itself',
    (scale, sensitivity) => {
      const reach = Math.ceil(60 * scale) + sensitivity;
      const points = Array.from({ length: 2 * reach + 1 }, (_, i) => i - reach);
      const total = points.reduce((sum, x) => sum + Math.exp(-Math.abs(x) / scale), 0);
      const p = points.map((x) => Math.exp(-Math.abs(x) / scale) / total);
      const q = points.map((x) => Math.exp(-Math.abs(x - sensitivity) / scale) / total);
      for (const order of [1.5, 2, 8]) {
        expect(discreteLaplaceRdp(scale, sensitivity)(order)).toBeCloseTo(divergence(p, q, order), 9);
      }
    },
  );

  it('sampling everything is not sampling, sampling nothing costs nothing', () => {
    for (const order of [1.5, 2, 37]) {
      expect(poissonGaussianRdp(1, 3)(order)).toBe(gaussianRdp(3)(order));
      expect(withoutReplacementGaussianRdp(1, 3)(order)).toBe(gaussianRdp(3)(order));
      expect(poissonGaussianRdp(0, 3)(order)).toBe(0);
      expect(withoutReplacementGaussianRdp(0, 3)(order)).toBe(0);
    }
    expect(poissonSubsampledRdp(1, gaussianRdp(3))(5)).toBe(gaussianRdp(3)(5));
    expect(poissonSubsampledRdp(0, gaussianRdp(3))(5)).toBe(0);
  });

  it('amplification by sampling is never more than all, and grows with the probability', () => {
    const probability = fc.double({ min: 1e-4, max: 0.9, noNaN: true });
    const noise = fc.double({ min: 0.5, max: 20, noNaN: true });
    fc.assert(
      fc.property(probability, noise, fc.integer({ min: 2, max: 64 }), (q, z, order) => {
        const sampled = poissonGaussianRdp(q, z)(order);
        expect(sampled).toBeLessThanOrEqual(gaussianRdp(z)(order) * (1 + 1e-12));
        expect(poissonGaussianRdp(1.1 * q, z)(order)).toBeGreaterThan(sampled);
        expect(poissonSubsampledRdp(q, gaussianRdp(z))(order)).toBeGreaterThanOrEqual(sampled * (1 - 1e-9));
      }),
    );
  });

  it('the general bound is what discrete noise can claim: 1.4 to 2.1 times the Gaussian figure', () => {
    for (const [q, z, steps, general, gaussian] of [
      [0.05, 0.856, 300, 11.1, 9.0],
      [0.05, 1.464, 300, 4.2, 3.3],
      [0.05, 3.397, 300, 2.1, 1.1],
      [0.2, 2.981, 100, 6.5, 3.3],
    ] as const) {
      expect(epsilonFromRdp(times(steps, poissonSubsampledRdp(q, gaussianRdp(z))), 1e-5).epsilon).toBeCloseTo(
        general,
        0,
      );
      expect(epsilonFromRdp(times(steps, poissonGaussianRdp(q, z)), 1e-5).epsilon).toBeCloseTo(gaussian, 0);
    }
    expect(poissonSubsampledRdp(0.1, gaussianRdp(1))(2.5)).toBe(Infinity);
  });
});

describe('from RDP to epsilon', () => {
  it('minimises over 156 orders and names the best', () => {
    expect(RDP_ORDERS).toHaveLength(156);
    const { epsilon, order } = epsilonFromRdp(times(30, poissonGaussianRdp(0.5, 2)), 1e-5);
    expect(epsilon / 7.754187120830105).toBeCloseTo(1, 9);
    expect(order).toBe(3.7);
  });

  it('adding mechanisms adds curves, not epsilons', () => {
    const both = composeRdp([
      { curve: gaussianRdp(6), count: 20 },
      { curve: zcdpRdp(0.05), count: 2 },
    ]);
    expect(both(7)).toBeCloseTo((20 * 7) / 72 + 0.7, 12);
  });

  it('searching all orders is never worse than the list and within 9 % of it', () => {
    for (const curve of [
      gaussianRdp(0.5),
      zcdpRdp(2),
      laplaceRdp(1),
      times(100, poissonGaussianRdp(0.1, 2)),
    ]) {
      const listed = epsilonFromRdp(curve, 1e-6);
      const searched = optimalEpsilonFromRdp(curve, 1e-6);
      expect(searched.epsilon).toBeLessThanOrEqual(listed.epsilon);
      expect(searched.epsilon).toBeGreaterThan(0.91 * listed.epsilon);
      expect(searched.epsilon).toBe(epsilonAtOrder(curve(searched.order), searched.order, 1e-6));
    }
  });

  it('is 0 where the divergence is too small to tell, and infinite where no order has a bound', () => {
    expect(epsilonFromRdp(zcdpRdp(1e-14), 1e-6)).toMatchObject({ epsilon: 0 });
    expect(epsilonFromRdp(() => Infinity, 1e-6).epsilon).toBe(Infinity);
  });

  it('refuses delta 0 and 1', () => {
    for (const delta of [0, 1]) {
      expect(() => epsilonFromRdp(zcdpRdp(1), delta)).toThrowError(
        expect.objectContaining({ code: 'BAD_PARAMETER' }),
      );
    }
  });
});
