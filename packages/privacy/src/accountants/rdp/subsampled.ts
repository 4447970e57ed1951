/** Amplification bounds that hold for any base mechanism with a known RDP curve, at integer orders. */
import { logAdd, logBinomials } from '../log-space.ts';
import type { RdpCurve } from './curve.ts';

/**
 * Poisson subsampling of an arbitrary mechanism under add/remove adjacency (Zhu, Wang 2019, "Poisson Subsampled Renyi Differential
 * Privacy", theorem 6, general upper bound). It is what can be proved for the multi-dimensional discrete Gaussian.
 * @param probability q in [0, 1]
 * @returns a curve that is Infinity at orders that are not integers of at least 2
 */
export function poissonSubsampledRdp(probability: number, base: RdpCurve): RdpCurve {
  if (probability === 0) return () => 0;
  if (probability === 1) return base;
  const logQ = Math.log(probability);
  const logRest = Math.log1p(-probability);
  return (order) => {
    if (!Number.isInteger(order) || order < 2) return Infinity;
    const logBinomial = logBinomials(order);
    let sum = (order - 1) * logRest + Math.log1p((order - 1) * probability);
    for (let l = 2; l <= order; l++) {
      const factor = l === 2 ? 0 : Math.log(3);
      const weight = (logBinomial[l] ?? 0) + l * logQ + (order - l) * logRest;
      sum = logAdd(sum, factor + weight + (l - 1) * base(l));
    }
    return Math.max(0, sum / (order - 1));
  };
}
