import { Matrix } from 'ml-matrix';
import type { Examples } from '../network/examples.ts';
import { type MlpShape, TENSORS, tensorLengths, type TensorName } from '../mlp/shape.ts';

/** The error function by its Maclaurin series; for small arguments only. */
function erf(x: number): number {
  let [term, sum] = [x, x];
  for (let n = 1; Math.abs(term) > 1e-18; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

function activated(product: Matrix, biases: number[], scales: number[], shifts: number[]): Matrix {
  const rows = product.to2DArray().map((values) => {
    const row = values.map((value, j) => value + (biases[j] ?? 0));
    const mean = row.reduce((a, b) => a + b) / row.length;
    const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length;
    return row.map((value, j) => {
      const x = ((value - mean) / Math.sqrt(variance + 1e-5)) * (scales[j] ?? 0) + (shifts[j] ?? 0);
      return 0.5 * x * (1 + erf(x / Math.SQRT2));
    });
  });
  return new Matrix(rows);
}

/** Outputs of all heads for all records, in doubles and by ml-matrix: written from the definition, apart from what it checks. */
export function referenceOutputs(
  shape: MlpShape,
  weights: ArrayLike<number>,
  features: Float32Array,
): Matrix {
  const { inputs, hidden, models } = shape;
  const lengths = tensorLengths(shape);
  let start = 0;
  const tensors = {} as Record<TensorName, number[]>;
  for (const name of TENSORS) {
    tensors[name] = Array.from(weights).slice(start, start + lengths[name]);
    start += lengths[name];
  }
  const x = Matrix.from1DArray(features.length / inputs, inputs, [...features]);
  const weights1 = Matrix.from1DArray(hidden[0], inputs, tensors.weights1).transpose();
  const first = activated(x.mmul(weights1), tensors.biases1, tensors.scales1, tensors.shifts1);
  const weights2 = Matrix.from1DArray(hidden[1], hidden[0], tensors.weights2).transpose();
  const second = activated(first.mmul(weights2), tensors.biases2, tensors.scales2, tensors.shifts2);
  const heads = Matrix.from1DArray(2 * models, hidden[1], tensors.heads).transpose();
  return second.mmul(heads).addRowVector(tensors.headBiases);
}

/** Mean Brier score plus mean smooth L1 loss over all observations. */
export function referenceLoss(shape: MlpShape, weights: ArrayLike<number>, examples: Examples): number {
  const outputs = referenceOutputs(shape, weights, examples.features);
  let total = 0;
  for (let i = 0; i < examples.records; i++) {
    for (let o = examples.offsets[i] ?? 0; o < (examples.offsets[i + 1] ?? 0); o++) {
      const head = 2 * (examples.model[o] ?? 0);
      const quality = 1 / (1 + Math.exp(-outputs.get(i, head)));
      const error = Math.abs(outputs.get(i, head + 1) - (examples.cost[o] ?? 0));
      total += (quality - (examples.quality[o] ?? 0)) ** 2 + (error < 1 ? error ** 2 / 2 : error - 0.5);
    }
  }
  return total / examples.model.length;
}
