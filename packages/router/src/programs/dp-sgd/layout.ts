/** Where the trained values stand in one vector, and the random public weights that they are changes of. */
import { bytesOfHex } from '../../bytes/hex.ts';
import { createGenerator, type SeededGenerator } from '../../random/generator.ts';
import type { DpSgdParameters } from './parameters.ts';

/**
 * Blocks in their order: of the trunk the weights and biases of both layers, where it is trained; the head that all models share; then the
 * heads of the models, each its weights and its bias.
 */
export interface Layout {
  /** 0 where the trunk stays as it is. */
  readonly trunk: number;
  readonly biases1: number;
  readonly weights2: number;
  readonly biases2: number;
  readonly shared: number;
  readonly heads: number;
  /** Values of one model's head. */
  readonly head: number;
  readonly length: number;
}

export function layoutOf({ projection, hidden, models, trunkScale }: DpSgdParameters): Layout {
  const [first, second] = hidden;
  const trains = trunkScale > 0 ? 1 : 0;
  const biases1 = trains * first * projection;
  const weights2 = biases1 + trains * first;
  const biases2 = weights2 + trains * second * first;
  const shared = biases2 + trains * second;
  const heads = shared + second;
  const head = second + 1;
  return {
    trunk: shared,
    biases1,
    weights2,
    biases2,
    shared,
    heads,
    head,
    length: heads + models.length * head,
  };
}

/** The public random part of the network. */
export interface BaseWeights {
  /** `projection` rows of `dimensions` values +- 1 / sqrt(projection): lengths stay what they are on average. */
  readonly projection: Float64Array;
  /** Uniform in +- 1 / sqrt(fan-in). Biases are 0. */
  readonly weights1: Float64Array;
  readonly weights2: Float64Array;
}

/** Basic arithmetic alone: the same bits on every machine. */
export function baseWeights({ seed, dimensions, projection, hidden }: DpSgdParameters): BaseWeights {
  const generator = createGenerator(bytesOfHex(seed)).fork('dp-sgd weights');
  const size = 1 / Math.sqrt(projection);
  const directions = new Float64Array(projection * dimensions);
  for (let j = 0; j < directions.length; j += 32) {
    const word = generator.nextUint32();
    for (let bit = 0; bit < 32 && j + bit < directions.length; bit++) {
      directions[j + bit] = (word >>> bit) & 1 ? size : -size;
    }
  }
  return {
    projection: directions,
    weights1: uniform(hidden[0] * projection, projection, generator),
    weights2: uniform(hidden[1] * hidden[0], hidden[0], generator),
  };
}

function uniform(length: number, fanIn: number, generator: SeededGenerator): Float64Array {
  const bound = 1 / Math.sqrt(fanIn);
  return Float64Array.from({ length }, () => bound * (2 * generator.nextDouble() - 1));
}
