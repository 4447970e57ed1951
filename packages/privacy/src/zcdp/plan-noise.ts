import { PrivacyError } from '../privacy-error.ts';
import { requireInteger } from '../parameters.ts';
import { MIN_NOISE_VARIANCE } from '../sampler/noise-share.ts';
import { chargeOf, CHARGE_SLACK } from './charge.ts';
import {
  ceilRational,
  compareRational,
  divideRational,
  formatRational,
  multiplyRational,
  rational,
  subtractRational,
  ZERO,
  type Rational,
} from './rational.ts';

export interface NoiseRequest {
  /** What the round may cost, reserved before anyone uploads. */
  readonly rho: Rational;
  /** Delta: the exact bound on the L2 norm of one unit's integers, from the encoding. */
  readonly normBound: number;
  /** U_min: with fewer survivors, clients refuse to unmask. */
  readonly minSurvivors: number;
  /** c: how many of the survivors may work with the coordinator, and so know their own noise. */
  readonly colluders: number;
}

/** The noise of one round. */
export interface NoisePlan {
  /** s2, the integer variance of each contributor's share; at least 64. */
  readonly variance: bigint;
  /** h = U_min - c, the shares that are surely unknown to the adversary. */
  readonly honest: number;
  /** What is reserved: the charge if only U_min survive. At most the requested rho. */
  readonly reserve: Rational;
}

/**
 * Sizes the noise shares of one round so that h = U_min - c of them alone meet rho: s2 = ceil(Delta^2/(2 h (rho - 2^-64))).
 * @throws PrivacyError `BAD_PARAMETER` where no honest survivor is sure, or rho is too small for any noise
 */
export function planNoise({ rho, normBound, minSurvivors, colluders }: NoiseRequest): NoisePlan {
  requireInteger('normBound', normBound, 1, 2 ** 26);
  requireInteger('colluders', colluders, 0);
  requireInteger('minSurvivors', minSurvivors, 1);
  const honest = minSurvivors - colluders;
  if (honest < 1) {
    throw new PrivacyError(
      'BAD_PARAMETER',
      `minSurvivors (${minSurvivors}) must exceed colluders (${colluders}): someone's noise has to be unknown`,
    );
  }
  const forNoise = subtractRational(rho, CHARGE_SLACK);
  if (compareRational(forNoise, ZERO) <= 0) {
    throw new PrivacyError('BAD_PARAMETER', `rho must be above 2^-64, not ${formatRational(rho)}`);
  }
  const wanted = ceilRational(
    divideRational(rational(BigInt(normBound) ** 2n, 2n * BigInt(honest)), forNoise),
  );
  const variance = wanted < MIN_NOISE_VARIANCE ? MIN_NOISE_VARIANCE : wanted;
  return { variance, honest, reserve: chargeOf({ normBound, variance, honest }) };
}

/**
 * What the round is charged once it is known who survived: more noise than planned for costs less.
 * @param survivors U, at least the plan's U_min
 * @throws PrivacyError `BAD_PARAMETER` with fewer
 */
export function settleNoise(request: NoiseRequest, plan: NoisePlan, survivors: number): Rational {
  requireInteger('survivors', survivors, request.minSurvivors);
  return chargeOf({
    normBound: request.normBound,
    variance: plan.variance,
    honest: survivors - request.colluders,
  });
}

/**
 * Divides a budget over rounds in proportion to `weights`, exactly.
 * @param weights integers >= 1, one per round
 * @throws PrivacyError `BAD_PARAMETER`
 */
export function splitRho(rho: Rational, weights: readonly number[]): readonly Rational[] {
  weights.forEach((weight, i) => requireInteger(`weights[${i}]`, weight, 1));
  const total = weights.reduce((sum, weight) => sum + BigInt(weight), 0n);
  return weights.map((weight) => multiplyRational(rho, rational(BigInt(weight), total)));
}
