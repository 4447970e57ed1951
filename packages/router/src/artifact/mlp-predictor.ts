import { meanCostUsd } from '../cost/log-cost.ts';
import { matrixKernel } from '../linalg/matrix/select-kernel.ts';
import { fillUnitBallPoint } from '../linalg/unit-ball.ts';
import { clippedDeviations } from '../network/cost-scaler.ts';
import { activate } from '../mlp/hidden-layer.ts';
import { sigmoid } from '../network/losses.ts';
import { inferenceLengths, layersIn } from '../mlp/network.ts';
import { layerTensors, type MlpShape, tensorsIn } from '../mlp/shape.ts';
import type { MlpModel } from './model.ts';
import { checkLength, notFinite, type Prediction, type Predictor } from './prediction.ts';

export function mlpShapeOf({ dimensions, hidden, models }: MlpModel): MlpShape {
  return { inputs: dimensions, hidden, models: models.length };
}

/** One query at a time, in memory that is allocated once. */
export function mlpPredictor(model: MlpModel): Predictor {
  const { models, dimensions, observations, logCost, logCostDeviation, logCostVariance } = model;
  const shape = mlpShapeOf(model);
  const { arrays, multiplyVector } = matrixKernel.createWorkspace(inferenceLengths(shape, 1), []);
  arrays.parameters.set(model.weights);
  const tensors = tensorsIn(arrays.parameters, shape);
  const [first, second] = layersIn(arrays);
  const [layer1, layer2] = [layerTensors(tensors, 1), layerTensors(tensors, 2)];
  const { inputs, predictions } = arrays;
  return {
    models,
    dimensions,
    predict(embedding: Float32Array, into: Prediction): void {
      checkLength(embedding, dimensions);
      if (!fillUnitBallPoint(inputs, embedding, 0)) throw notFinite();
      multiplyVector(tensors.weights1, inputs, first.normalised);
      activate(layer1, first, 1, false);
      multiplyVector(tensors.weights2, first.outputs, second.normalised);
      activate(layer2, second, 1, false);
      multiplyVector(tensors.heads, second.outputs, predictions);
      for (let m = 0; m < models.length; m++) {
        if ((observations[m] as number) < 0.5) {
          into.quality[m] = Number.NaN;
          into.costUsd[m] = Number.NaN;
          continue;
        }
        const quality = (predictions[2 * m] as number) + (tensors.headBiases[2 * m] as number);
        const cost = (predictions[2 * m + 1] as number) + (tensors.headBiases[2 * m + 1] as number);
        const z = (logCost[m] as number) + clippedDeviations(cost) * (logCostDeviation[m] as number);
        into.quality[m] = sigmoid(quality);
        into.costUsd[m] = meanCostUsd(z, logCostVariance[m] as number, model);
      }
    },
  };
}
