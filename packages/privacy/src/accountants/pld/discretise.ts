import { lossRange, quadrature, type ContinuousLoss, type LossDistribution } from './loss-distribution.ts';

/** Probabilities on a grid of losses: `mass[i]` at the loss `(first + i) * step`. */
export interface GridLoss {
  readonly first: number;
  readonly step: number;
  readonly mass: Float64Array;
  /** Probability of an infinite loss. */
  readonly infinite: number;
}

/** Losses outside of which nothing of interest happens. */
export interface LossWindow {
  /** Losses below are raised to it. */
  readonly floor: number;
  /** Losses above count as infinite. */
  readonly cap: number;
}

/**
 * Connect the dots (Doroshenko, Ghazi, Kamath, Kumar, Manurangsi 2022, arXiv 2207.04380): every piece of probability between two grid
 * points is moved to the two in the one way that keeps its mass under P and under Q. The result dominates the original, so
 * composition and delta computed from it are upper bounds, and it exceeds the original by O(step^2) only.
 * @param step grid distance in nats, > 0
 */
export function discretise(
  distribution: LossDistribution,
  step: number,
  { floor, cap }: LossWindow,
): GridLoss {
  const { smallest, largest } = lossRange(distribution);
  const first = Math.floor(Math.max(floor, smallest) / step);
  const last = Math.ceil(Math.min(cap, largest) / step) + 1;
  const mass = new Float64Array(last - first + 1);
  let { infinite } = distribution;
  const whole = Math.expm1(-step);
  const put = (loss: number, probability: number): void => {
    if (loss > cap) {
      infinite += probability;
      return;
    }
    const raised = Math.max(loss, floor);
    const cell = Math.floor(raised / step);
    const above = (probability * Math.expm1(cell * step - raised)) / whole;
    const i = cell - first;
    mass[i] = (mass[i] as number) + probability - above;
    mass[i + 1] = (mass[i + 1] as number) + above;
  };
  for (const { loss, mass: probability } of distribution.atoms) put(loss, probability);
  if (distribution.continuous !== undefined) spread(distribution.continuous, step, { floor, cap }, put);
  return { first, step, mass, infinite };
}

/** Quadrature that stops at every grid point, where the split of `put` has a kink. */
function spread(
  continuous: ContinuousLoss,
  step: number,
  { floor, cap }: LossWindow,
  put: (loss: number, probability: number) => void,
): void {
  const { low, high, loss, position } = continuous;
  let from = low;
  const lowest = Math.max(loss(low), floor);
  const highest = Math.min(loss(high), cap);
  const advance = (to: number): void => {
    quadrature(continuous, from, to, put);
    from = Math.max(from, to);
  };
  for (let cell = Math.floor(lowest / step) + 1; cell * step < highest; cell++) {
    advance(Math.min(high, position(cell * step)));
  }
  if (cap < loss(high)) advance(position(cap));
  advance(high);
}
