import { poissonGaussianRdp } from './poisson-gaussian.ts';
import type { RdpCurve } from './curve.ts';

/**
 * What is proved, at integer orders, of a sum with symmetric integer noise that saw a secret Poisson sample of the records.
 *
 * Let m0 be the law of the noise, m1 that of the noise moved by the integer vector v of one record, L = m1/m0, and let a release of all
 * records be rho-zCDP. With the coins of the other records fixed (joint convexity) the neighbours are m0 and m = (1-q) m0 + q m1.
 *
 * 1. E_m0[(m/m0)^a] = sum_k C(a,k) (1-q)^(a-k) q^k E_m0[L^k] <= sum_k C(a,k) (1-q)^(a-k) q^k exp(k(k-1) rho): zCDP bounds each moment.
 * 2. The other direction is no larger, E_m0[(m0/m)^(a-1)] <= E_m0[(m/m0)^a]. The map x -> v - x keeps the integers, exchanges m0 and m1
 *    because noise is symmetric, and turns L into 1/L, so E_m0[f(L)] = E_m0[f(L) + L f(1/L)]/2, and it is enough that
 *    h(A) + L h(B) >= 0 for h(x) = x^a - x^(1-a), A = 1-q+qL, B = 1-q+q/L. Take L >= 1 and write h(x) = 2 sqrt(x) sinh((a-1/2) ln x). For a = 1
 *    the two terms cancel, and sinh((a-1/2) u)/sinh(u/2) grows with u: ln A >= ln(1/B) because A B >= 1, so the first term wins.
 *
 * That is the formula of Mironov, Talwar and Zhang (2019) for the continuous Gaussian at noise multiplier 1/sqrt(2 rho), which discrete
 * Gaussian shares thus reach exactly, in any dimension; the bound for mechanisms of any shape (`poissonSubsampledRdp`) is up to twice as large.
 * @param probability q in [0, 1]
 * @param rho of the release without sampling
 * @returns a curve that is Infinity at orders that are not integers of at least 2
 */
export function sampledLatticeRdp(probability: number, rho: number): RdpCurve {
  const curve = poissonGaussianRdp(probability, 1 / Math.sqrt(2 * rho));
  return (order) => (Number.isInteger(order) && order >= 2 ? curve(order) : Infinity);
}
