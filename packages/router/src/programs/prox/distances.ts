/** How far the records of each cluster lie from its centre: the sum beside those of K-means that weights need. */
import type { KMeansModel, ProxModel } from '../../artifact/model.ts';
import { checkDataset, type Dataset } from '../../dataset.ts';
import { RouterError } from '../../errors.ts';
import { cosineDistancesTo } from '../../linalg/cosine-distances.ts';
import { nearestCentreOf } from '../../linalg/nearest-centre.ts';
import type { RecordVector, SumPlan } from '../../program.ts';
import { notFinite } from '../kmeans/clustering.ts';
import { sumInDoubles } from '../sum-in-doubles.ts';

/** Per cluster: the number of its records, and half of the sum of their cosine distances. */
const OF_CLUSTER = 2;
/** Mean distances count for no less: a cluster of one record is not infinitely sure of itself. */
const LEAST_DISTANCE = 0.01;

export function distancesPlan({ clusters }: KMeansModel): SumPlan {
  return {
    step: 'distances',
    dimension: OF_CLUSTER * clusters,
    recordNorm: Math.SQRT2,
    recordMax: 1,
    recordSupport: OF_CLUSTER,
  };
}

export function* contributeToDistances(
  { centres, dimensions }: KMeansModel,
  data: Dataset,
): Generator<RecordVector> {
  const nearest = nearestCentreOf(centres, dimensions);
  const distances = cosineDistancesTo(centres, dimensions);
  const indices = new Uint32Array(OF_CLUSTER);
  const values = Float64Array.of(1, 0);
  for (let i = 0; i < data.records; i++) {
    const cluster = nearest.find(data.features, i * dimensions);
    if (cluster < 0) throw notFinite(i);
    indices[0] = OF_CLUSTER * cluster;
    indices[1] = OF_CLUSTER * cluster + 1;
    values[1] = distances.to(cluster, nearest.point) / 2;
    yield { length: OF_CLUSTER, indices, values };
  }
}

/** @throws RouterError `NO_RECORDS` */
export function proxModelOf(kmeans: KMeansModel, sharpness: number, sum: Float64Array): ProxModel {
  const records = new Float64Array(kmeans.clusters);
  const distance = new Float64Array(kmeans.clusters).fill(1);
  for (let k = 0; k < kmeans.clusters; k++) {
    const count = sum[OF_CLUSTER * k] as number;
    if (count < 0.5) continue;
    records[k] = count;
    const mean = (2 * (sum[OF_CLUSTER * k + 1] as number)) / count;
    distance[k] = Math.max(LEAST_DISTANCE, Math.min(2, mean));
  }
  if (!records.some((count) => count > 0)) {
    throw new RouterError('NO_RECORDS', 'the survivors hold no records; nothing can be learned');
  }
  return { ...kmeans, kind: 'prox', records, distance, sharpness };
}

/**
 * The weighted router that data in one place make of a K-means router, with the sum in doubles.
 * @throws RouterError `BAD_DATASET`
 */
export function proxFromKMeans(data: Dataset, kmeans: KMeansModel, sharpness: number): ProxModel {
  checkDataset(data, kmeans.models, kmeans.dimensions);
  const { dimension } = distancesPlan(kmeans);
  return proxModelOf(kmeans, sharpness, sumInDoubles(contributeToDistances(kmeans, data), dimension));
}
