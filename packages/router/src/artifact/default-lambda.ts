import { meanCostUsd } from '../cost/log-cost.ts';
import { LAMBDA_GRID } from '../evaluation/lambda-grid.ts';
import { chooseModel } from './choose.ts';
import type { NetworkModel, RouterModel } from './model.ts';
import type { Prediction } from './prediction.ts';
import { kmeansTables } from './predictor.ts';

/** Share of the best single model's predicted quality that the default lambda keeps. */
export const DEFAULT_QUALITY_SHARE = 0.97;

/**
 * The greatest lambda, in quality per USD, of the cheapest point of the lambda grid at which the router itself predicts at least 97 % of the
 * quality it predicts for the best single model; 0, which is quality alone, where no point reaches it. From public tables and
 * counts, without data: predictions can be too good, so a user who has test data chooses better.
 */
export function defaultLambdaOf(model: RouterModel): number {
  const { tables, weights } = profilesOf(model);
  const models = model.models.length;
  const wanted = DEFAULT_QUALITY_SHARE * bestSingleQuality(tables, weights, models);
  let defaultLambda = 0;
  let least = Number.POSITIVE_INFINITY;
  for (const lambda of LAMBDA_GRID) {
    let [quality, costUsd] = [0, 0];
    weights.forEach((weight, row) => {
      const chosen = row * models + chooseModel(tables.quality, tables.costUsd, row * models, models, lambda);
      quality += weight * (tables.quality[chosen] as number);
      costUsd += weight * (tables.costUsd[chosen] as number);
    });
    if (quality >= wanted && costUsd <= least) {
      least = costUsd;
      defaultLambda = lambda;
    }
  }
  return defaultLambda;
}

/** Rows of predictions that stand for what the router gives, and how many observations stand behind each. */
export function profilesOf(model: RouterModel): {
  readonly tables: Prediction;
  readonly weights: Float64Array;
} {
  switch (model.kind) {
    case 'kmeans':
    case 'prox': {
      const weights = new Float64Array(model.clusters);
      model.observations.forEach((n, cell) => {
        const cluster = Math.floor(cell / model.models.length);
        weights[cluster] = (weights[cluster] as number) + n;
      });
      return { tables: kmeansTables(model), weights };
    }
    case 'mlp':
    case 'mf':
      return { tables: meansOf(model), weights: Float64Array.of(1) };
  }
}

/** A network has no tables: one row, what each model did on average. */
function meansOf(model: NetworkModel): Prediction {
  const unobserved = (m: number): boolean => (model.observations[m] as number) < 0.5;
  return {
    quality: model.quality.map((quality, m) => (unobserved(m) ? Number.NaN : quality)),
    costUsd: model.logCost.map((z, m) =>
      unobserved(m) ? Number.NaN : meanCostUsd(z, (model.logCostDeviation[m] as number) ** 2, model),
    ),
  };
}

function bestSingleQuality({ quality }: Prediction, weights: Float64Array, models: number): number {
  let best = 0;
  for (let m = 0; m < models; m++) {
    let total = 0;
    weights.forEach((weight, row) => {
      total += weight * (quality[row * models + m] as number);
    });
    if (total > best) best = total;
  }
  return best;
}
