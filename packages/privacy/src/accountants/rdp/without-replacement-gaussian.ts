/**
 * The Gaussian mechanism on a uniformly random subset of fixed size, under replace-one adjacency: the bound of Wang, Balle,
 * Kasiviswanathan 2019 (arXiv 1808.00087), theorem 27 at integer orders, corollary 10 (convexity) between them.
 */
import { logAdd, logBinomials, logExpm1 } from '../log-space.ts';
import type { RdpCurve } from './curve.ts';
import { gaussianRdp } from './unsampled.ts';

/** Above this order the simpler bound of the same theorem is used; the orders that decide epsilon are far below. */
const MAX_ORDER_OF_MOMENTS = 256;

/**
 * @param ratio sample size over population size, in [0, 1]
 * @param noiseMultiplier standard deviation over the L2 sensitivity under replace-one
 */
export function withoutReplacementGaussianRdp(ratio: number, noiseMultiplier: number): RdpCurve {
  if (ratio === 0) return () => 0;
  if (ratio === 1) return gaussianRdp(noiseMultiplier);
  const known = new Map<number, number>();
  const moments = new Map<number, number>();
  const logMoment = (order: number): number => {
    let value = known.get(order);
    if (value === undefined) {
      value = order === 1 ? 0 : logMomentAtInteger(ratio, noiseMultiplier, order, moments);
      known.set(order, value);
    }
    return value;
  };
  return (order) => {
    const below = Math.floor(order);
    const share = order - below;
    const interpolated =
      share === 0 ? logMoment(below) : (1 - share) * logMoment(below) + share * logMoment(below + 1);
    return interpolated / (order - 1);
  };
}

function logMomentAtInteger(
  ratio: number,
  noiseMultiplier: number,
  order: number,
  moments: Map<number, number>,
): number {
  const logBinomial = logBinomials(order);
  const variance = noiseMultiplier * noiseMultiplier;
  let sum = 0;
  for (let j = 2; j <= order; j++) {
    let bound = Math.LN2 + ((j - 1) * j) / (2 * variance);
    if (j === 2) {
      bound = Math.min(bound, Math.log(4) + logExpm1(1 / variance));
    } else if (order <= MAX_ORDER_OF_MOMENTS) {
      const even = logEvenMoment(2 * Math.floor(j / 2), noiseMultiplier, moments);
      const next = j % 2 === 0 ? even : logEvenMoment(j + 1, noiseMultiplier, moments);
      bound = Math.min(bound, Math.log(4) + (even + next) / 2);
    }
    sum = logAdd(sum, j * Math.log(ratio) + (logBinomial[j] ?? 0) + bound);
  }
  return sum;
}

/**
 * The forward difference of the theorem at an even order l is the central moment E (L - 1)^l of the likelihood ratio
 * L = exp((2x - 1)/(2 z^2)) over x ~ N(0, z^2). As an integral it has no cancellation, where differences lose every digit at
 * large z. The trapezoidal rule on this entire function errs by far less than a rounding.
 */
function logEvenMoment(l: number, z: number, known: Map<number, number>): number {
  const found = known.get(l);
  if (found !== undefined) return found;
  const step = z / 8;
  const reach = (Math.sqrt(l) + 10) * z;
  let sum = -Infinity;
  for (let x = -reach; x <= l + reach; x += step) {
    const exponent = (2 * x - 1) / (2 * z * z);
    const logDistance = exponent > 0 ? logExpm1(exponent) : Math.log(-Math.expm1(exponent));
    sum = logAdd(sum, l * logDistance - (x * x) / (2 * z * z));
  }
  const moment = sum + Math.log(step / z) - 0.5 * Math.log(2 * Math.PI);
  known.set(l, moment);
  return moment;
}
