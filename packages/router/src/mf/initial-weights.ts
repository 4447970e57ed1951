import type { SeededGenerator } from '../random/generator.ts';
import { type MfShape, mfParameterCount, mfTensorsIn } from './shape.ts';

/**
 * Linear layers start uniform in +-1 / sqrt(fan-in), biases too, the models' vectors as Glorot and Bengio (2010) say. Basic arithmetic and
 * square roots alone: the same bits on every machine.
 */
export function initialMfWeights(shape: MfShape, generator: SeededGenerator): Float32Array {
  const { inputs, rank, models } = shape;
  const flat = new Float32Array(mfParameterCount(shape));
  const tensors = mfTensorsIn(flat, shape);
  const [fromInputs, fromRank] = [1 / Math.sqrt(inputs), 1 / Math.sqrt(rank)];
  fillUniform(tensors.projection, fromInputs, generator);
  fillUniform(tensors.projectionBiases, fromInputs, generator);
  fillUniform(tensors.heads, fromRank, generator);
  fillUniform(tensors.headBiases, fromRank, generator);
  fillUniform(tensors.models, Math.sqrt(6 / (models + rank)), generator);
  return flat;
}

function fillUniform(values: Float32Array, bound: number, generator: SeededGenerator): void {
  for (let i = 0; i < values.length; i++) {
    // 24 bits: what a float32 holds exactly.
    values[i] = bound * ((generator.nextUint32() >>> 8) * 2 ** -23 - 1);
  }
}
