/**
 * How much a table is to trust its cells. A cell's mean differs from what is expected of it, its model's mean plus its cluster's effect, for two
 * reasons: models do have strengths of their own, with a variance between cells tau^2, and few observations scatter around their mean,
 * with a variance sigma^2 within a cell. The mean of least expected squared error is (sum + kappa * expected) / (n + kappa) with kappa =
 * sigma^2 / tau^2, and both variances follow from the sums of all cells by the method of moments (DerSimonian and Laird, 1986).
 */

/** More than any cell holds: the table then says what is expected, and nothing else. */
export const MOST_KAPPA = 1e6;

/** One cell with at least one observation. */
export interface Cell {
  /** Number of observations, above 0. */
  readonly n: number;
  /** Their mean less what is expected of it. */
  readonly excess: number;
}

/**
 * @param cells those with observations
 * @param within sum, over all observations, of their squared distance from the mean of their cell
 * @param fitted how many numbers the expectations were computed from
 * @returns 0 .. `MOST_KAPPA`; the latter where nothing shows that cells differ, or nothing how observations do
 */
export function estimateKappa(cells: readonly Cell[], within: number, fitted: number): number {
  let [observations, squaredCounts, between] = [0, 0, 0];
  for (const { n, excess } of cells) {
    observations += n;
    squaredCounts += n * n;
    between += n * excess * excess;
  }
  const repeated = observations - cells.length;
  const free = cells.length - fitted;
  if (repeated < 1 || free < 1) return MOST_KAPPA;
  const sigma2 = Math.max(0, within) / repeated;
  const tau2 = (between - free * sigma2) / (observations - squaredCounts / observations);
  if (!(tau2 > 0)) return MOST_KAPPA;
  return Math.min(MOST_KAPPA, sigma2 / tau2);
}
