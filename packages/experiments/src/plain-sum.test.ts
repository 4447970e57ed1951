import { createGenerator, type Dataset, selectRecords, startProgram } from '@tributary/router';
import { describe, expect, it } from 'vitest';
import { exactCodec, runInClear } from './plain-sum.ts';

const CLIENTS = 3;
const CODEC = exactCodec({ contributors: CLIENTS, maxRecords: 1000 });

function randomDataset(records: number): Dataset {
  const generator = createGenerator(new Uint8Array(32).fill(7));
  return {
    models: ['ant', 'bee', 'cat'],
    dimensions: 6,
    records,
    features: Float32Array.from({ length: 6 * records }, () => 0.8 * (generator.nextDouble() - 0.5)),
    offsets: Uint32Array.from({ length: records + 1 }, (_, i) => i),
    model: Uint16Array.from({ length: records }, () => generator.nextInt(3)),
    quality: Float64Array.from({ length: records }, () => generator.nextInt(2)),
    costUsd: Float64Array.from({ length: records }, () => 1e-3 * generator.nextDouble()),
  };
}

describe('a run with sums in clear', () => {
  const pooled = randomDataset(90);
  const start = (): ReturnType<typeof startProgram> =>
    startProgram('kmeans', { models: pooled.models, dimensions: 6, seed: '5a'.repeat(32), clusters: 5 });

  it('gives the model and every plan on the way', () => {
    const { model, plans } = runInClear(start(), [pooled], CODEC);
    expect(model.observations.reduce((a, b) => a + b)).toBe(90);
    expect(plans[0]?.step).toBe('mean');
    expect(plans.at(-1)?.step).toBe('statistics');
  });

  it('does not depend on who holds which record', () => {
    const records = Array.from({ length: 90 }, (_, i) => i);
    const clients = [0, 1, 2].map((client) =>
      selectRecords(
        pooled,
        records.filter((i) => i % CLIENTS === client),
      ),
    );
    expect(runInClear(start(), clients, CODEC)).toEqual(runInClear(start(), [pooled], CODEC));
  });
});
