import { meanCostUsd } from '../cost/log-cost.ts';
import { RouterError } from '../errors.ts';
import { nearestCentreOf } from '../linalg/nearest-centre.ts';
import type { KMeansModel, RouterModel } from './model.ts';

/** What is expected of every model on one query; reused from query to query. Each array is `models.length` long. */
export interface Prediction {
  /** In [0, 1]; NaN for a model that nobody observed. */
  readonly quality: Float64Array;
  /** Mean cost in USD; NaN for a model that nobody observed. */
  readonly costUsd: Float64Array;
}

/** Predicts quality and cost of every model from a query's embedding: what is served, and what is evaluated. */
export interface Predictor {
  readonly models: readonly string[];
  readonly dimensions: number;
  /**
   * @param embedding `dimensions` values, of any norm: above norm 1 it is scaled to norm 1
   * @throws RouterError `BAD_EMBEDDING`
   */
  predict(embedding: Float32Array, into: Prediction): void;
}

export function emptyPrediction(models: number): Prediction {
  return { quality: new Float64Array(models), costUsd: new Float64Array(models) };
}

export function createPredictor(model: RouterModel): Predictor {
  switch (model.kind) {
    case 'kmeans':
      return kmeansPredictor(model);
  }
}

function kmeansPredictor(model: KMeansModel): Predictor {
  const { models, dimensions } = model;
  const nearest = nearestCentreOf(model.centres, dimensions);
  const tables = kmeansTables(model);
  return {
    models,
    dimensions,
    predict(embedding: Float32Array, into: Prediction): void {
      if (embedding.length !== dimensions) {
        throw new RouterError(
          'BAD_EMBEDDING',
          `embedding must hold ${dimensions} values, not ${embedding.length}`,
        );
      }
      const cluster = nearest.find(embedding, 0);
      if (cluster < 0) throw new RouterError('BAD_EMBEDDING', 'embedding must hold finite values only');
      for (let m = 0, cell = cluster * models.length; m < models.length; m++, cell++) {
        into.quality[m] = tables.quality[cell] as number;
        into.costUsd[m] = tables.costUsd[cell] as number;
      }
    },
  };
}

/** Predictions of a K-means router, row-major per (cluster, model), in the units and with the NaN of `Prediction`. */
export function kmeansTables(model: KMeansModel): Prediction {
  const { models, clusters } = model;
  const tables = emptyPrediction(clusters * models.length);
  const observed = observedModels(model);
  for (let cell = 0; cell < clusters * models.length; cell++) {
    const m = cell % models.length;
    const known = observed[m] === true;
    const variance = model.logCostVariance[m] as number;
    tables.quality[cell] = known ? (model.quality[cell] as number) : Number.NaN;
    tables.costUsd[cell] = known ? meanCostUsd(model.logCost[cell] as number, variance, model) : Number.NaN;
  }
  return tables;
}

/** Which models anybody observed. With noise, half an observation is none. */
export function observedModels({ models, observations }: KMeansModel): boolean[] {
  const perModel = new Float64Array(models.length);
  observations.forEach((n, cell) => {
    const m = cell % models.length;
    perModel[m] = (perModel[m] as number) + n;
  });
  return Array.from(perModel, (n) => n >= 0.5);
}
