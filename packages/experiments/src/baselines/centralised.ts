import {
  type Dataset,
  type KMeansModel,
  type KMeansSettings,
  routerFromCentres,
  type SeededGenerator,
} from '@tributary/router';
import { lloydCentres } from './lloyd.ts';
import { poolDatasets } from './pool-datasets.ts';

const CLUSTERS = 20;

/**
 * What one party that had everybody's records would train: the K-means router on the pooled rows. The mark for a federated router.
 * @param generator draws the random starts
 * @param settings as in the federated run; K is 20 by default, as there
 */
export function centralisedRouter(
  clients: readonly Dataset[],
  generator: SeededGenerator,
  settings: KMeansSettings = {},
): KMeansModel {
  const pooled = poolDatasets(clients);
  const clusters = Math.min(settings.clusters ?? CLUSTERS, pooled.records);
  return routerFromCentres(pooled, lloydCentres(pooled, clusters, generator), settings);
}
