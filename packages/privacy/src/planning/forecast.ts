import { requireInteger, requirePositive } from '../parameters.ts';
import { rhoFromEpsilon } from '../zcdp/conversion.ts';
import { toNumberDown, type Rational } from '../zcdp/rational.ts';

/** A federation before it starts. */
export interface ForecastRequest {
  /** How many units are protected and averaged over: organisations, end users or records, all together. */
  readonly units: number;
  /** Numbers per released vector. */
  readonly dimension: number;
  readonly epsilon: number;
  readonly delta: number;
  /** L2 bound of one unit; 1 by default. */
  readonly clipNorm?: number;
}

export interface Forecast {
  readonly rho: Rational;
  /** Standard deviation of the noise on one coordinate of the mean over all units, if the budget goes into one release. */
  readonly noiseOnMean: number;
  /**
   * S = units * sqrt(2 rho) / sqrt(dimension): the norm of a mean on which all units agree, over that of its noise. The same for any
   * number of rounds, because signal and accumulated noise grow alike.
   */
  readonly signalToNoise: number;
  /** S >= 2, S >= 0.5, or less. */
  readonly verdict: 'go' | 'simulate first' | 'stop';
}

/** Says whether a budget leaves anything to learn. @throws PrivacyError `BAD_PARAMETER` */
export function forecast({ units, dimension, epsilon, delta, clipNorm = 1 }: ForecastRequest): Forecast {
  requireInteger('units', units, 1);
  requireInteger('dimension', dimension, 1);
  requirePositive('clipNorm', clipNorm);
  const rho = rhoFromEpsilon(epsilon, delta);
  const signal = Math.sqrt(2 * toNumberDown(rho));
  const signalToNoise = (units * signal) / Math.sqrt(dimension);
  return {
    rho,
    noiseOnMean: clipNorm / (signal * units),
    signalToNoise,
    verdict: signalToNoise >= 2 ? 'go' : signalToNoise >= 0.5 ? 'simulate first' : 'stop',
  };
}
