import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gaussianRdp } from './unsampled.ts';
import { sampledLatticeRdp } from './sampled-lattice.ts';
import { poissonSubsampledRdp } from './subsampled.ts';

/** Probabilities on -reach .. reach of the sum of `shares` discrete Gaussians, each of this variance. */
function lawOfShares(variance: number, shares: number, reach: number): Float64Array {
  const size = 2 * reach + 1;
  const one = Float64Array.from({ length: size }, (_, i) => Math.exp(-((i - reach) ** 2) / (2 * variance)));
  const total = one.reduce((sum, p) => sum + p);
  let law = one.map((p) => p / total);
  for (let share = 1; share < shares; share++) {
    const next = new Float64Array(size);
    law.forEach((p, i) => {
      one.forEach((r, j) => {
        const at = i + j - reach;
        if (at >= 0 && at < size) next[at] = (next[at] ?? 0) + (p * r) / total;
      });
    });
    law = next;
  }
  return law;
}

/** Renyi divergences between noise alone and a sample with or without a record that moves it by `moved`, in both directions. */
function exactDivergences(law: Float64Array, moved: number, q: number, order: number): [number, number] {
  let [added, removed] = [0, 0];
  for (let i = moved; i < law.length - moved; i++) {
    const without = law[i] ?? 0;
    const mixed = (1 - q) * without + q * (law[i - moved] ?? 0);
    if (without < 1e-250) continue;
    added += without * (mixed / without) ** order;
    removed += mixed * (without / mixed) ** order;
  }
  return [Math.log(added) / (order - 1), Math.log(removed) / (order - 1)];
}

describe('a secret sample under integer noise', () => {
  it.each([
    [9, 1, 3],
    [9, 3, 2],
    [9, 3, 6],
    [64, 1, 20],
    [16, 2, 10],
  ])(
    'costs at most what is proved: variance %d in each of %d shares, moved by %d',
    (variance, shares, moved) => {
      const law = lawOfShares(variance, shares, Math.ceil(40 * Math.sqrt(variance * shares)) + moved);
      const rho = moved ** 2 / (2 * variance * shares);
      for (const q of [0.01, 0.2, 0.5, 0.9]) {
        for (const order of [2, 3, 5, 8]) {
          const proved = sampledLatticeRdp(q, rho)(order);
          const [added, removed] = exactDivergences(law, moved, q, order);
          expect(added).toBeLessThanOrEqual(proved * (1 + 1e-9) + 1e-12);
          expect(removed).toBeLessThanOrEqual(added * (1 + 1e-9) + 1e-12);
          // And it is what it costs, up to how little a lattice differs from a line.
          expect(added).toBeGreaterThan(proved * (1 - 1e-6));
        }
      }
    },
  );

  it('costs more than is claimed where the noise is half of what was declared', () => {
    const law = lawOfShares(16, 1, 400);
    const [added] = exactDivergences(law, 4, 0.2, 4);
    expect(added).toBeGreaterThan(1.5 * sampledLatticeRdp(0.2, 16 / (2 * 32))(4));
  });

  it('costs less than the bound for noise of any shape, and no more than without sampling', () => {
    const q = fc.double({ min: 1e-3, max: 0.99, noNaN: true });
    const rho = fc.double({ min: 1e-3, max: 2, noNaN: true });
    fc.assert(
      fc.property(q, rho, fc.integer({ min: 2, max: 40 }), (probability, base, order) => {
        const proved = sampledLatticeRdp(probability, base)(order);
        const whole = gaussianRdp(1 / Math.sqrt(2 * base));
        expect(proved).toBeLessThanOrEqual(whole(order) * (1 + 1e-12));
        expect(proved).toBeLessThanOrEqual(poissonSubsampledRdp(probability, whole)(order) * (1 + 1e-9));
      }),
    );
  });

  it('is proved at integer orders alone', () => {
    expect(sampledLatticeRdp(0.1, 0.5)(2.5)).toBe(Infinity);
    expect(sampledLatticeRdp(0.1, 0.5)(1)).toBe(Infinity);
  });
});
