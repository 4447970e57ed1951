/**
 * Distillation against a reference (Hinton et al., 2015): on the records that are trained on, a network keeps to what another expects of every
 * model, not only of those that were observed. So it forgets less of what it can no longer see.
 */
import type { MatrixKernel } from '../linalg/matrix/kernel.ts';
import type { Architecture } from './architecture.ts';
import type { Examples } from './examples.ts';
import { gatherRows } from './gather-rows.ts';
import { sigmoid } from './losses.ts';

export interface Reference {
  /** In the architecture's order. */
  readonly weights: Float32Array;
  /** Whether it knows each model; of the others it teaches nothing. */
  readonly known: readonly boolean[];
  /** Weight of the distance from it, beside 1 for the loss on observations. At least 0. */
  readonly weight: number;
}

/** What a reference expects of the records of one training. */
export interface Lesson {
  /**
   * Adds the derivatives of the mean, over a batch and the known models, of the squared distances in quality and in scaled cost.
   * @param row of the derivatives of one record
   * @param predictions the network's, of the same record
   * @param batch number of records in it
   */
  addDerivatives(row: Float64Array, predictions: Float32Array, record: number, batch: number): void;
}

const BATCH = 128;

export function lessonOf(
  kernel: MatrixKernel,
  architecture: Architecture,
  examples: Examples,
  { weights, known, weight }: Reference,
): Lesson {
  const expected = expectationsOf(kernel, architecture, examples, weights);
  const width = 2 * architecture.models;
  const models = known.flatMap((isKnown, m) => (isKnown ? [m] : []));
  return {
    addDerivatives(row, predictions, record, batch): void {
      const share = weight / (batch * Math.max(1, models.length));
      for (const m of models) {
        const at = record * width + 2 * m;
        const p = sigmoid(predictions[2 * m] as number);
        const quality = 2 * (p - (expected[at] as number)) * p * (1 - p);
        const cost = 2 * ((predictions[2 * m + 1] as number) - (expected[at + 1] as number));
        row[2 * m] = (row[2 * m] as number) + share * quality;
        row[2 * m + 1] = (row[2 * m + 1] as number) + share * cost;
      }
    },
  };
}

/** Quality and scaled cost of every model, row-major, one row per record. */
function expectationsOf(
  kernel: MatrixKernel,
  architecture: Architecture,
  examples: Examples,
  weights: Float32Array,
): Float32Array {
  const width = 2 * architecture.models;
  const { records } = examples;
  const expected = new Float32Array(records * width);
  architecture.predict(kernel, Math.min(BATCH, Math.max(1, records)), (network) => {
    network.parameters.set(weights);
    for (let first = 0; first < records; first += BATCH) {
      const rows = Uint32Array.from({ length: Math.min(BATCH, records - first) }, (_, i) => first + i);
      gatherRows(network.inputs, examples, rows, architecture.inputs);
      network.forward(rows.length);
      expected.set(network.predictions.subarray(0, rows.length * width), first * width);
    }
  });
  for (let at = 0; at < expected.length; at += 2) expected[at] = sigmoid(expected[at] as number);
  return expected;
}
