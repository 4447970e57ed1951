/**
 * The Gaussian mechanism in closed form (Balle, Wang 2018, arXiv 1805.06530, theorem 8). `mu` is L2 sensitivity over standard
 * deviation; composition adds the squares of mu. Logarithms and exponentials make these numbers for display and comparison, not for a filter.
 */
import { requireDelta, requirePositive } from '../parameters.ts';
import { logNormalCdf, millsRatio, normalDensity } from './normal-distribution.ts';

/** Covers the rounding of the closed form, which stays below 1e-13 relative. */
const ROUNDING = 1e-12;

/** delta(epsilon) = Phi(mu/2 - epsilon/mu) - exp(epsilon) * Phi(-mu/2 - epsilon/mu), for mu > 0 and epsilon >= 0. */
export function gaussianDelta(mu: number, epsilon: number): number {
  const near = epsilon / mu - mu / 2;
  const far = epsilon / mu + mu / 2;
  // exp(epsilon) times the density at `far` is the density at `near`, which keeps the difference free of overflow.
  const second = normalDensity(near) * millsRatio(far);
  const first = near >= 0 ? normalDensity(near) * millsRatio(near) : Math.exp(logNormalCdf(-near));
  return Math.max(0, first - second);
}

/**
 * The smallest epsilon of the Gaussian mechanism at `delta`, rounded up.
 * @param mu above 0 @param delta in (0, 1)
 * @throws PrivacyError `BAD_PARAMETER`
 */
export function gaussianEpsilon(mu: number, delta: number): number {
  requirePositive('mu', mu);
  requireDelta(delta);
  const enough = (epsilon: number): boolean => gaussianDelta(mu, epsilon) * (1 + ROUNDING) <= delta;
  if (enough(0)) return 0;
  // sqrt(2 ln(1/delta)) standard deviations bound the tail, and the bracket only has to contain the root.
  let above = (mu * mu) / 2 + mu * Math.sqrt(2 * Math.log(1 / delta)) + 1e-300;
  if (above === Infinity) return Infinity;
  while (!enough(above)) above *= 2;
  return smallestAbove(0, above, enough);
}

/**
 * The standard deviation per unit of L2 sensitivity that meets (epsilon, delta), rounded up.
 * @param epsilon above 0 @param delta in (0, 1)
 * @throws PrivacyError `BAD_PARAMETER`
 */
export function calibrateGaussian(epsilon: number, delta: number): number {
  requirePositive('epsilon', epsilon);
  requireDelta(delta);
  const enough = (sigma: number): boolean => gaussianDelta(1 / sigma, epsilon) * (1 + ROUNDING) <= delta;
  let above = 1;
  while (!enough(above)) above *= 2;
  let below = above / 2;
  while (enough(below)) below /= 2;
  return smallestAbove(below, above, enough);
}

/** The upper end of the last bracket when bisection can go no further; `holds` is false, then true. */
function smallestAbove(below: number, above: number, holds: (value: number) => boolean): number {
  let [low, high] = [below, above];
  for (;;) {
    const middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) return high;
    if (holds(middle)) high = middle;
    else low = middle;
  }
}
