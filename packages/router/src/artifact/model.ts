import type { CostBounds } from '../cost/log-cost.ts';

/** What a program finishes with; `kind` is the program's name. One more program is one more member. */
export type RouterModel = KMeansModel;

/**
 * The K-means router: a query takes the row of its nearest centre. Tables are row-major, `clusters * models.length` values; they
 * hold what basic arithmetic gives, the same bits on every machine, and costs stay on the log scale in which they travelled.
 */
export interface KMeansModel extends CostBounds {
  readonly kind: 'kmeans';
  /** Display names; the index is what routing returns. */
  readonly models: readonly string[];
  /** Length of an embedding. */
  readonly dimensions: number;
  readonly clusters: number;
  /** Row-major, `clusters * dimensions` values. */
  readonly centres: Float64Array;
  /** Number of observations per (cluster, model). A model without any has no predictions and is never chosen. */
  readonly observations: Float64Array;
  /** Predicted quality in [0, 1] per (cluster, model), shrunk to the model's mean. */
  readonly quality: Float64Array;
  /** Predicted mean of the log cost z in [0, 1] per (cluster, model), shrunk to the model's mean. */
  readonly logCost: Float64Array;
  /** Variance of z inside a cluster, one per model. */
  readonly logCostVariance: Float64Array;
}
