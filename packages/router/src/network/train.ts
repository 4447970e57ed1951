import type { MatrixKernel } from '../linalg/matrix/kernel.ts';
import type { SeededGenerator } from '../random/generator.ts';
import { type AdamWOptions, adamWStep } from './adamw.ts';
import type { Architecture } from './architecture.ts';
import type { Examples } from './examples.ts';
import { type Lesson, lessonOf, type Reference } from './distillation.ts';
import { gatherRows } from './gather-rows.ts';
import { sigmoid, smoothL1Slope } from './losses.ts';

export interface TrainingOptions extends AdamWOptions {
  readonly epochs: number;
  readonly batchSize: number;
  /** A network of the same architecture that training is not to stray from; none by default. */
  readonly reference?: Reference;
}

/**
 * Trains from given weights with a fresh optimizer: every epoch goes through all records in a new order, the last batch as small as
 * it comes.
 * @param weights in the architecture's order; not changed
 * @param generator draws orders, and what the network draws in training
 * @param afterEpoch sees the weights after each epoch; they change with the next one
 * @returns the weights after the last epoch
 */
export function train(
  kernel: MatrixKernel,
  architecture: Architecture,
  weights: Float32Array,
  examples: Examples,
  options: TrainingOptions,
  generator: SeededGenerator,
  afterEpoch: (weights: Float32Array, epoch: number) => void = () => {},
): Float32Array {
  const { epochs, batchSize } = options;
  const { inputs, models } = architecture;
  const batch = Math.min(batchSize, Math.max(1, examples.records));
  return architecture.train(kernel, batch, (network) => {
    const lesson = options.reference && lessonOf(kernel, architecture, examples, options.reference);
    const order = Uint32Array.from({ length: examples.records }, (_, i) => i);
    network.parameters.set(weights);
    let step = 0;
    for (let epoch = 1; epoch <= epochs; epoch++) {
      generator.shuffle(order);
      for (let start = 0; start < order.length; start += batch) {
        const records = order.subarray(start, start + batch);
        gatherRows(network.inputs, examples, records, inputs);
        network.forward(records.length, generator);
        lossDerivatives(network.predictions, examples, records, models, lesson);
        network.backward(records.length);
        adamWStep(network, options, ++step);
      }
      afterEpoch(network.parameters, epoch);
    }
    return network.parameters.slice();
  });
}

/**
 * Replaces predictions by the derivatives of the batch's loss: the mean over its observations of the Brier score plus that of the smooth L1
 * loss of the cost, and what a reference teaches. Heads without an observation, and without a lesson, get 0.
 */
export function lossDerivatives(
  predictions: Float32Array,
  { offsets, model, quality, cost }: Examples,
  records: Uint32Array,
  models: number,
  lesson?: Lesson,
): void {
  let observations = 0;
  for (const record of records) observations += (offsets[record + 1] as number) - (offsets[record] as number);
  const weight = 1 / Math.max(1, observations);
  const row = new Float64Array(2 * models);
  for (let i = 0; i < records.length; i++) {
    const record = records[i] as number;
    const start = i * 2 * models;
    row.fill(0);
    lesson?.addDerivatives(row, predictions.subarray(start, start + 2 * models), record, records.length);
    for (let o = offsets[record] as number; o < (offsets[record + 1] as number); o++) {
      const head = 2 * (model[o] as number);
      const p = sigmoid(predictions[start + head] as number);
      const error = (predictions[start + head + 1] as number) - (cost[o] as number);
      row[head] = (row[head] as number) + weight * 2 * (p - (quality[o] as number)) * p * (1 - p);
      row[head + 1] = (row[head + 1] as number) + weight * smoothL1Slope(error);
    }
    predictions.set(row, start);
  }
}
