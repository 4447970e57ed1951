/** What is proved about a sum of discrete Gaussian shares, which is not itself a discrete Gaussian. */
import type { RdpCurve } from './curve.ts';

/** A release of a vector plus the shares of `shares` organisations. */
export interface DistributedNoise {
  /** s2, the variance of one share. */
  readonly variance: number;
  /** How many shares are unknown to the adversary. */
  readonly shares: number;
  /** L2 sensitivity in units. */
  readonly sensitivity: number;
  /** Length of the vector. */
  readonly dimension: number;
}

/**
 * tau = 10 sum_{k=1}^{n-1} exp(-2 pi^2 s2 k/(k+1)): how far the sum of n shares is from a discrete Gaussian (Kairouz, Liu,
 * Steinke 2021, arXiv 2102.06387, theorem 1).
 */
export function sharesDeviation(variance: number, shares: number): number {
  let sum = 0;
  for (let k = 1; k < shares; k++) sum += Math.exp((-2 * Math.PI ** 2 * variance * k) / (k + 1));
  return 10 * sum;
}

/** The RDP of distributed noise (the same paper, proposition 14). From s2 = 64 on it is the Gaussian's to far more digits than a double has. */
export function distributedGaussianRdp({
  variance,
  shares,
  sensitivity,
  dimension,
}: DistributedNoise): RdpCurve {
  const tau = sharesDeviation(variance, shares);
  const ratio = sensitivity / Math.sqrt(shares * variance);
  const shifted = ratio + tau * Math.sqrt(dimension);
  return (order) => Math.min((order * ratio * ratio) / 2 + tau * dimension, (order * shifted * shifted) / 2);
}
