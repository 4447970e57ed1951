import type { MfShape } from '../mf/shape.ts';
import type { Examples } from '../network/examples.ts';

/** Outputs of all models for one record, in doubles: written from the definition, apart from what it checks. */
export function referenceMfOutputs(
  { inputs, rank, models }: MfShape,
  weights: ArrayLike<number>,
  features: ArrayLike<number>,
): { quality: number; cost: number }[] {
  const at = (index: number): number => weights[index] ?? 0;
  const biases = rank * inputs;
  const heads = biases + rank;
  const headBiases = heads + 2 * rank;
  const query = Array.from({ length: rank }, (_, j) => {
    let value = at(biases + j);
    for (let i = 0; i < inputs; i++) value += at(j * inputs + i) * (features[i] ?? 0);
    return value;
  });
  return Array.from({ length: models }, (_, m) => {
    const vector = query.map((value, j) => value * at(headBiases + 2 + m * rank + j));
    const through = (head: number): number =>
      vector.reduce((sum, value, j) => sum + value * at(heads + head * rank + j), at(headBiases + head));
    return { quality: 1 / (1 + Math.exp(-through(0))), cost: through(1) };
  });
}

/** Mean Brier score plus mean smooth L1 loss over all observations. */
export function referenceMfLoss(shape: MfShape, weights: ArrayLike<number>, examples: Examples): number {
  const { inputs } = shape;
  let total = 0;
  for (let i = 0; i < examples.records; i++) {
    const row = examples.features.subarray(i * inputs, (i + 1) * inputs);
    const outputs = referenceMfOutputs(shape, weights, row);
    for (let o = examples.offsets[i] ?? 0; o < (examples.offsets[i + 1] ?? 0); o++) {
      const { quality, cost } = outputs[examples.model[o] ?? 0] ?? { quality: 0, cost: 0 };
      const error = Math.abs(cost - (examples.cost[o] ?? 0));
      total += (quality - (examples.quality[o] ?? 0)) ** 2 + (error < 1 ? error ** 2 / 2 : error - 0.5);
    }
  }
  return total / examples.model.length;
}
