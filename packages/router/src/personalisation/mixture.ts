/**
 * A mixture of two routers for one client, say that of a federation and its own: for each model its own weights, chosen on rows that neither was
 * trained on. Nothing leaves the client.
 */
import { emptyPrediction, type Predictor } from '../artifact/prediction.ts';
import { checkDataset, type Dataset } from '../dataset.ts';
import { RouterError } from '../errors.ts';

/** Weights of the first router, one per model, each in [0, 1]; the second has the rest. */
export interface MixtureWeights {
  readonly quality: Float64Array;
  /** Of the logarithm of the cost. */
  readonly cost: Float64Array;
}

/** What is believed of a weight before any row is seen: 1/2 in the mean, with this variance. */
const PRIOR_VARIANCE = 1 / 4;
/** Costs below it are taken for it: a logarithm needs one. In USD. */
const LEAST_COST = 1e-12;

/**
 * The weights of least squared error on held-out rows, by ridge regression in two steps: first one weight for all models, shrunk to 1/2; then one
 * per model, shrunk to that. A model with few rows thus takes what the client's other models say.
 * @throws RouterError `BAD_DATASET`, `OUT_OF_RANGE` where the routers are for different models
 */
export function mixtureWeights(first: Predictor, second: Predictor, heldOut: Dataset): MixtureWeights {
  checkSameModels(first, second);
  const { models, dimensions } = first;
  checkDataset(heldOut, models, dimensions);
  const quality = new Evidence(models.length);
  const cost = new Evidence(models.length);
  const [one, other] = [emptyPrediction(models.length), emptyPrediction(models.length)];
  for (let i = 0; i < heldOut.records; i++) {
    const query = heldOut.features.subarray(i * dimensions, (i + 1) * dimensions);
    first.predict(query, one);
    second.predict(query, other);
    for (let o = heldOut.offsets[i] as number; o < (heldOut.offsets[i + 1] as number); o++) {
      const m = heldOut.model[o] as number;
      quality.add(m, one.quality[m] as number, other.quality[m] as number, heldOut.quality[o] as number);
      cost.add(
        m,
        logOf(one.costUsd[m] as number),
        logOf(other.costUsd[m] as number),
        logOf(heldOut.costUsd[o] as number),
      );
    }
  }
  return { quality: quality.weights(), cost: cost.weights() };
}

/** @throws RouterError `OUT_OF_RANGE` where the routers are for different models */
export function mixturePredictor(first: Predictor, second: Predictor, weights: MixtureWeights): Predictor {
  checkSameModels(first, second);
  const { models, dimensions } = first;
  const other = emptyPrediction(models.length);
  return {
    models,
    dimensions,
    predict(embedding, into): void {
      first.predict(embedding, into);
      second.predict(embedding, other);
      for (let m = 0; m < models.length; m++) {
        const [quality, cost] = [weights.quality[m] as number, weights.cost[m] as number];
        into.quality[m] = mixed(into.quality[m] as number, other.quality[m] as number, quality);
        const logCost = mixed(logOf(into.costUsd[m] as number), logOf(other.costUsd[m] as number), cost);
        into.costUsd[m] = Math.exp(logCost);
      }
    },
  };
}

/** Where one of the routers knows nothing of a model, the other is all there is. */
function mixed(first: number, second: number, weight: number): number {
  if (Number.isNaN(second)) return first;
  if (Number.isNaN(first)) return second;
  return weight * first + (1 - weight) * second;
}

/** Sums of a regression of what is true on what two routers expect: truth - second = weight * (first - second). */
class Evidence {
  readonly #products: Float64Array;
  readonly #squares: Float64Array;
  #residuals = 0;
  #rows = 0;

  constructor(models: number) {
    this.#products = new Float64Array(models);
    this.#squares = new Float64Array(models);
  }

  add(model: number, first: number, second: number, truth: number): void {
    const difference = first - second;
    if (!Number.isFinite(difference) || !Number.isFinite(truth)) return;
    this.#products[model] = (this.#products[model] as number) + (truth - second) * difference;
    this.#squares[model] = (this.#squares[model] as number) + difference * difference;
    this.#residuals += (truth - (first + second) / 2) ** 2;
    this.#rows++;
  }

  weights(): Float64Array {
    // The ridge: variance of an observation over that of a weight.
    const ridge = this.#rows === 0 ? 1 : this.#residuals / this.#rows / PRIOR_VARIANCE;
    const common = shrunk(total(this.#products), total(this.#squares), 1 / 2, ridge);
    return this.#products.map((products, m) => shrunk(products, this.#squares[m] as number, common, ridge));
  }
}

function shrunk(products: number, squares: number, prior: number, ridge: number): number {
  if (squares + ridge === 0) return prior;
  return Math.min(1, Math.max(0, (products + ridge * prior) / (squares + ridge)));
}

function total(sums: Float64Array): number {
  return sums.reduce((a, b) => a + b, 0);
}

/** NaN stays NaN. */
function logOf(costUsd: number): number {
  return Math.log(Math.max(LEAST_COST, costUsd));
}

function checkSameModels(first: Predictor, second: Predictor): void {
  const same =
    first.models.length === second.models.length &&
    first.models.every((name, m) => name === second.models[m]);
  if (!same || first.dimensions !== second.dimensions) {
    throw new RouterError('OUT_OF_RANGE', 'the two routers are for different models or dimensions');
  }
}
