/**
 * The model of greatest utility quality - lambda * costUsd, the first on ties.
 * @param start where the query's predictions begin in both arrays
 * @param models how many there are
 * @param lambda quality per USD
 * @returns its index, 0 .. models - 1; -1 where no model has predictions (NaN is never greater)
 */
export function chooseModel(
  quality: Float64Array,
  costUsd: Float64Array,
  start: number,
  models: number,
  lambda: number,
): number {
  let chosen = -1;
  let best = Number.NEGATIVE_INFINITY;
  for (let m = 0; m < models; m++) {
    const utility = (quality[start + m] as number) - lambda * (costUsd[start + m] as number);
    if (utility > best) {
      best = utility;
      chosen = m;
    }
  }
  return chosen;
}
