import {
  bestSingle,
  createPredictor,
  type Dataset,
  emptyPrediction,
  LAMBDA_GRID,
  routerCurve,
  type RouterModel,
  singleModels,
  type TestSet,
} from '@tributary/router';

/** Share of the best single model's predicted quality that the choice keeps. */
const KEPT = 0.97;

/**
 * The lambda that a client chooses by queries it held out: of the cheapest point of the grid at which the router predicts, on these
 * queries, at least 97 % of the quality that it predicts for the best single model; 0, which is quality alone, where no point does.
 * @param model trained without these queries
 */
export function chooseLambda(model: RouterModel, heldOut: Dataset): number {
  const predicted = asPredicted(model, heldOut);
  const wanted = KEPT * (bestSingle(singleModels(predicted))?.quality ?? 0);
  let chosen = 0;
  let least = Number.POSITIVE_INFINITY;
  for (const { lambda, quality, costUsd } of routerCurve(createPredictor(model), predicted, LAMBDA_GRID)) {
    if (quality >= wanted && costUsd <= least) {
      least = costUsd;
      chosen = lambda;
    }
  }
  return chosen;
}

/** The queries as if the router's predictions were true; a model that it knows nothing of, and never chooses, has quality 0. */
function asPredicted(model: RouterModel, { records, dimensions, features }: Dataset): TestSet {
  const predictor = createPredictor(model);
  const { models } = predictor;
  const row = emptyPrediction(models.length);
  const quality = new Float64Array(records * models.length);
  const costUsd = new Float64Array(records * models.length);
  for (let i = 0; i < records; i++) {
    predictor.predict(features.subarray(i * dimensions, (i + 1) * dimensions), row);
    quality.set(row.quality, i * models.length);
    costUsd.set(row.costUsd, i * models.length);
  }
  return {
    models,
    dimensions,
    queries: records,
    features,
    quality: quality.map((value) => (Number.isNaN(value) ? 0 : value)),
    costUsd: costUsd.map((value) => (Number.isNaN(value) ? 0 : value)),
  };
}
