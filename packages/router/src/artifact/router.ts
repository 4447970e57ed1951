import { RouterError } from '../errors.ts';
import type { RouterArtifact } from './artifact.ts';
import { chooseModel } from './choose.ts';
import { emptyPrediction, type Predictor } from './prediction.ts';
import { createPredictor } from './predictor.ts';

/** Where a query goes, and what is predicted there. */
export interface Route {
  readonly model: string;
  /** Index into the router's models. */
  readonly index: number;
  /** In [0, 1]. */
  readonly quality: number;
  readonly costUsd: number;
}

export interface Router extends Predictor {
  readonly defaultLambda: number;
  /**
   * The model of greatest predicted quality - lambda * cost. Allocates nothing but its result.
   * @param embedding `dimensions` values from the artifact's encoder
   * @param lambda quality per USD, 0 .. 1e100, by default `defaultLambda`
   * @throws RouterError `BAD_EMBEDDING`, `BAD_LAMBDA`, `NO_OBSERVATIONS` where it has predictions for no model
   */
  route(embedding: Float32Array, lambda?: number): Route;
  /** Every model that has predictions, in order of what `route` maximises: the first is its choice, the others its fallbacks. */
  rank(embedding: Float32Array, lambda?: number): Route[];
}

/** Far above any price, and far enough below the largest double that lambda * cost stays finite. */
export const MAX_LAMBDA = 1e100;

export function createRouter({ model, defaultLambda }: RouterArtifact): Router {
  const predictor = createPredictor(model);
  const { models } = predictor;
  const prediction = emptyPrediction(models.length);
  const { quality, costUsd } = prediction;

  function predictAt(embedding: Float32Array, lambda: number): void {
    if (!(lambda >= 0 && lambda <= MAX_LAMBDA)) {
      throw new RouterError('BAD_LAMBDA', `lambda must be a number in 0 .. 1e100, not ${lambda}`);
    }
    predictor.predict(embedding, prediction);
  }

  function routeTo(index: number): Route {
    return {
      model: models[index] as string,
      index,
      quality: quality[index] as number,
      costUsd: costUsd[index] as number,
    };
  }

  return {
    ...predictor,
    defaultLambda,
    route(embedding: Float32Array, lambda: number = defaultLambda): Route {
      predictAt(embedding, lambda);
      const chosen = chooseModel(quality, costUsd, 0, models.length, lambda);
      if (chosen < 0) throw new RouterError('NO_OBSERVATIONS', 'the artifact has predictions for no model');
      return routeTo(chosen);
    },
    rank(embedding: Float32Array, lambda: number = defaultLambda): Route[] {
      predictAt(embedding, lambda);
      const utility = (route: Route): number => route.quality - lambda * route.costUsd;
      const routes = models.map((_, index) => routeTo(index)).filter((route) => !Number.isNaN(route.quality));
      return routes.toSorted((a, b) => utility(b) - utility(a) || a.index - b.index);
    },
  };
}
