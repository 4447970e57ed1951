/** Forward and backward pass of the network over a batch, in the arrays of one workspace: nothing is allocated per batch. */
import type { ProductShape, Workspace } from '../linalg/matrix/kernel.ts';
import type { SeededGenerator } from '../random/generator.ts';
import { fillDropoutMask } from './dropout.ts';
import { activate, backpropagate, type LayerValues } from './hidden-layer.ts';
import {
  type LayerTensors,
  layerTensors,
  type MlpShape,
  parameterCount,
  type Tensors,
  tensorsIn,
} from './shape.ts';

export type InferenceArray =
  | 'parameters'
  | 'inputs'
  | 'normalised1'
  | 'outputs1'
  | 'slopes1'
  | 'inverseDeviations1'
  | 'normalised2'
  | 'outputs2'
  | 'slopes2'
  | 'inverseDeviations2'
  | 'predictions';

/** Lengths of the arrays that a pass over at most `batch` records needs. */
export function inferenceLengths(shape: MlpShape, batch: number): Record<InferenceArray, number> {
  const { inputs, hidden, models } = shape;
  const [first, second] = [hidden[0] * batch, hidden[1] * batch];
  return {
    parameters: parameterCount(shape),
    inputs: inputs * batch,
    normalised1: first,
    outputs1: first,
    slopes1: first,
    inverseDeviations1: batch,
    normalised2: second,
    outputs2: second,
    slopes2: second,
    inverseDeviations2: batch,
    predictions: 2 * models * batch,
  };
}

interface BatchProducts {
  readonly forward: readonly [ProductShape, ProductShape, ProductShape];
  /** Of the gradients of the three weight matrices. */
  readonly gradients: readonly [ProductShape, ProductShape, ProductShape];
  /** Of the derivatives by the outputs of the two hidden layers. */
  readonly derivatives: readonly [ProductShape, ProductShape];
}

function productsFor({ inputs, hidden: [first, second], models }: MlpShape, records: number): BatchProducts {
  const outputs = 2 * models;
  return {
    forward: [
      { m: records, k: inputs, n: first },
      { m: records, k: first, n: second },
      { m: records, k: second, n: outputs },
    ],
    gradients: [
      { m: first, k: records, n: inputs },
      { m: second, k: records, n: first },
      { m: outputs, k: records, n: second },
    ],
    derivatives: [
      { m: records, k: second, n: first },
      { m: records, k: outputs, n: second },
    ],
  };
}

/** Every product of a forward and a backward pass over at most `batch` records. */
export function batchProducts(shape: MlpShape, batch: number): ProductShape[] {
  const { forward, gradients, derivatives } = productsFor(shape, batch);
  return [...forward, ...gradients, ...derivatives];
}

export interface Dropout {
  readonly rate: number;
  readonly generator: SeededGenerator;
}

export interface Network {
  /**
   * From `inputs`, one row per record, to `predictions`: outputs 2m and 2m + 1 of a row are model m's logit of quality and scaled cost.
   * @param dropout in training only
   */
  forward(records: number, dropout?: Dropout): void;
  /** As `backward`, for the heads alone: as if all before them were given. Leaves what `forward` left. */
  headGradients(records: number, gradients: Pick<Tensors, 'heads' | 'headBiases'>): void;
  /** After `forward`: from derivatives of the loss by the predictions, in `predictions`, to `gradients`. Overwrites what `forward` left. */
  backward(records: number, gradients: Tensors): void;
}

/** What the two hidden layers hold. */
export function layersIn(arrays: Workspace<InferenceArray>['arrays']): [LayerValues, LayerValues] {
  return [
    {
      normalised: arrays.normalised1,
      outputs: arrays.outputs1,
      slopes: arrays.slopes1,
      inverseDeviations: arrays.inverseDeviations1,
    },
    {
      normalised: arrays.normalised2,
      outputs: arrays.outputs2,
      slopes: arrays.slopes2,
      inverseDeviations: arrays.inverseDeviations2,
    },
  ];
}

export function networkIn(workspace: Workspace<InferenceArray>, shape: MlpShape): Network {
  const { arrays } = workspace;
  const tensors = tensorsIn(arrays.parameters, shape);
  const outputs = 2 * shape.models;
  const [first, second] = layersIn(arrays);

  function headGradients(records: number, into: Pick<Tensors, 'heads' | 'headBiases'>): void {
    into.headBiases.fill(0);
    for (let at = 0; at < records * outputs; at++) {
      const head = at % outputs;
      into.headBiases[head] = (into.headBiases[head] as number) + (arrays.predictions[at] as number);
    }
    const [, , ofHeads] = productsFor(shape, records).gradients;
    workspace.multiplyTransposedA(arrays.predictions, second.outputs, into.heads, ofHeads);
  }

  return {
    forward(records: number, dropout?: Dropout): void {
      const { forward } = productsFor(shape, records);
      const { headBiases } = tensors;
      workspace.multiplyTransposedB(arrays.inputs, tensors.weights1, first.normalised, forward[0]);
      activateLayer(first, layerTensors(tensors, 1), records, dropout);
      workspace.multiplyTransposedB(first.outputs, tensors.weights2, second.normalised, forward[1]);
      activateLayer(second, layerTensors(tensors, 2), records, dropout);
      workspace.multiplyTransposedB(second.outputs, tensors.heads, arrays.predictions, forward[2]);
      for (let at = 0; at < records * outputs; at++) {
        arrays.predictions[at] = (arrays.predictions[at] as number) + (headBiases[at % outputs] as number);
      }
    },
    headGradients,
    backward(records: number, into: Tensors): void {
      const { gradients, derivatives } = productsFor(shape, records);
      // A layer's outputs are needed for the gradients of the weights after it, and then make room for their own derivatives.
      headGradients(records, into);
      workspace.multiply(arrays.predictions, tensors.heads, second.outputs, derivatives[1]);
      backpropagate(layerTensors(tensors, 2), second, second.outputs, records, layerTensors(into, 2));
      workspace.multiplyTransposedA(second.outputs, first.outputs, into.weights2, gradients[1]);
      workspace.multiply(second.outputs, tensors.weights2, first.outputs, derivatives[0]);
      backpropagate(layerTensors(tensors, 1), first, first.outputs, records, layerTensors(into, 1));
      workspace.multiplyTransposedA(first.outputs, arrays.inputs, into.weights1, gradients[0]);
    },
  };
}

function activateLayer(
  layer: LayerValues,
  parameters: LayerTensors,
  records: number,
  dropout?: Dropout,
): void {
  const masked = dropout !== undefined && dropout.rate > 0;
  if (masked) {
    const mask = layer.slopes.subarray(0, records * parameters.biases.length);
    fillDropoutMask(mask, dropout.rate, dropout.generator);
  }
  activate(parameters, layer, records, masked);
}
