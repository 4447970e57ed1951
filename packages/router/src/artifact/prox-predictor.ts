import { cosineDistancesTo } from '../linalg/cosine-distances.ts';
import { fillUnitBallPoint } from '../linalg/unit-ball.ts';
import type { ProxModel } from './model.ts';
import { checkLength, notFinite, type Prediction, type Predictor } from './prediction.ts';

/**
 * Means of tables over clusters. A cluster of n records, which lie at a mean distance s from its centre, weighs n / s * exp(-sharpness * d) for a query at
 * cosine distance d: the prior of ProxRouter. Cells without an observation hold what is expected there, so they need no weight of their own.
 * @param tables of the clusters
 */
export function proxPredictor(model: ProxModel, tables: Prediction): Predictor {
  const { models, dimensions, clusters, centres, records, distance, sharpness } = model;
  const distances = cosineDistancesTo(centres, dimensions);
  const prior = records.map((n, k) => n / (distance[k] as number));
  const point = new Float32Array(dimensions);
  const weights = new Float64Array(clusters);

  /** The nearest cluster with records counts for 1 before the prior: however sharp, the weights do not all vanish. */
  function fillWeights(): number {
    let nearest = Number.POSITIVE_INFINITY;
    for (let k = 0; k < clusters; k++) {
      if ((prior[k] as number) > 0) nearest = Math.min(nearest, weights[k] as number);
    }
    let total = 0;
    for (let k = 0; k < clusters; k++) {
      const farther = (weights[k] as number) - nearest;
      weights[k] = (prior[k] as number) > 0 ? (prior[k] as number) * Math.exp(-sharpness * farther) : 0;
      total += weights[k] as number;
    }
    return total;
  }

  return {
    models,
    dimensions,
    predict(embedding: Float32Array, into: Prediction): void {
      checkLength(embedding, dimensions);
      if (!fillUnitBallPoint(point, embedding, 0)) throw notFinite();
      distances.measure(point, weights);
      const total = fillWeights();
      into.quality.fill(0);
      into.costUsd.fill(0);
      for (let k = 0, cell = 0; k < clusters; k++) {
        const share = (weights[k] as number) / total;
        for (let m = 0; m < models.length; m++, cell++) {
          into.quality[m] = (into.quality[m] as number) + share * (tables.quality[cell] as number);
          into.costUsd[m] = (into.costUsd[m] as number) + share * (tables.costUsd[cell] as number);
        }
      }
    },
  };
}
