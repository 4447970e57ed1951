import type { MatrixKernel } from '../linalg/matrix/kernel.ts';
import type { Architecture } from './architecture.ts';
import type { Examples } from './examples.ts';
import { sigmoid } from './losses.ts';
import { gatherRows } from './gather-rows.ts';

/** What the network expects of each observation of `Examples`, in their order. */
export interface ObservationPredictions {
  /** In [0, 1]. */
  readonly quality: Float64Array;
  /** Scaled cost, as the head gives it. */
  readonly cost: Float64Array;
}

const BATCH = 128;

/** Predicts many observations at once, as in serving. */
export function predictObservations(
  kernel: MatrixKernel,
  architecture: Architecture,
  weights: Float32Array,
  examples: Examples,
): ObservationPredictions {
  const { records, offsets, model } = examples;
  const quality = new Float64Array(model.length);
  const cost = new Float64Array(model.length);
  const batch = Math.min(BATCH, Math.max(1, records));
  architecture.predict(kernel, batch, (network) => {
    const { predictions } = network;
    network.parameters.set(weights);
    for (let first = 0; first < records; first += batch) {
      const rows = Uint32Array.from({ length: Math.min(batch, records - first) }, (_, i) => first + i);
      gatherRows(network.inputs, examples, rows, architecture.inputs);
      network.forward(rows.length);
      for (const row of rows) {
        const start = (row - first) * 2 * architecture.models;
        for (let o = offsets[row] as number; o < (offsets[row + 1] as number); o++) {
          const head = start + 2 * (model[o] as number);
          quality[o] = sigmoid(predictions[head] as number);
          cost[o] = predictions[head + 1] as number;
        }
      }
    }
  });
  return { quality, cost };
}
