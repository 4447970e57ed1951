import type { NetworkModel } from '../../artifact/model.ts';
import { scalerOf } from './costs.ts';
import type { AveragingParameters } from './parameters.ts';
import type { Candidate, ModelMeans } from './state.ts';

/** What every network that was trained by averaging comes to. */
export function networkModelOf(
  { models, dimensions, costMinUsd, costMaxUsd }: AveragingParameters,
  means: ModelMeans,
  { weights, round, heldOutLoss, logCostVariance }: Candidate,
): NetworkModel {
  return {
    models,
    dimensions,
    weights,
    observations: means.observations,
    quality: means.quality,
    logCost: means.logCost,
    logCostDeviation: scalerOf(means).deviation,
    logCostVariance,
    costMinUsd,
    costMaxUsd,
    rounds: round,
    ...(heldOutLoss === undefined ? {} : { heldOutLoss }),
  };
}
