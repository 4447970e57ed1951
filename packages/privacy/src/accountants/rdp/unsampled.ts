/** RDP curves of mechanisms that look at all records. */
import { logAdd } from '../log-space.ts';
import type { RdpCurve } from './curve.ts';

/** rho-zCDP is the straight line rho * order (Bun, Steinke 2016, definition 1.1). */
export function zcdpRdp(rho: number): RdpCurve {
  return (order) => rho * order;
}

/** The Gaussian mechanism (Mironov 2017, proposition 7). @param noiseMultiplier standard deviation over L2 sensitivity */
export function gaussianRdp(noiseMultiplier: number): RdpCurve {
  return zcdpRdp(1 / (2 * noiseMultiplier * noiseMultiplier));
}

/** The Laplace mechanism (Mironov 2017, proposition 6). @param scale of the noise over L1 sensitivity */
export function laplaceRdp(scale: number): RdpCurve {
  const epsilon = 1 / scale;
  return (order) =>
    epsilon +
    Math.log1p(((order - 1) * Math.expm1(epsilon * (1 - 2 * order))) / (2 * order - 1)) / (order - 1);
}

/**
 * The discrete Laplace mechanism, P(x) proportional to exp(-|x|/scale) on the integers, exactly: the sum of P^a Q^(1-a)
 * splits into two geometric tails and the points strictly between 0 and the sensitivity.
 * @param sensitivity integer >= 1
 */
export function discreteLaplaceRdp(scale: number, sensitivity: number): RdpCurve {
  const logTotal = Math.log1p(Math.exp(-1 / scale)) - Math.log(-Math.expm1(-1 / scale));
  const logTail = -Math.log(-Math.expm1(-1 / scale));
  return (order) => {
    const left = ((order - 1) * sensitivity) / scale;
    const right = (-order * sensitivity) / scale;
    const ratio = (1 - 2 * order) / scale;
    const between =
      sensitivity === 1
        ? -Infinity
        : left + ratio + Math.log(Math.expm1(ratio * (sensitivity - 1)) / Math.expm1(ratio));
    const sum = logAdd(logAdd(left, right) + logTail, between);
    return Math.max(0, (sum - logTotal) / (order - 1));
  };
}
