/** The standard normal distribution to full double precision, also far in its tails. */

const HALF_LOG_TWO_PI = 0.918_938_533_204_672_7;
const INVERSE_SQRT_TWO_PI = 0.398_942_280_401_432_7;

/** The density exp(-x^2/2)/sqrt(2 pi). */
export function normalDensity(x: number): number {
  return INVERSE_SQRT_TWO_PI * Math.exp((-x * x) / 2);
}

/** Mills' ratio: upper tail over density at x >= 0. Falls from sqrt(pi/2) like 1/x. */
export function millsRatio(x: number): number {
  return x < 1 ? millsRatioBySeries(x) : millsRatioByFraction(x);
}

/** 1/2 minus the Maclaurin series of the distribution function, whose terms are all positive once the density is factored out. */
function millsRatioBySeries(x: number): number {
  let term = x;
  let sum = 0;
  for (let odd = 3; sum + term !== sum; odd += 2) {
    sum += term;
    term *= (x * x) / odd;
  }
  return 0.5 / normalDensity(x) - sum;
}

/** Laplace's continued fraction 1/(x + 1/(x + 2/(x + 3/(x + ...)))), from the end. The depth is ample for 1e-16 at x >= 1. */
function millsRatioByFraction(x: number): number {
  let fraction = x;
  for (let depth = 20 + Math.ceil(400 / (x * x)); depth > 0; depth--) fraction = x + depth / fraction;
  return 1 / fraction;
}

/** The logarithm of the distribution function. */
export function logNormalCdf(x: number): number {
  if (x <= 0) return (-x * x) / 2 - HALF_LOG_TWO_PI + Math.log(millsRatio(-x));
  return Math.log1p(-normalDensity(x) * millsRatio(x));
}

/** The distribution function; relative precision holds in the lower tail. */
export function normalCdf(x: number): number {
  return x <= 0 ? normalDensity(x) * millsRatio(-x) : 1 - normalDensity(x) * millsRatio(x);
}
