import type { MatrixKernel } from '../linalg/matrix/kernel.ts';
import type { SeededGenerator } from '../random/generator.ts';
import { type AdamWOptions, adamWStep } from './adamw.ts';
import type { Examples } from './examples.ts';
import { sigmoid, smoothL1Slope } from './losses.ts';
import { batchProducts, inferenceLengths, networkIn } from './network.ts';
import { type MlpShape, parameterCount, tensorsIn } from './shape.ts';

export interface TrainingOptions extends AdamWOptions {
  readonly epochs: number;
  readonly batchSize: number;
  /** Share of each hidden layer's outputs that a step leaves out. In [0, 1). */
  readonly dropout: number;
}

/**
 * Trains from given weights with a fresh optimizer: every epoch goes through all records in a new order, the last batch as small as
 * it comes.
 * @param weights as `tensorsIn` reads them; not changed
 * @param generator draws orders and dropout
 * @param afterEpoch sees the weights after each epoch; they change with the next one
 * @returns the weights after the last epoch
 */
export function train(
  kernel: MatrixKernel,
  shape: MlpShape,
  weights: Float32Array,
  examples: Examples,
  options: TrainingOptions,
  generator: SeededGenerator,
  afterEpoch: (weights: Float32Array, epoch: number) => void = () => {},
): Float32Array {
  const { epochs, batchSize, dropout: rate } = options;
  const batch = Math.min(batchSize, Math.max(1, examples.records));
  const parameters = parameterCount(shape);
  const lengths = {
    ...inferenceLengths(shape, batch),
    gradients: parameters,
    moments: parameters,
    squares: parameters,
  };
  return kernel.withWorkspace(lengths, batchProducts(shape, batch), (workspace) => {
    const { arrays } = workspace;
    const network = networkIn(workspace, shape);
    const gradients = tensorsIn(arrays.gradients, shape);
    const order = Uint32Array.from({ length: examples.records }, (_, i) => i);
    const dropout = { rate, generator };
    arrays.parameters.set(weights);
    let step = 0;
    for (let epoch = 1; epoch <= epochs; epoch++) {
      generator.shuffle(order);
      for (let start = 0; start < order.length; start += batch) {
        const records = order.subarray(start, start + batch);
        gatherRows(arrays.inputs, examples, records, shape.inputs);
        network.forward(records.length, dropout);
        lossDerivatives(arrays.predictions, examples, records, shape.models);
        network.backward(records.length, gradients);
        adamWStep(workspace, arrays, options, ++step);
      }
      afterEpoch(arrays.parameters, epoch);
    }
    return arrays.parameters.slice();
  });
}

/** Copies the features of some records, row by row. */
export function gatherRows(
  inputs: Float32Array,
  { features }: Examples,
  records: Uint32Array,
  dimensions: number,
): void {
  for (let i = 0; i < records.length; i++) {
    const from = (records[i] as number) * dimensions;
    inputs.set(features.subarray(from, from + dimensions), i * dimensions);
  }
}

/**
 * Replaces predictions by the derivatives of the batch's loss: the mean over its observations of the Brier score plus that of the smooth L1
 * loss of the cost. Heads without an observation get 0.
 */
export function lossDerivatives(
  predictions: Float32Array,
  { offsets, model, quality, cost }: Examples,
  records: Uint32Array,
  models: number,
): void {
  let observations = 0;
  for (const record of records) observations += (offsets[record + 1] as number) - (offsets[record] as number);
  const weight = 1 / Math.max(1, observations);
  const row = new Float64Array(2 * models);
  for (let i = 0; i < records.length; i++) {
    const record = records[i] as number;
    const start = i * 2 * models;
    row.fill(0);
    for (let o = offsets[record] as number; o < (offsets[record + 1] as number); o++) {
      const head = 2 * (model[o] as number);
      const p = sigmoid(predictions[start + head] as number);
      const error = (predictions[start + head + 1] as number) - (cost[o] as number);
      row[head] = weight * 2 * (p - (quality[o] as number)) * p * (1 - p);
      row[head + 1] = weight * smoothL1Slope(error);
    }
    predictions.set(row, start);
  }
}
