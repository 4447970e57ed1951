import { sampledLatticeRdp } from '../accountants/rdp/sampled-lattice.ts';
import { requireInteger } from '../parameters.ts';
import { PrivacyError } from '../privacy-error.ts';
import { chargeUnder, type FilterRule } from './budget.ts';
import {
  ceilRational,
  compareRational,
  divideRational,
  multiplyRational,
  rational,
  rationalFromNumber,
  toNumberDown,
  toNumberUp,
  type Rational,
} from './rational.ts';

/** Above the rounding of the bound, which is a logarithm near 0 where the probability is small. */
const RELATIVE_ROUNDING = 2 ** -32;
const ABSOLUTE_ROUNDING = 2 ** -40;
/** More than any budget of use. */
const MOST_RHO = 2 ** 10;

/**
 * What a release costs that saw only a secret Poisson sample of one organisation's records. zCDP has no amplification, so a `zcdp`
 * filter pays the whole rho. An `rdp` filter pays what `sampledLatticeRdp` proves at its order, rounded up to a multiple of 2^-64; never more
 * than without sampling.
 * @param rho the charge of the release if all records were in it
 * @param probability q in (0, 1] with which a unit is in the sample, known to no one but the organisation in its outcome
 * @throws PrivacyError `BAD_PARAMETER`
 */
export function sampledCharge(rule: FilterRule, rho: Rational, probability: number): Rational {
  if (!(probability > 0 && probability <= 1)) {
    throw new PrivacyError('BAD_PARAMETER', `probability must be in (0, 1], not ${probability}`);
  }
  const whole = chargeUnder(rule, rho);
  if (rule.kind === 'zcdp') return whole;
  const bound = sampledLatticeRdp(probability, toNumberUp(rho))(rule.order);
  if (!Number.isFinite(bound)) return whole;
  const above = bound * (1 + RELATIVE_ROUNDING) + ABSOLUTE_ROUNDING;
  const grain = rational(1n << 64n);
  const amplified = rational(
    ceilRational(multiplyRational(rationalFromNumber(above), grain)),
    grain.numerator,
  );
  return compareRational(amplified, whole) < 0 ? amplified : whole;
}

/** A release as declared: of all records, or of a secret sample of them. */
export interface Sampled {
  /** Probability with which each record is in, by a coin of its own; 1, the default, for all records. */
  readonly sampling?: number;
}

/**
 * What one release costs a unit of up to `recordsPerUnit` records under a rule: amplified by secret sampling where the rule can express it.
 * @param rho the charge for the whole unit if all records were in it
 */
export function releaseCharge(
  rule: FilterRule,
  rho: Rational,
  { sampling = 1 }: Sampled = {},
  recordsPerUnit: number = 1,
): Rational {
  return sampling === 1
    ? chargeUnder(rule, rho)
    : sampledCharge(rule, rho, unitProbability(sampling, recordsPerUnit));
}

/** Bisections of the search below: to the last digit of a double. */
const HALVINGS = 60;

/**
 * The largest rho, up to rounding, with which a sampled release costs no more than `charge`.
 */
export function rhoOfCharge(
  rule: FilterRule,
  charge: Rational,
  sampled: Sampled = {},
  recordsPerUnit: number = 1,
): Rational {
  const whole = rule.kind === 'zcdp' ? charge : divideRational(charge, rational(BigInt(rule.order)));
  const { sampling = 1 } = sampled;
  if (sampling === 1 || rule.kind === 'zcdp') return whole;
  const within = (rho: number): boolean =>
    compareRational(releaseCharge(rule, rationalFromNumber(rho), sampled, recordsPerUnit), charge) <= 0;
  let low = toNumberDown(whole);
  let high = low;
  while (within(2 * high) && high < MOST_RHO) high *= 2;
  low = high;
  high *= 2;
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2;
    if (within(middle)) low = middle;
    else high = middle;
  }
  return rationalFromNumber(low);
}

/**
 * With which probability anything of a unit of `records` records is in a sample that takes each record by a coin of its own: with its noise
 * multiplied by `records`, such a unit is protected like a record that is sampled with this probability. Rounded up.
 * @throws PrivacyError `BAD_PARAMETER`
 */
export function unitProbability(probability: number, records: number): number {
  requireInteger('records', records, 1);
  if (records === 1 || probability === 1) return probability;
  return Math.min(1, -Math.expm1(records * Math.log1p(-probability)) * (1 + RELATIVE_ROUNDING));
}
