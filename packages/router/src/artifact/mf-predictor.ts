import { matrixKernel } from '../linalg/matrix/select-kernel.ts';
import { fillUnitBallPoint } from '../linalg/unit-ball.ts';
import { fillFactors, mfTensorsIn } from '../mf/shape.ts';
import type { MfModel } from './model.ts';
import { fillNetworkPredictions } from './network-predictions.ts';
import { checkLength, notFinite, type Prediction, type Predictor } from './prediction.ts';

/** One query at a time: a projection, and a product with what the models' vectors and the heads give together. */
export function mfPredictor(model: MfModel): Predictor {
  const { models, dimensions, rank, weights } = model;
  const outputs = 2 * models.length;
  const { arrays, multiplyVector } = matrixKernel.createWorkspace(
    {
      projection: rank * dimensions,
      factors: outputs * rank,
      input: dimensions,
      query: rank,
      predictions: outputs,
    },
    [],
  );
  const tensors = mfTensorsIn(weights, { inputs: dimensions, rank, models: models.length });
  const { projection, factors, input, query, predictions } = arrays;
  projection.set(tensors.projection);
  fillFactors(factors, tensors, rank);
  return {
    models,
    dimensions,
    predict(embedding: Float32Array, into: Prediction): void {
      checkLength(embedding, dimensions);
      if (!fillUnitBallPoint(input, embedding, 0)) throw notFinite();
      multiplyVector(projection, input, query);
      addTo(query, tensors.projectionBiases);
      multiplyVector(factors, query, predictions);
      addTo(predictions, tensors.headBiases);
      fillNetworkPredictions(predictions, model, into);
    },
  };
}

function addTo(values: Float32Array, repeated: Float32Array): void {
  for (let j = 0; j < values.length; j++) {
    values[j] = (values[j] as number) + (repeated[j % repeated.length] as number);
  }
}
