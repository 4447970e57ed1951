import type { SeededGenerator } from '../random/generator.ts';
import { type MlpShape, parameterCount, tensorsIn } from './shape.ts';

/**
 * Linear layers start uniform in +-1 / sqrt(fan-in), biases too; layer norms as the identity. Basic arithmetic alone: the same
 * bits on every machine.
 */
export function initialWeights(shape: MlpShape, generator: SeededGenerator): Float32Array {
  const flat = new Float32Array(parameterCount(shape));
  const tensors = tensorsIn(flat, shape);
  const [first, second] = shape.hidden;
  fillUniform(tensors.weights1, shape.inputs, generator);
  fillUniform(tensors.biases1, shape.inputs, generator);
  fillUniform(tensors.weights2, first, generator);
  fillUniform(tensors.biases2, first, generator);
  fillUniform(tensors.heads, second, generator);
  fillUniform(tensors.headBiases, second, generator);
  tensors.scales1.fill(1);
  tensors.scales2.fill(1);
  return flat;
}

function fillUniform(values: Float32Array, fanIn: number, generator: SeededGenerator): void {
  const bound = 1 / Math.sqrt(fanIn);
  for (let i = 0; i < values.length; i++) {
    // 24 bits: what a float32 holds exactly.
    values[i] = bound * ((generator.nextUint32() >>> 8) * 2 ** -23 - 1);
  }
}
