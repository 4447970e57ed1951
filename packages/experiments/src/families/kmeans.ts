import {
  type Dataset,
  type KMeansSettings,
  logCostOf,
  nearestCentreOf,
  createPredictor,
  type KMeansModel,
  observedModels,
  personalKMeans,
  previousRouterText,
  RouterError,
  routerFromCentres,
  type RouterModel,
  startProgram,
} from '@tributary/router';
import { lloydCentres } from '../baselines/lloyd.ts';
import { replayProgram, runProgram } from '../sums/run-program.ts';
import type { Grid, Recipe } from '../tuning/grid.ts';
import { tuneAlone } from '../tuning/tune-alone.ts';
import { tuneFederated } from '../tuning/tune-federated.ts';
import { mostEvaluations } from './most-evaluations.ts';
import type { Federation, RouterFamily } from './router-family.ts';

type Kappa = NonNullable<KMeansSettings['kappa']>;

/** As in the program. */
const STANDARD_CLUSTERS = 20;
const CLUSTERS: readonly number[] = [1, 8, 20];
const KAPPAS: readonly Kappa[] = [20, 50, 200, 'estimated'];

const STANDARD: Recipe = recipeOf(STANDARD_CLUSTERS, ['estimated']);

export const KMEANS_GRID: Grid = {
  recipes: CLUSTERS.map((clusters) => recipeOf(clusters, KAPPAS)),
  losses: kmeansLosses,
  greatestLoss: 2,
};

export const kmeansFamily: RouterFamily = {
  name: 'kmeans',
  title: 'K-means',
  federated: (federation) => STANDARD.federated(federation)[0] as RouterModel,
  alone: (data, generator) => STANDARD.alone(data, generator)[0] as RouterModel,
  tuneFederated: (federation, parts) => tuneFederated(KMEANS_GRID, federation, parts),
  tuneAlone: (data, parts, generator) => tuneAlone(KMEANS_GRID, data, parts, generator),
  addModels: update,
  addClients: update,
  personal: ({ federated, own }) => createPredictor(personalKMeans(asKMeans(federated), own)),
};

function update(router: RouterModel, federation: Federation): RouterModel {
  const { clients, seed } = federation;
  const { models, dimensions } = clients[0] as Dataset;
  const start = startProgram('kmeans-update', {
    router: previousRouterText(router),
    models,
    dimensions,
    seed,
    maxEvaluationsPerQuery: Math.max(...clients.map(mostEvaluations)),
  });
  return runProgram(start, federation).model;
}

function asKMeans(model: RouterModel): KMeansModel {
  if (model.kind !== 'kmeans')
    throw new RouterError('OUT_OF_RANGE', `a ${model.kind} router is no K-means router`);
  return model;
}

/**
 * Centres do not depend on kappa, and kappa decides no plan: one clustering, and one sequence of sums, serves all kappas.
 */
function recipeOf(clusters: number, kappas: readonly Kappa[]): Recipe {
  return {
    settings: kappas.map((kappa) => `K ${clusters}, kappa ${kappa}`),
    federated(federation) {
      const { clients, seed } = federation;
      const { models, dimensions } = clients[0] as Dataset;
      const starts = kappas.map((kappa) =>
        startProgram('kmeans', {
          models,
          dimensions,
          seed,
          clusters,
          kappa,
          maxEvaluationsPerQuery: Math.max(...clients.map(mostEvaluations)),
        }),
      );
      const [first, ...others] = starts;
      if (first === undefined) return [];
      const finished = runProgram(first, federation);
      return [finished.model, ...others.map((start) => replayProgram(start, finished.sums))];
    },
    alone(data, generator) {
      const centres = lloydCentres(data, Math.min(clusters, data.records), generator);
      const maxEvaluationsPerQuery = mostEvaluations(data);
      return kappas.map((kappa) => routerFromCentres(data, centres, { kappa, maxEvaluationsPerQuery }));
    },
  };
}

/**
 * Per observation the squared error of predicted quality (the Brier score) plus the squared error of predicted log cost, which is on the
 * same scale of 0 to 1.
 */
export function kmeansLosses(router: RouterModel, data: Dataset): Float64Array {
  const model = asKMeans(router);
  const { models, dimensions, centres } = model;
  const nearest = nearestCentreOf(centres, dimensions);
  const known = observedModels(model);
  return Float64Array.from({ length: data.records }, (_, i) => {
    const start = nearest.find(data.features, i * dimensions) * models.length;
    let [loss, observations] = [0, 0];
    for (let o = data.offsets[i] as number; o < (data.offsets[i + 1] as number); o++) {
      const m = data.model[o] as number;
      if (known[m] !== true) continue;
      loss += ((model.quality[start + m] as number) - (data.quality[o] as number)) ** 2;
      loss += ((model.logCost[start + m] as number) - logCostOf(data.costUsd[o] as number, model)) ** 2;
      observations++;
    }
    return observations === 0 ? Number.NaN : loss / observations;
  });
}
