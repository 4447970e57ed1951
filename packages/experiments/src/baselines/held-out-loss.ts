import {
  type Dataset,
  type KMeansModel,
  logCostOf,
  nearestCentreOf,
  observedModels,
} from '@tributary/router';

/**
 * Mean over observations of the squared error of predicted quality (the Brier score) plus the squared error of predicted log cost,
 * which is on the same scale of 0 to 1. Observations of models without predictions are left out: no choice of K helps there.
 * @returns 0 where nothing is left
 */
export function heldOutLoss(model: KMeansModel, data: Dataset): number {
  const { models, dimensions, centres } = model;
  const nearest = nearestCentreOf(centres, dimensions);
  const known = observedModels(model);
  let loss = 0;
  let observations = 0;
  for (let i = 0; i < data.records; i++) {
    const start = nearest.find(data.features, i * dimensions) * models.length;
    for (let o = data.offsets[i] as number; o < (data.offsets[i + 1] as number); o++) {
      const m = data.model[o] as number;
      if (known[m] !== true) continue;
      loss += ((model.quality[start + m] as number) - (data.quality[o] as number)) ** 2;
      loss += ((model.logCost[start + m] as number) - logCostOf(data.costUsd[o] as number, model)) ** 2;
      observations++;
    }
  }
  return observations === 0 ? 0 : loss / observations;
}
