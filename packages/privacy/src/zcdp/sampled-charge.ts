import { poissonSubsampledRdp } from '../accountants/rdp/subsampled.ts';
import { zcdpRdp } from '../accountants/rdp/unsampled.ts';
import { PrivacyError } from '../privacy-error.ts';
import { chargeUnder, type FilterRule } from './budget.ts';
import {
  ceilRational,
  compareRational,
  multiplyRational,
  rational,
  rationalFromNumber,
  toNumberUp,
  type Rational,
} from './rational.ts';

/** Above the rounding of the bound, which is a logarithm near 0 where the probability is small. */
const RELATIVE_ROUNDING = 2 ** -32;
const ABSOLUTE_ROUNDING = 2 ** -40;

/**
 * What a release costs that saw only a secret Poisson sample of one organisation's records. zCDP has no amplification, so a `zcdp`
 * filter pays the whole rho. An `rdp` filter pays the bound of Zhu and Wang 2019 at its order, which holds for discrete noise in any
 * dimension, rounded up to a multiple of 2^-64; never more than without sampling.
 * @param rho the charge of the release if all records were in it
 * @param probability q in (0, 1], known to no one but the organisation in its outcome
 * @throws PrivacyError `BAD_PARAMETER`
 */
export function sampledCharge(rule: FilterRule, rho: Rational, probability: number): Rational {
  if (!(probability > 0 && probability <= 1)) {
    throw new PrivacyError('BAD_PARAMETER', `probability must be in (0, 1], not ${probability}`);
  }
  const whole = chargeUnder(rule, rho);
  if (rule.kind === 'zcdp') return whole;
  const bound = poissonSubsampledRdp(probability, zcdpRdp(toNumberUp(rho)))(rule.order);
  if (!Number.isFinite(bound)) return whole;
  const above = bound * (1 + RELATIVE_ROUNDING) + ABSOLUTE_ROUNDING;
  const grain = rational(1n << 64n);
  const amplified = rational(
    ceilRational(multiplyRational(rationalFromNumber(above), grain)),
    grain.numerator,
  );
  return compareRational(amplified, whole) < 0 ? amplified : whole;
}
