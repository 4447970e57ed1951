import { type Dataset, type KMeansModel, type KMeansSettings, routerFromCentres } from '@tributary/router';
import { poolDatasets } from './pool-datasets.ts';

/** K = 1 on the pooled rows: knows every model's mean, and is blind to the query. What it reaches, routing has not earned. */
export function staticRouter(clients: readonly Dataset[], settings: KMeansSettings = {}): KMeansModel {
  const pooled = poolDatasets(clients);
  return routerFromCentres(pooled, new Float64Array(pooled.dimensions), settings);
}
