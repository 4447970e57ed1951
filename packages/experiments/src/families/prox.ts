import {
  createPredictor,
  type Dataset,
  emptyPrediction,
  type KMeansModel,
  logCostOf,
  proxFromKMeans,
  type ProxModel,
  RouterError,
  routerFromCentres,
  type RouterModel,
  startProgram,
} from '@tributary/router';
import { lloydCentres } from '../baselines/lloyd.ts';
import { runProgram } from '../sums/run-program.ts';
import type { Grid, Recipe } from '../tuning/grid.ts';
import { tuneAlone } from '../tuning/tune-alone.ts';
import { tuneFederated } from '../tuning/tune-federated.ts';
import { mostEvaluations } from './most-evaluations.ts';
import type { RouterFamily } from './router-family.ts';

/** As in the program. */
const STANDARD_CLUSTERS = 32;
const STANDARD_SHARPNESS = 20;
const CLUSTERS: readonly number[] = [8, 20, 32];
const SHARPNESSES: readonly number[] = [5, 10, 20, 40];

const STANDARD: Recipe = recipeOf(STANDARD_CLUSTERS, [STANDARD_SHARPNESS]);

const PROX_GRID: Grid = {
  recipes: CLUSTERS.map((clusters) => recipeOf(clusters, SHARPNESSES)),
  losses: proxLosses,
  greatestLoss: 2,
};

/** K-means with soft weights over clusters; how far cells shrink is estimated from the sums. */
export const proxFamily: RouterFamily = {
  name: 'prox',
  title: 'Weighted K-means',
  federated: (federation) => STANDARD.federated(federation)[0] as RouterModel,
  alone: (data, generator) => STANDARD.alone(data, generator)[0] as RouterModel,
  tuneFederated: (federation, parts) => tuneFederated(PROX_GRID, federation, parts),
  tuneAlone: (data, parts, generator) => tuneAlone(PROX_GRID, data, parts, generator),
};

/** Sharpness decides no sum: one run serves all. */
function recipeOf(clusters: number, sharpnesses: readonly number[]): Recipe {
  return {
    settings: sharpnesses.map((sharpness) => `K ${clusters}, sharpness ${sharpness}`),
    federated(federation) {
      const { clients, seed } = federation;
      const { models, dimensions } = clients[0] as Dataset;
      const maxEvaluationsPerQuery = Math.max(...clients.map(mostEvaluations));
      const start = startProgram('prox', { models, dimensions, seed, clusters, maxEvaluationsPerQuery });
      const { model } = runProgram(start, federation);
      return sharpnesses.map((sharpness) => ({ ...asProx(model), sharpness }));
    },
    alone(data, generator) {
      const centres = lloydCentres(data, Math.min(clusters, data.records), generator);
      const settings = { kappa: 'estimated', maxEvaluationsPerQuery: mostEvaluations(data) } as const;
      const kmeans: KMeansModel = routerFromCentres(data, centres, settings);
      const model = proxFromKMeans(data, kmeans, STANDARD_SHARPNESS);
      return sharpnesses.map((sharpness) => ({ ...model, sharpness }));
    },
  };
}

function asProx(model: RouterModel): ProxModel {
  if (model.kind !== 'prox') throw new RouterError('OUT_OF_RANGE', `a ${model.kind} router has no weights`);
  return model;
}

/**
 * Per observation the squared error of predicted quality (the Brier score) plus that of the logarithm of predicted cost, which is on the same
 * scale of 0 to 1.
 */
function proxLosses(model: RouterModel, data: Dataset): Float64Array {
  const { dimensions } = data;
  const predictor = createPredictor(model);
  const prediction = emptyPrediction(data.models.length);
  return Float64Array.from({ length: data.records }, (_, i) => {
    predictor.predict(data.features.subarray(i * dimensions, (i + 1) * dimensions), prediction);
    let [loss, observations] = [0, 0];
    for (let o = data.offsets[i] as number; o < (data.offsets[i + 1] as number); o++) {
      const m = data.model[o] as number;
      const quality = prediction.quality[m] as number;
      if (Number.isNaN(quality)) continue;
      const z = logCostOf(prediction.costUsd[m] as number, model);
      loss += (quality - (data.quality[o] as number)) ** 2;
      loss += (z - logCostOf(data.costUsd[o] as number, model)) ** 2;
      observations++;
    }
    return observations === 0 ? Number.NaN : loss / observations;
  });
}
