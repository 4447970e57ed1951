import { nodeBackend } from '@tributary/crypto/node';
import { describe, expect, it } from 'vitest';
import { chargeOf } from '../zcdp/charge.ts';
import { deltaFromRho, epsilonFromRho, rhoFromEpsilon } from '../zcdp/conversion.ts';
import { planNoise } from '../zcdp/plan-noise.ts';
import { rational, multiplyRational, type Rational } from '../zcdp/rational.ts';
import { sampleDiscreteGaussian } from './discrete-gaussian.ts';
import { bitsOf } from './random-bits.ts';

const RUNS = 100_000;
const SHARES = 2;
const NORM_BOUND = 1000;

/** Opened sums of `RUNS` releases: the noise of all shares around the contribution of one unit. */
function release(contribution: number, variance: bigint, shares: number, seed: number): Float64Array {
  const sums = new Float64Array(RUNS).fill(contribution);
  const share = new Int32Array(RUNS);
  for (let i = 0; i < shares; i++) {
    const key = new Uint8Array(32).fill(16 * seed + i);
    sampleDiscreteGaussian(bitsOf(nodeBackend.keystream(key)), variance, share);
    for (let run = 0; run < RUNS; run++) sums[run] = (sums[run] ?? 0) + (share[run] ?? 0);
  }
  return sums;
}

/**
 * How far an adversary who thresholds the release beats what rho allows, in standard deviations: over thresholds and a grid of x, the
 * largest excess of TPR - exp(x) FPR above delta(x).
 */
function excess(present: Float64Array, absent: Float64Array, rho: Rational): number {
  const sortedPresent = present.toSorted();
  const sortedAbsent = absent.toSorted();
  let worst = -Infinity;
  for (let x = 0; x <= 3; x += 0.25) {
    const allowed = deltaFromRho(rho, x);
    for (let rank = 0; rank < RUNS; rank += 500) {
      const threshold = sortedPresent[rank] ?? Infinity;
      const tpr = shareAbove(sortedPresent, threshold);
      const fpr = shareAbove(sortedAbsent, threshold);
      const deviation = Math.sqrt((tpr + Math.exp(2 * x) * fpr + 1 / RUNS) / RUNS);
      worst = Math.max(worst, (tpr - Math.exp(x) * fpr - allowed) / deviation);
    }
  }
  return worst;
}

function shareAbove(sorted: Float64Array, threshold: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) < threshold) low = middle + 1;
    else high = middle;
  }
  return 1 - low / sorted.length;
}

function difference(first: Float64Array, second: Float64Array): Float64Array {
  return first.map((y, run) => y - (second[run] ?? 0));
}

describe('a Monte-Carlo audit of the mechanism', () => {
  const budget = rhoFromEpsilon(3, 1e-5);
  const plan = planNoise({ rho: budget, normBound: NORM_BOUND, minSurvivors: SHARES, colluders: 0 });
  const rho = chargeOf({ normBound: NORM_BOUND, variance: plan.variance, honest: SHARES });
  const absent = release(0, plan.variance, SHARES, 1);

  it('claims epsilon 3 at delta 1e-5, and the honest mechanism keeps it', () => {
    expect(epsilonFromRho(rho, 1e-5)).toBeLessThanOrEqual(3);
    expect(excess(release(NORM_BOUND, plan.variance, SHARES, 2), absent, rho)).toBeLessThan(5);
  });

  it('notices that half of the shares are missing', () => {
    const present = release(NORM_BOUND, plan.variance, SHARES / 2, 3);
    expect(excess(present, release(0, plan.variance, SHARES / 2, 4), rho)).toBeGreaterThan(5);
  });

  it('notices that shares have a quarter of their variance', () => {
    const present = release(NORM_BOUND, plan.variance / 4n, SHARES, 5);
    expect(excess(present, release(0, plan.variance / 4n, SHARES, 6), rho)).toBeGreaterThan(5);
  });

  it('notices that two releases share their seeds, where fresh ones pass', () => {
    const both = multiplyRational(rho, rational(2n));
    const zeros = release(0, plan.variance, SHARES, 7);
    const fresh = difference(release(NORM_BOUND, plan.variance, SHARES, 8), zeros);
    expect(excess(fresh, difference(absent, zeros), both)).toBeLessThan(5);
    const reused = difference(release(NORM_BOUND, plan.variance, SHARES, 7), zeros);
    expect(excess(reused, difference(zeros, zeros), both)).toBeGreaterThan(5);
  });
});
