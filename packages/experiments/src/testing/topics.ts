import { createGenerator, type Dataset, type SeededGenerator } from '@tributary/router';

export const MODELS: readonly string[] = ['ant', 'bee'];

export function generatorOf(test: number): SeededGenerator {
  return createGenerator(new Uint8Array(32).fill(test));
}

/** Two topics, on either side of 0 in the first coordinate: ant is right on the one, bee on the other, each in nine of ten. */
export function topicsDataset(
  generator: SeededGenerator,
  records: number,
  models: readonly number[] = [0, 1],
): Dataset {
  const topics = Array.from({ length: records }, () => generator.nextInt(2));
  const observed = Array.from({ length: records }, () => models[generator.nextInt(models.length)] ?? 0);
  return {
    models: MODELS,
    dimensions: 2,
    records,
    features: Float32Array.from(
      topics.flatMap((topic) => [topic === 0 ? -0.6 : 0.6, 0.3 * (generator.nextDouble() - 0.5)]),
    ),
    offsets: Uint32Array.from({ length: records + 1 }, (_, i) => i),
    model: Uint16Array.from(observed),
    quality: Float64Array.from(observed, (model, i) =>
      (model === topics[i]) === generator.nextDouble() < 0.9 ? 1 : 0,
    ),
    costUsd: new Float64Array(records).fill(1e-3),
  };
}
