import type { KMeansModel } from '../../artifact/model.ts';
import { checkDataset, type Dataset } from '../../dataset.ts';
import { RouterError } from '../../errors.ts';
import { sumInDoubles } from '../sum-in-doubles.ts';
import { checkKMeansParameters, type KMeansSettings } from './parameters.ts';
import type { StatisticsState } from './state.ts';
import { contributeToStatistics, kmeansModelOf, statisticsPlan } from './statistics.ts';

/**
 * The router that data in one place gives for fixed centres, by the program's own statistics and shrinkage but with sums in doubles:
 * baselines then differ from a federated router in their data and centres, and in nothing else.
 * @param centres row-major, a whole number of rows of `data.dimensions` values
 * @param settings `clusters` is the number of centres, whatever it says
 * @throws RouterError `NO_OBSERVATIONS`, `BAD_DATASET`, `BAD_PARAMETERS`, `OUT_OF_RANGE`
 */
export function routerFromCentres(
  data: Dataset,
  centres: Float64Array,
  settings: KMeansSettings = {},
): KMeansModel {
  const { models, dimensions } = data;
  const clusters = centres.length / dimensions;
  if (clusters < 1 || !Number.isInteger(clusters)) {
    throw new RouterError(
      'OUT_OF_RANGE',
      `centres must be rows of ${dimensions} values, not ${centres.length} in all`,
    );
  }
  const parameters = checkKMeansParameters({
    ...settings,
    models,
    dimensions,
    clusters,
    seed: '0'.repeat(64),
  });
  checkDataset(data, models, dimensions);
  const state: StatisticsState = { phase: 'statistics', parameters, centres };
  const { dimension } = statisticsPlan(state);
  return kmeansModelOf(state, sumInDoubles(contributeToStatistics(state, data), dimension));
}
