/**
 * How a cost travels: z = log(max(c, c0) / c0) / log(c1 / c0), clipped to [0, 1], with public bounds c0 < c1. One dear query
 * then moves a sum by no more than a cheap one, and five decades of prices fit a few thousand integer steps.
 */
export interface CostBounds {
  /** c0 in USD, above 0: what is cheaper counts as this. */
  readonly costMinUsd: number;
  /** c1 in USD, above c0: what is dearer counts as this. */
  readonly costMaxUsd: number;
}

/** @returns z in [0, 1]; 0 for a cost that is no number */
export function logCostOf(costUsd: number, { costMinUsd, costMaxUsd }: CostBounds): number {
  if (!(costUsd > costMinUsd)) return 0;
  if (costUsd >= costMaxUsd) return 1;
  return Math.min(1, Math.log(costUsd / costMinUsd) / Math.log(costMaxUsd / costMinUsd));
}

/**
 * The mean cost in USD of a log-normal variable whose z has this mean and variance: exp of the mean alone would be the
 * geometric mean, which is too low, and by more for models whose answers vary more in length.
 * @returns a value in [c0, c1]
 */
export function meanCostUsd(mean: number, variance: number, { costMinUsd, costMaxUsd }: CostBounds): number {
  const width = Math.log(costMaxUsd / costMinUsd);
  const usd = costMinUsd * Math.exp(width * (mean + (width * variance) / 2));
  return Math.min(costMaxUsd, Math.max(costMinUsd, usd));
}
