/**
 * A K-means router for one client: the federated table is the prior of what the client saw itself, (own + kappa * federated) / (n + kappa).
 * Nothing leaves the client.
 */
import type { KMeansModel } from '../artifact/model.ts';
import { observedModels } from '../artifact/predictor.ts';
import { unitInterval } from '../counted-observations.ts';
import { checkDataset, type Dataset } from '../dataset.ts';
import { checkKMeansParameters } from '../programs/kmeans/parameters.ts';
import { type Cell, estimateKappa } from '../programs/kmeans/shrinkage.ts';
import { CELL, contributeToStatistics, statisticsPlan } from '../programs/kmeans/statistics.ts';
import { sumInDoubles } from '../programs/sum-in-doubles.ts';

/**
 * @param federated not changed
 * @param own the client's rows, with the router's models in its order; all observations of a row count
 * @param kappa weight of the federated table in observations; by default estimated from how far the client's own cells lie from it, for quality
 *   and for cost
 * @throws RouterError `BAD_DATASET`
 */
export function personalKMeans(
  federated: KMeansModel,
  own: Dataset,
  kappa: number | 'estimated' = 'estimated',
): KMeansModel {
  const { models, dimensions, clusters, costMinUsd, costMaxUsd } = federated;
  checkDataset(own, models, dimensions);
  const parameters = checkKMeansParameters({
    models,
    dimensions,
    seed: '0'.repeat(64),
    clusters,
    maxEvaluationsPerQuery: models.length,
    costMinUsd,
    costMaxUsd,
  });
  const state = { phase: 'statistics', parameters, centres: federated.centres } as const;
  const sum = sumInDoubles(contributeToStatistics(state, own), statisticsPlan(state).dimension);
  const known = observedModels(federated);
  const cells = Array.from({ length: clusters * models.length }, (_, cell) => cell);
  const counts = Float64Array.from(cells, (cell) => sum[CELL * cell] as number);
  const table = (federatedTable: Float64Array, field: number, bounded: boolean): Float64Array => {
    const sums = Float64Array.from(cells, (cell) => sum[CELL * cell + field] as number);
    const squares = sum.subarray(CELL * cells.length);
    const weight =
      kappa === 'estimated'
        ? kappaOf(federatedTable, counts, sums, known, bounded ? undefined : squares)
        : kappa;
    return Float64Array.from(cells, (cell) => {
      const n = counts[cell] as number;
      // What the federation does not know, it does not serve: the client's own log is too thin a ground for a model.
      if (known[cell % models.length] !== true || n === 0) return federatedTable[cell] as number;
      return unitInterval(
        ((sums[cell] as number) + weight * (federatedTable[cell] as number)) / (n + weight),
      );
    });
  };
  return {
    ...federated,
    quality: table(federated.quality, 1, true),
    logCost: table(federated.logCost, 2, false),
  };
}

/** @param squares of the values, one sum per model; without them the values are taken for 0 or 1 */
function kappaOf(
  prior: Float64Array,
  counts: Float64Array,
  sums: Float64Array,
  known: readonly boolean[],
  squares: Float64Array | undefined,
): number {
  const cells: Cell[] = [];
  let within = 0;
  squares?.forEach((value, m) => (within += known[m] === true ? value : 0));
  counts.forEach((n, cell) => {
    if (n < 0.5 || known[cell % known.length] !== true) return;
    const mean = (sums[cell] as number) / n;
    cells.push({ n, excess: mean - (prior[cell] as number) });
    within += squares === undefined ? n * mean * (1 - mean) : -n * mean * mean;
  });
  return estimateKappa(cells, within, 0);
}
