import { meanCostUsd } from '../cost/log-cost.ts';
import { clippedDeviations } from '../network/cost-scaler.ts';
import { sigmoid } from '../network/losses.ts';
import type { NetworkModel } from './model.ts';
import type { Prediction } from './prediction.ts';

/**
 * Turns a network's outputs into predictions of qualities and costs.
 * @param outputs entries 2m and 2m + 1 are model m's logit of quality and scaled cost
 */
export function fillNetworkPredictions(outputs: Float32Array, model: NetworkModel, into: Prediction): void {
  const { observations, logCost, logCostDeviation, logCostVariance } = model;
  for (let m = 0; m < observations.length; m++) {
    if ((observations[m] as number) < 0.5) {
      into.quality[m] = Number.NaN;
      into.costUsd[m] = Number.NaN;
      continue;
    }
    const cost = outputs[2 * m + 1] as number;
    const z = (logCost[m] as number) + clippedDeviations(cost) * (logCostDeviation[m] as number);
    into.quality[m] = sigmoid(outputs[2 * m] as number);
    into.costUsd[m] = meanCostUsd(z, logCostVariance[m] as number, model);
  }
}
