import type { Architecture, ModelBlock, Network } from '../network/architecture.ts';
import type { Workspace } from '../linalg/matrix/kernel.ts';
import { initialWeights } from './initial-weights.ts';
import { batchProducts, type InferenceArray, inferenceLengths, networkIn } from './network.ts';
import { type MlpShape, parameterCount, tensorsIn, trunkLength } from './shape.ts';

/** @param rate share of each hidden layer's outputs that a step of training leaves out; in [0, 1) */
export function mlpArchitecture(shape: MlpShape, rate = 0): Architecture {
  const { inputs, models } = shape;
  const count = parameterCount(shape);
  const use = (workspace: Workspace<InferenceArray>): Network & { inner: ReturnType<typeof networkIn> } => {
    const inner = networkIn(workspace, shape);
    const { arrays } = workspace;
    return {
      inner,
      parameters: arrays.parameters,
      inputs: arrays.inputs,
      predictions: arrays.predictions,
      forward: (records, generator) =>
        inner.forward(records, generator === undefined ? undefined : { rate, generator }),
    };
  };
  return {
    inputs,
    models,
    parameterCount: count,
    ofModels: headBlocks(shape),
    initialWeights: (generator) => initialWeights(shape, generator),
    predict: (kernel, batch, predict) =>
      kernel.withWorkspace(inferenceLengths(shape, batch), batchProducts(shape, batch), (workspace) =>
        predict(use(workspace)),
      ),
    train(kernel, batch, train) {
      const lengths = {
        ...inferenceLengths(shape, batch),
        gradients: count,
        moments: count,
        squares: count,
      };
      return kernel.withWorkspace(lengths, batchProducts(shape, batch), (workspace) => {
        const { gradients, moments, squares } = workspace.arrays;
        const { inner, ...network } = use(workspace);
        const into = tensorsIn(gradients, shape);
        return train({
          ...network,
          gradients,
          moments,
          squares,
          adamW: workspace.adamW,
          backward: (records) => inner.backward(records, into),
        });
      });
    },
  };
}

/** The weights of all heads, then their biases. */
export function headBlocks(shape: MlpShape): ModelBlock[] {
  const trunk = trunkLength(shape);
  const width = 2 * shape.hidden[1];
  const biases = trunk + shape.models * width;
  const each = Array.from({ length: shape.models }, (_, model) => model);
  return [
    ...each.map((model) => ({ model, start: trunk + model * width, end: trunk + (model + 1) * width })),
    ...each.map((model) => ({ model, start: biases + 2 * model, end: biases + 2 * model + 2 })),
  ];
}
