/** The heads of an MLP apart from its trunk: trained on a trunk that stays as it is, and put beside other heads. */
import type { Workspace } from '../linalg/matrix/kernel.ts';
import type { Architecture, Network } from '../network/architecture.ts';
import { headBlocks } from './architecture.ts';
import { initialWeights } from './initial-weights.ts';
import { batchProducts, type InferenceArray, inferenceLengths, networkIn } from './network.ts';
import { type MlpShape, parameterCount, tensorsIn, trunkLength } from './shape.ts';

/** Number of parameters of one model's two heads. */
export function headsLength({ hidden }: MlpShape): number {
  return 2 * (hidden[1] + 1);
}

/**
 * A network whose parameters are the heads of some models, weights first and then biases, on a trunk that training does not change and drops
 * nothing of.
 * @param trunk at least the trunk's weights, in the order of `TENSORS`
 */
export function headsArchitecture(trunk: Float32Array, shape: MlpShape): Architecture {
  const start = trunkLength(shape);
  const count = parameterCount(shape) - start;
  const lengths = (batch: number): Record<InferenceArray | 'ownHeads', number> => ({
    ...inferenceLengths(shape, batch),
    ownHeads: count,
  });
  const use = (
    workspace: Workspace<InferenceArray | 'ownHeads'>,
  ): Network & { inner: ReturnType<typeof networkIn> } => {
    const { arrays } = workspace;
    const inner = networkIn(workspace, shape);
    arrays.parameters.set(trunk.subarray(0, start));
    return {
      inner,
      parameters: arrays.ownHeads,
      inputs: arrays.inputs,
      predictions: arrays.predictions,
      forward(records): void {
        arrays.parameters.set(arrays.ownHeads, start);
        inner.forward(records);
      },
    };
  };
  return {
    inputs: shape.inputs,
    models: shape.models,
    parameterCount: count,
    ofModels: headBlocks(shape).map((block) => ({
      ...block,
      start: block.start - start,
      end: block.end - start,
    })),
    initialWeights: (generator) => initialWeights(shape, generator).slice(start),
    predict: (kernel, batch, predict) =>
      kernel.withWorkspace(lengths(batch), batchProducts(shape, batch), (workspace) =>
        predict(use(workspace)),
      ),
    train(kernel, batch, train) {
      const more = { gradients: count, moments: count, squares: count };
      return kernel.withWorkspace(
        { ...lengths(batch), ...more },
        batchProducts(shape, batch),
        (workspace) => {
          const { gradients, moments, squares } = workspace.arrays;
          const { inner, ...network } = use(workspace);
          const biases = count - 2 * shape.models;
          const into = { heads: gradients.subarray(0, biases), headBiases: gradients.subarray(biases) };
          return train({
            ...network,
            gradients,
            moments,
            squares,
            adamW: workspace.adamW,
            backward: (records) => inner.headGradients(records, into),
          });
        },
      );
    },
  };
}

/** Heads of some models, and where each goes. */
export interface PlacedHeads {
  /** Weights of all heads, then their biases, as they end a network's parameters. */
  readonly heads: Float32Array;
  /** For each of them the place of its model in the network; its length is the number of models. */
  readonly places: readonly number[];
}

/**
 * Writes heads into the parameters of a network of `shape`.
 * @param weights as `tensorsIn` reads them
 */
export function placeHeads(weights: Float32Array, shape: MlpShape, { heads, places }: PlacedHeads): void {
  const into = tensorsIn(weights, shape);
  const width = 2 * shape.hidden[1];
  const biases = heads.subarray(places.length * width);
  places.forEach((place, i) => {
    into.heads.set(heads.subarray(i * width, (i + 1) * width), place * width);
    into.headBiases.set(biases.subarray(2 * i, 2 * i + 2), 2 * place);
  });
}

/**
 * A network with room for more models behind those that it has; their heads are 0.
 * @param weights of a network of `shape`
 */
export function withMoreModels(weights: Float32Array, shape: MlpShape, models: number): Float32Array {
  const wider = { ...shape, models };
  const wide = new Float32Array(parameterCount(wider));
  const start = trunkLength(shape);
  wide.set(weights.subarray(0, start));
  const places = Array.from({ length: shape.models }, (_, m) => m);
  placeHeads(wide, wider, { heads: weights.subarray(start), places });
  return wide;
}
