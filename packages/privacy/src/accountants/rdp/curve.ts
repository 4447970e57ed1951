/** The Renyi divergence of a mechanism at an order above 1: RDP in nats, rounded to double precision, Infinity where no bound is known. */
export type RdpCurve = (order: number) => number;

/** Composition adds RDP at each order; this holds under adaptivity. */
export function composeRdp(parts: readonly { readonly curve: RdpCurve; readonly count: number }[]): RdpCurve {
  return (order) => {
    let total = 0;
    for (const { curve, count } of parts) total += count * curve(order);
    return total;
  };
}
