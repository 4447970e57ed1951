/**
 * Between zero-concentrated privacy rho and (epsilon, delta): Canonne, Kamath, Steinke 2020 (arXiv 2004.00010), proposition 12,
 * minimised over all orders. For display and for setting a limit once; the filter itself stays in rationals.
 */
import { goldenSection } from '../accountants/golden-section.ts';
import { epsilonAtOrder, type OrderedEpsilon } from '../accountants/rdp/conversion.ts';
import { requireDelta, requirePositive } from '../parameters.ts';
import { PrivacyError } from '../privacy-error.ts';
import { rational, rationalFromNumber, toNumberUp, ZERO, type Rational } from './rational.ts';

/** Above the rounding of the formulas. */
const ROUNDING = 2 ** -40;

/** `epsilonFromRho` with the order that proves it. */
export function convertRho(rho: Rational, delta: number): OrderedEpsilon {
  requireDelta(delta);
  const r = toNumberUp(rho);
  const epsilonAt = (order: number): number => epsilonAtOrder(r * order, order, delta);
  const order = minimiseOverOrders(epsilonAt);
  return { epsilon: epsilonAt(order), order };
}

/**
 * The smallest epsilon that `rho`-zCDP implies at `delta`, rounded up.
 * @throws PrivacyError `BAD_PARAMETER` on a delta outside (0, 1)
 */
export function epsilonFromRho(rho: Rational, delta: number): number {
  return convertRho(rho, delta).epsilon;
}

/**
 * The smallest delta that `rho`-zCDP implies at `epsilon` >= 0, rounded up: the same bound solved for delta.
 * @throws PrivacyError `BAD_PARAMETER` on a negative epsilon
 */
export function deltaFromRho(rho: Rational, epsilon: number): number {
  if (!(epsilon >= 0)) {
    throw new PrivacyError('BAD_PARAMETER', `epsilon must not be negative, not ${epsilon}`);
  }
  const r = toNumberUp(rho);
  const logDeltaAt = (order: number): number =>
    (order - 1) * (r * order - epsilon + Math.log1p(-1 / order)) - Math.log(order);
  const logDelta = logDeltaAt(minimiseOverOrders(logDeltaAt));
  // The total variation distance bounds delta at every epsilon (Bretagnolle, Huber).
  const totalVariation = Math.sqrt(-Math.expm1(-r));
  return Math.min(1, (1 + ROUNDING) * Math.min(totalVariation, Math.exp(logDelta)));
}

/**
 * The largest rho whose epsilon at `delta` is at most `epsilon`, rounded down to a multiple of 2^-64.
 * @throws PrivacyError `BAD_PARAMETER` on an epsilon that is not above 0 or a delta outside (0, 1)
 */
export function rhoFromEpsilon(epsilon: number, delta: number): Rational {
  requirePositive('epsilon', epsilon);
  requireDelta(delta);
  const rhoAt = (order: number): number =>
    (epsilon - Math.log1p(-1 / order) + Math.log(delta * order) / (order - 1)) / order;
  const best = rhoAt(minimiseOverOrders((order) => -rhoAt(order)));
  for (let candidate = best * (1 - ROUNDING); candidate >= 2 ** -64; candidate *= 1 - ROUNDING) {
    const { numerator, denominator } = rationalFromNumber(candidate);
    const rho = rational((numerator << 64n) / denominator, 1n << 64n);
    if (epsilonFromRho(rho, delta) <= epsilon) return rho;
  }
  return ZERO;
}

/** The order above 1 at which `f` is smallest: a scan on the logarithm of order - 1, then a search around its best point. */
function minimiseOverOrders(f: (order: number) => number): number {
  const at = (logarithm: number): number => f(1 + Math.exp(logarithm));
  const scanStep = 0.25;
  let best = -12;
  for (let place = best; place <= 60; place += scanStep) {
    if (at(place) < at(best)) best = place;
  }
  return 1 + Math.exp(goldenSection(at, best - scanStep, best + scanStep, 1e-9));
}
