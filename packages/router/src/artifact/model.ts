import type { CostBounds } from '../cost/log-cost.ts';

/** What a program finishes with. One more kind of router is one more member. */
export type RouterModel = KMeansModel | ProxModel | MlpModel | MfModel;

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
  /** Predicted quality in [0, 1] per (cluster, model), shrunk to what is expected there. */
  readonly quality: Float64Array;
  /** Predicted mean of the log cost z in [0, 1] per (cluster, model), shrunk to what is expected there. */
  readonly logCost: Float64Array;
  /** How far these tables shrank. What is observed later counts beside a cell that weighs its observations and kappa. */
  readonly kappa: Shrinkage;
  /** Variance of z inside a cluster, one per model. */
  readonly logCostVariance: Float64Array;
}

/** A K-means router whose predictions are means over clusters, weighed as in ProxRouter (arXiv 2510.09852). */
export interface ProxModel extends Omit<KMeansModel, 'kind'> {
  readonly kind: 'prox';
  /** Per cluster the number of its records. Above 0 somewhere. */
  readonly records: Float64Array;
  /** Per cluster the mean cosine distance of its records to its centre, above 0, at most 2. */
  readonly distance: Float64Array;
  /** How fast weights fall with a query's cosine distance, as a power of e. At least 0. */
  readonly sharpness: number;
}

/** Weight, in observations, of what is expected of a cell. Both at least 0. */
export interface Shrinkage {
  readonly quality: number;
  readonly logCost: number;
}

/**
 * A router that is a network: it gives for each model the logit of its quality and its scaled cost, which is (z - logCost) / logCostDeviation of
 * the model, clipped to +-3. Arrays hold one value per model unless said otherwise.
 */
export interface NetworkModel extends CostBounds {
  /** Display names; the index is what routing returns. */
  readonly models: readonly string[];
  /** Length of an embedding. */
  readonly dimensions: number;
  /** All parameters, in the order of the network. */
  readonly weights: Float32Array;
  /** Number of training observations. A model without any has no predictions and is never chosen. */
  readonly observations: Float64Array;
  /** Mean quality of the training observations, in [0, 1]. */
  readonly quality: Float64Array;
  /** Mean of their log cost z, in [0, 1]. */
  readonly logCost: Float64Array;
  /** Standard deviation of z, the unit of the scaled cost. Above 0, at most 1. */
  readonly logCostDeviation: Float64Array;
  /** Mean square of what z differs by from its prediction, in [0, 1]. */
  readonly logCostVariance: Float64Array;
  /** Rounds, or epochs where data lay in one place, after which these weights were taken. */
  readonly rounds: number;
  /** Mean loss per observation on records that were held out from training, of all clients together; absent where none were. */
  readonly heldOutLoss?: number;
}

/** The MLP router: a trunk of two hidden layers, and for each model one head for its quality and one for its cost. Weights are as `TENSORS` says. */
export interface MlpModel extends NetworkModel {
  readonly kind: 'mlp';
  /** Widths of the two hidden layers. */
  readonly hidden: readonly [number, number];
}

/**
 * The matrix factorisation router: a query is projected to a vector, which is multiplied element by element with the vector of a model; two
 * linear heads, the same for all models, read quality and cost. Weights are as `MF_TENSORS` says.
 */
export interface MfModel extends NetworkModel {
  readonly kind: 'mf';
  /** Length of the vectors. */
  readonly rank: number;
}
