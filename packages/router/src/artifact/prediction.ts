import { RouterError } from '../errors.ts';

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

/** @throws RouterError `BAD_EMBEDDING` */
export function checkLength(embedding: Float32Array, dimensions: number): void {
  if (embedding.length === dimensions) return;
  throw new RouterError('BAD_EMBEDDING', `embedding must hold ${dimensions} values, not ${embedding.length}`);
}

export function notFinite(): RouterError {
  return new RouterError('BAD_EMBEDDING', 'embedding must hold finite values only');
}
