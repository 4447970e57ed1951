/**
 * The privacy loss ln(P/Q) of one release under P, for one pair of distributions that dominates all neighbours. Mass that
 * this description cuts off is counted as infinite loss, so that what follows from it is never too small.
 */
export interface LossDistribution {
  /** Losses that have probability of their own. */
  readonly atoms: readonly LossAtom[];
  /** All atoms lie on integer multiples of this loss, where that is so: a grid through them makes no error. */
  readonly atomSpacing?: number;
  /** The part of P that has a density. */
  readonly continuous?: ContinuousLoss;
  /** Probability of an infinite loss. */
  readonly infinite: number;
}

export interface LossAtom {
  readonly loss: number;
  readonly mass: number;
}

/** Outcomes x in [low, high] with a density under P and a loss that increases with x. */
export interface ContinuousLoss {
  readonly low: number;
  readonly high: number;
  /** Density and loss are smooth on this scale. */
  readonly panel: number;
  readonly density: (x: number) => number;
  readonly loss: (x: number) => number;
  /** The inverse of `loss`, on [loss(low), loss(high)]. */
  readonly position: (loss: number) => number;
}

/** The smallest and the largest finite loss. */
export function lossRange({ atoms, continuous }: LossDistribution): { smallest: number; largest: number } {
  let smallest = Infinity;
  let largest = -Infinity;
  if (continuous !== undefined) {
    smallest = continuous.loss(continuous.low);
    largest = continuous.loss(continuous.high);
  }
  for (const { loss } of atoms) {
    smallest = Math.min(smallest, loss);
    largest = Math.max(largest, loss);
  }
  return { smallest, largest };
}

type Rule = readonly (readonly [node: number, weight: number])[];

// Gauss-Legendre rules on [-1, 1]: five nodes for a panel, three for an eighth of one, two for a sixty-fourth.
const INNER = Math.sqrt(5 - 2 * Math.sqrt(10 / 7)) / 3;
const OUTER = Math.sqrt(5 + 2 * Math.sqrt(10 / 7)) / 3;
const INNER_WEIGHT = (322 + 13 * Math.sqrt(70)) / 900;
const OUTER_WEIGHT = (322 - 13 * Math.sqrt(70)) / 900;
const FIVE: Rule = [
  [-OUTER, OUTER_WEIGHT],
  [-INNER, INNER_WEIGHT],
  [0, 128 / 225],
  [INNER, INNER_WEIGHT],
  [OUTER, OUTER_WEIGHT],
];
const THREE: Rule = [
  [-Math.sqrt(0.6), 5 / 9],
  [0, 8 / 9],
  [Math.sqrt(0.6), 5 / 9],
];

const TWO: Rule = [
  [-Math.sqrt(1 / 3), 1],
  [Math.sqrt(1 / 3), 1],
];

/** Calls `visit` with the loss and the probability of each quadrature node on [from, to]. */
export function quadrature(
  { density, loss, panel }: ContinuousLoss,
  from: number,
  to: number,
  visit: (loss: number, mass: number) => void,
): void {
  const rule = to - from > panel / 8 ? FIVE : to - from > panel / 64 ? THREE : TWO;
  const panels = Math.ceil((to - from) / panel);
  const half = (to - from) / (2 * panels);
  for (let i = 0; i < panels; i++) {
    const centre = from + (2 * i + 1) * half;
    for (const [node, weight] of rule) {
      const x = centre + half * node;
      visit(loss(x), half * weight * density(x));
    }
  }
}

/** Every atom, and the quadrature nodes that stand for the density in moments. */
export function forEachLoss(
  { atoms, continuous }: LossDistribution,
  visit: (loss: number, mass: number) => void,
): void {
  for (const { loss, mass } of atoms) visit(loss, mass);
  if (continuous !== undefined) quadrature(continuous, continuous.low, continuous.high, visit);
}
