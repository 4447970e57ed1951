/** What one release costs in zCDP, as an exact fraction that an auditor can recompute by hand. */
import { PrivacyError } from '../privacy-error.ts';
import { requireInteger } from '../parameters.ts';
import type { Adjacency } from '../adjacency.ts';
import { addRational, multiplyRational, rational, type Rational } from './rational.ts';

/**
 * Added to every charge: covers the distance between a sum of discrete Gaussians and a discrete Gaussian (Kairouz, Liu,
 * Steinke 2021, proposition 14), which at s2 >= 64 is below 1e-250 in any dimension that fits in memory.
 */
export const CHARGE_SLACK: Rational = rational(1n, 1n << 64n);

/** A release of a sum that carries discrete Gaussian shares. */
export interface NoisyRelease {
  /** Delta: the exact bound on the L2 norm of one unit's integers. */
  readonly normBound: number;
  /** s2, the integer variance of one share. */
  readonly variance: bigint;
  /** How many shares the adversary does not know: survivors minus colluders. */
  readonly honest: number;
}

/**
 * rho = Delta^2/(2 * honest * s2) + 2^-64 (Canonne, Kamath, Steinke 2020, proposition 5, in any dimension). Replacing a unit instead
 * of zeroing or adding it moves the sum by 2*Delta and costs four times as much.
 * @throws PrivacyError `BAD_PARAMETER`
 */
export function chargeOf(release: NoisyRelease, adjacency: Adjacency = 'zero_out'): Rational {
  const { normBound, variance, honest } = release;
  requireInteger('normBound', normBound, 1, 2 ** 26);
  requireInteger('honest', honest, 1);
  if (variance < 1n) throw new PrivacyError('BAD_PARAMETER', `variance must be at least 1, not ${variance}`);
  const moved = BigInt(adjacency === 'replace_one' ? 2 * normBound : normBound);
  return addRational(rational(moved * moved, 2n * BigInt(honest) * variance), CHARGE_SLACK);
}

/**
 * What a release costs someone who is behind several units of it: `count` records of one release at one organisation, or one record
 * at each of `count` organisations, cost count^2 * rho (Bun, Steinke 2016, proposition 1.9).
 */
export function groupCharge(rho: Rational, count: number): Rational {
  requireInteger('count', count, 1);
  return multiplyRational(rho, rational(BigInt(count) ** 2n));
}
