import { meanCostUsd } from '../cost/log-cost.ts';
import { nearestCentreOf } from '../linalg/nearest-centre.ts';
import { mfPredictor } from './mf-predictor.ts';
import { mlpPredictor } from './mlp-predictor.ts';
import type { KMeansModel, RouterModel } from './model.ts';
import { proxPredictor } from './prox-predictor.ts';
import { checkLength, emptyPrediction, notFinite, type Prediction, type Predictor } from './prediction.ts';

export function createPredictor(model: RouterModel): Predictor {
  switch (model.kind) {
    case 'kmeans':
      return kmeansPredictor(model);
    case 'prox':
      return proxPredictor(model, kmeansTables(model));
    case 'mlp':
      return mlpPredictor(model);
    case 'mf':
      return mfPredictor(model);
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
      checkLength(embedding, dimensions);
      const cluster = nearest.find(embedding, 0);
      if (cluster < 0) throw notFinite();
      for (let m = 0, cell = cluster * models.length; m < models.length; m++, cell++) {
        into.quality[m] = tables.quality[cell] as number;
        into.costUsd[m] = tables.costUsd[cell] as number;
      }
    },
  };
}

/** Predictions of a K-means router, row-major per (cluster, model), in the units and with the NaN of `Prediction`. */
export function kmeansTables(model: Omit<KMeansModel, 'kind'>): Prediction {
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
export function observedModels({
  models,
  observations,
}: Pick<KMeansModel, 'models' | 'observations'>): boolean[] {
  const perModel = new Float64Array(models.length);
  observations.forEach((n, cell) => {
    const m = cell % models.length;
    perModel[m] = (perModel[m] as number) + n;
  });
  return Array.from(perModel, (n) => n >= 0.5);
}
