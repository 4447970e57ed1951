import type { Dataset } from '../dataset.ts';
import { createGenerator } from '../random/generator.ts';

/** A test's own seed. */
export function seedOf(name: string): Uint8Array {
  const seed = new Uint8Array(32);
  for (let i = 0; i < name.length; i++) seed[i % 32] = ((seed[i % 32] ?? 0) * 31 + name.charCodeAt(i)) % 256;
  return seed;
}

export interface ToyOptions {
  readonly records: number;
  readonly models?: readonly string[];
  readonly dimensions?: number;
  /** Number of topics; a record of topic t lies near coordinate axis t. At most `dimensions`. */
  readonly topics?: number;
  /** Observations per record, of models drawn at random. */
  readonly observations?: number;
}

/** Records of several topics in the unit ball; model m answers topic m well and the others badly, and costs 10^(m-5) USD or so. */
export function toyDataset(name: string, options: ToyOptions): Dataset {
  const { records, models = ['ant', 'bee', 'cat'], dimensions = 8, topics = 3, observations = 1 } = options;
  const generator = createGenerator(seedOf(name));
  const data = {
    models,
    dimensions,
    records,
    features: new Float32Array(records * dimensions),
    offsets: Uint32Array.from({ length: records + 1 }, (_, i) => i * observations),
    model: new Uint16Array(records * observations),
    quality: new Float64Array(records * observations),
    costUsd: new Float64Array(records * observations),
  };
  for (let i = 0; i < records; i++) {
    const topic = generator.nextInt(topics);
    for (let j = 0; j < dimensions; j++) {
      data.features[i * dimensions + j] = (j === topic ? 0.7 : 0) + 0.1 * (generator.nextDouble() - 0.5);
    }
    for (let o = i * observations; o < (i + 1) * observations; o++) {
      const model = generator.nextInt(models.length);
      data.model[o] = model;
      data.quality[o] = generator.nextDouble() < (model === topic ? 0.9 : 0.3) ? 1 : 0;
      data.costUsd[o] = 10 ** (model - 5) * (0.5 + generator.nextDouble());
    }
  }
  return data;
}

export const TOY_SEED: string = 'ab'.repeat(32);
