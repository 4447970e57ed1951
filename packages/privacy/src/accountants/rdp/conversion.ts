/** From an RDP curve to (epsilon, delta): Canonne, Kamath, Steinke 2020 (arXiv 2004.00010), proposition 12. */
import { requireDelta } from '../../parameters.ts';
import { goldenSection } from '../golden-section.ts';
import type { RdpCurve } from './curve.ts';

/** An epsilon and the order that gave it. */
export interface OrderedEpsilon {
  readonly epsilon: number;
  readonly order: number;
}

/** The 156 orders that DP libraries have settled on: 1.1 to 10.9 in tenths, 11 to 63, then four powers of two. */
export const RDP_ORDERS: readonly number[] = [
  ...Array.from({ length: 99 }, (_, i) => 1 + (i + 1) / 10),
  ...Array.from({ length: 53 }, (_, i) => 11 + i),
  128,
  256,
  512,
  1024,
];

/** Above the rounding of the conversion, far below what anyone reads. */
const ROUND_UP = 1 + 2 ** -40;

/** What one order proves. Also valid where RDP so small that total variation stays below delta makes it 0. */
export function epsilonAtOrder(rdp: number, order: number, delta: number): number {
  if (delta * delta + Math.expm1(-rdp) > 0) return 0;
  const epsilon = rdp + Math.log1p(-1 / order) - Math.log(delta * order) / (order - 1);
  return Math.max(0, epsilon * ROUND_UP);
}

/**
 * The smallest epsilon over a list of orders.
 * @throws PrivacyError `BAD_PARAMETER` on a delta outside (0, 1)
 */
export function epsilonFromRdp(
  curve: RdpCurve,
  delta: number,
  orders: readonly number[] = RDP_ORDERS,
): OrderedEpsilon {
  requireDelta(delta);
  let best: OrderedEpsilon = { epsilon: Infinity, order: orders[0] ?? Number.NaN };
  for (const order of orders) {
    const epsilon = epsilonAtOrder(curve(order), order, delta);
    if (epsilon < best.epsilon) best = { epsilon, order };
  }
  return best;
}

/**
 * The smallest epsilon over all orders above 1: the best of the list, then a search between its neighbours. Never above
 * `epsilonFromRdp`. Any order proves its epsilon, so a search that misses the best is loose, not wrong.
 */
export function optimalEpsilonFromRdp(curve: RdpCurve, delta: number): OrderedEpsilon {
  const listed = epsilonFromRdp(curve, delta);
  const place = RDP_ORDERS.indexOf(listed.order);
  const low = Math.log((RDP_ORDERS[place - 1] ?? 1 + 1e-6) - 1);
  const high = Math.log((RDP_ORDERS[place + 1] ?? 1e9) - 1);
  const at = (order: number): number => epsilonAtOrder(curve(order), order, delta);
  const order = 1 + Math.exp(goldenSection((logarithm) => at(1 + Math.exp(logarithm)), low, high, 1e-9));
  const epsilon = at(order);
  return epsilon < listed.epsilon ? { epsilon, order } : listed;
}
