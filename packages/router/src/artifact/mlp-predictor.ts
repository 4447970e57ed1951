import { matrixKernel } from '../linalg/matrix/select-kernel.ts';
import { fillUnitBallPoint } from '../linalg/unit-ball.ts';
import { activate } from '../mlp/hidden-layer.ts';
import { inferenceLengths, layersIn } from '../mlp/network.ts';
import { layerTensors, type MlpShape, tensorsIn } from '../mlp/shape.ts';
import type { MlpModel } from './model.ts';
import { fillNetworkPredictions } from './network-predictions.ts';
import { checkLength, notFinite, type Prediction, type Predictor } from './prediction.ts';

export function mlpShapeOf({
  dimensions,
  hidden,
  models,
}: Pick<MlpModel, 'dimensions' | 'hidden' | 'models'>): MlpShape {
  return { inputs: dimensions, hidden, models: models.length };
}

/** One query at a time, in memory that is allocated once. */
export function mlpPredictor(model: MlpModel): Predictor {
  const { models, dimensions } = model;
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
      for (let j = 0; j < predictions.length; j++) {
        predictions[j] = (predictions[j] as number) + (tensors.headBiases[j] as number);
      }
      fillNetworkPredictions(predictions, model, into);
    },
  };
}
