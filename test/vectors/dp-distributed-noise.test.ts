import { existsSync, readFileSync } from 'node:fs';
import {
  distributedGaussianRdp,
  epsilonFromRdp,
  gaussianRdp,
  optimalEpsilonFromRdp,
  sharesDeviation,
} from '@tributary/privacy';
import { describe, expect, it } from 'vitest';

const FILE = new URL('../../../shared/vectors/dp/distributed_noise.json', import.meta.url);

type ByKey = Readonly<Record<string, number>>;

interface SumRow {
  readonly mechanism: 'sum_discrete_gaussian';
  readonly sigma_local: number;
  readonly n: number;
  readonly shift: number;
  readonly tau: number;
  readonly rdp_exact: ByKey;
  readonly rdp_gaussian: ByKey;
  readonly rdp_bound_kls21_1d: ByKey;
  readonly eps_exact_by_delta: ByKey;
}

interface SkellamRow {
  readonly mechanism: 'skellam_1d';
  readonly variance: number;
  readonly shift: number;
  readonly rdp_gaussian: ByKey;
  readonly rdp_bound_akl21: ByKey;
}

function readRows(): readonly (SumRow | SkellamRow)[] {
  if (!existsSync(FILE)) return [];
  const { rows }: { rows: (SumRow | SkellamRow)[] } = JSON.parse(readFileSync(FILE, 'utf8'));
  return rows;
}

const rows = readRows();
const sums = rows.filter((row) => row.mechanism === 'sum_discrete_gaussian');
const skellam = rows.filter((row) => row.mechanism === 'skellam_1d');

describe.skipIf(!existsSync(FILE))('the reference table of distributed noise', () => {
  it.each(sums)('$n shares of sigma $sigma_local, shift $shift', (row) => {
    const variance = row.sigma_local ** 2;
    const curve = distributedGaussianRdp({ variance, shares: row.n, sensitivity: row.shift, dimension: 1 });
    expect(Math.abs(sharesDeviation(variance, row.n) - row.tau)).toBeLessThanOrEqual(1e-9 * row.tau);
    for (const [order, bound] of Object.entries(row.rdp_bound_kls21_1d)) {
      expect(curve(Number(order)) / bound).toBeCloseTo(1, 9);
      expect(curve(Number(order))).toBeGreaterThanOrEqual((row.rdp_exact[order] ?? Number.NaN) * (1 - 1e-9));
    }
    for (const [delta, exact] of Object.entries(row.eps_exact_by_delta)) {
      const claimed = optimalEpsilonFromRdp(curve, Number(delta));
      expect(claimed.epsilon).toBeGreaterThanOrEqual(exact);
      expect(claimed.epsilon).toBeLessThanOrEqual(epsilonFromRdp(curve, Number(delta)).epsilon);
    }
  });

  it.each(skellam)(
    'Skellam noise of variance $variance, shift $shift, is bounded by more than the Gaussian',
    (row) => {
      const gaussian = gaussianRdp(Math.sqrt(row.variance) / row.shift);
      for (const [order, theirs] of Object.entries(row.rdp_gaussian)) {
        expect(gaussian(Number(order)) / theirs).toBeCloseTo(1, 12);
        expect(gaussian(Number(order))).toBeLessThanOrEqual(row.rdp_bound_akl21[order] ?? Number.NaN);
      }
    },
  );
});
