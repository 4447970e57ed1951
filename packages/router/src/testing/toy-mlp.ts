import type { MlpModel } from '../artifact/model.ts';
import { logCostOf } from '../cost/log-cost.ts';
import { type MlpShape, parameterCount, tensorsIn } from '../mlp/shape.ts';

const BOUNDS = { costMinUsd: 1e-6, costMaxUsd: 1 };
const SHAPE: MlpShape = { inputs: 2, hidden: [2, 2], models: 3 };

/**
 * "ant" costs 1e-4 USD and is right in half of all cases; "bee" costs ten times as much and is good where the first coordinate of
 * the query is the larger, bad elsewhere; nobody observed "cat".
 */
export const TOY_MLP: MlpModel = {
  ...BOUNDS,
  kind: 'mlp',
  models: ['ant', 'bee', 'cat'],
  dimensions: 2,
  hidden: [2, 2],
  weights: toyWeights(),
  observations: Float64Array.of(40, 60, 0),
  quality: Float64Array.of(0.5, 0.6, 0),
  logCost: Float64Array.of(logCostOf(1e-4, BOUNDS), logCostOf(1e-3, BOUNDS), 0),
  logCostDeviation: Float64Array.of(0.01, 0.02, 0.001),
  logCostVariance: new Float64Array(3),
  rounds: 3,
  heldOutLoss: 0.625,
};

/** Both hidden layers pass their two values on; layer norms make them +1 and -1, whichever is larger. */
function toyWeights(): Float32Array {
  const weights = new Float32Array(parameterCount(SHAPE));
  const tensors = tensorsIn(weights, SHAPE);
  tensors.weights1.set([100, 0, 0, 100]);
  tensors.weights2.set([100, 0, 0, 100]);
  tensors.scales1.fill(1);
  tensors.scales2.fill(1);
  // Quality of bee, then its cost: dearer by one standard deviation, give or take, on its own queries.
  tensors.heads.set([3, -3, 0, 0], 4);
  tensors.headBiases.set([0, 0, 0, 1.5], 0);
  return weights;
}
