/**
 * The Poisson-subsampled Gaussian mechanism under add/remove and zero-out adjacency (Mironov, Talwar, Zhang 2019, arXiv
 * 1908.10530). Its pair is (1-q) N(0, z^2) + q N(1, z^2) against N(0, z^2).
 */
import { logAdd, logBinomials, logExpm1 } from '../log-space.ts';
import { logNormalCdf } from '../normal-distribution.ts';
import type { RdpCurve } from './curve.ts';
import { gaussianRdp } from './unsampled.ts';

const MAX_TERMS = 1000;
/** Terms below exp(-30) of the sum end it. */
const NEGLIGIBLE = 30;

/** @param probability q in [0, 1] @param noiseMultiplier z > 0, relative to the sensitivity of one record's presence */
export function poissonGaussianRdp(probability: number, noiseMultiplier: number): RdpCurve {
  if (probability === 0) return () => 0;
  if (probability === 1) return gaussianRdp(noiseMultiplier);
  return (order) => {
    const moment = Number.isInteger(order) ? logMomentAtInteger : logMomentAtFraction;
    return Math.max(0, moment(probability, noiseMultiplier, order) / (order - 1));
  };
}

/**
 * Section 3.3, integer orders: ln sum_k C(a,k) (1-q)^(a-k) q^k exp((k^2-k)/(2 z^2)). The weights sum to 1, so the sum over
 * exp(...) - 1 is what exceeds 1, and small values keep their digits.
 */
function logMomentAtInteger(q: number, z: number, order: number): number {
  const logBinomial = logBinomials(order);
  const logQ = Math.log(q);
  const logRest = Math.log1p(-q);
  let excess = -Infinity;
  for (let k = 2; k <= order; k++) {
    const weight = (logBinomial[k] ?? 0) + k * logQ + (order - k) * logRest;
    excess = logAdd(excess, weight + logExpm1((k * k - k) / (2 * z * z)));
  }
  return logAdd(0, excess);
}

/**
 * Section 3.3, fractional orders: two series, one for each side of the point z0 where the mixture's parts are equal. Every term is
 * taken positive, where the binomial of a fractional order alternates: an upper bound without cancellation, and
 * Infinity at low orders where it does not converge.
 */
function logMomentAtFraction(q: number, z: number, order: number): number {
  const z0 = z * z * Math.log(1 / q - 1) + 0.5;
  const logQ = Math.log(q);
  const logRest = Math.log1p(-q);
  let logBinomial = 0;
  let total = -Infinity;
  let [lastLeft, lastRight] = [-Infinity, -Infinity];
  for (let i = 0; i < MAX_TERMS; i++) {
    const j = order - i;
    const left =
      logBinomial + i * logQ + j * logRest + (i * i - i) / (2 * z * z) + logNormalCdf((z0 - i) / z);
    const right =
      logBinomial + j * logQ + i * logRest + (j * j - j) / (2 * z * z) + logNormalCdf((j - z0) / z);
    total = logAdd(total, logAdd(left, right));
    if (left < lastLeft && right < lastRight && Math.max(left, right) < total - NEGLIGIBLE) return total;
    [lastLeft, lastRight] = [left, right];
    logBinomial += Math.log(Math.abs(j) / (i + 1));
  }
  return Infinity;
}
