import { calibrateGaussian } from '../accountants/gaussian.ts';
import { requireInteger } from '../parameters.ts';
import { rhoFromEpsilon } from '../zcdp/conversion.ts';
import { multiplyRational, rational, toNumberDown, type Rational } from '../zcdp/rational.ts';

/** What equal rounds may cost and how much noise that takes. */
export interface Calibration {
  /** The whole budget, rounded down. */
  readonly rho: Rational;
  readonly rhoPerRound: Rational;
  /** Standard deviation of the noise on the sum over the L2 bound of one unit, in each round: what the zCDP budget buys. */
  readonly noiseMultiplier: number;
  /** The same for continuous Gaussian noise by the exact curve, 6 to 8 % less: the price of a bound that holds for discrete noise. */
  readonly analyticNoiseMultiplier: number;
}

/** @throws PrivacyError `BAD_PARAMETER` */
export function calibrate(epsilon: number, delta: number, rounds: number): Calibration {
  requireInteger('rounds', rounds, 1, 1e6);
  const rho = rhoFromEpsilon(epsilon, delta);
  const rhoPerRound = multiplyRational(rho, rational(1n, BigInt(rounds)));
  return {
    rho,
    rhoPerRound,
    noiseMultiplier: 1 / Math.sqrt(2 * toNumberDown(rhoPerRound)),
    analyticNoiseMultiplier: Math.sqrt(rounds) * calibrateGaussian(epsilon, delta),
  };
}
