import { describe, expect, it } from 'vitest';
import { countedObservations, observationsGenerator } from './counted-observations.ts';
import type { Dataset } from './dataset.ts';

const MODELS = 14;
const SEED = '5a'.repeat(32);

/** Records with as many observations as these, each of another model. */
function datasetOf(...observations: readonly number[]): Dataset {
  let total = 0;
  const ends = observations.map((count) => (total += count));
  return {
    models: Array.from({ length: MODELS }, (_, m) => `model-${m}`),
    records: observations.length,
    dimensions: 1,
    features: new Float32Array(observations.length),
    offsets: Uint32Array.from([0, ...ends]),
    model: Uint16Array.from(observations.flatMap((count) => Array.from({ length: count }, (_, m) => m))),
    quality: new Float64Array(total),
    costUsd: new Float64Array(total),
  };
}

/** Models that count, by record. */
function countedModels(data: Dataset, most: number): readonly (readonly number[])[] {
  const generator = observationsGenerator(SEED);
  return Array.from({ length: data.records }, (_, i) =>
    countedObservations(data, i, most, generator).map((o) => data.model.at(o) ?? -1),
  );
}

describe('the observations that count', () => {
  it('are one per model, in the order of the models, and no more than allowed', () => {
    for (const models of countedModels(datasetOf(MODELS, MODELS, 3), 4)) {
      expect(models.length).toBe(Math.min(4, models.length));
      expect(models).toEqual(models.toSorted((a, b) => a - b));
      expect(new Set(models).size).toBe(models.length);
    }
    expect(countedModels(datasetOf(3), 4)).toEqual([[0, 1, 2]]);
  });

  it('of one record do not depend on any other: else the bound on one record would bound nothing', () => {
    const full = countedModels(datasetOf(...Array<number>(20).fill(MODELS)), 1);
    for (const first of [0, 1, 2, 7]) {
      const changed = countedModels(datasetOf(first, ...Array<number>(19).fill(MODELS)), 1);
      expect(changed.slice(1)).toEqual(full.slice(1));
    }
  });

  it('are not the same of all records', () => {
    const full = countedModels(datasetOf(...Array<number>(200).fill(MODELS)), 1);
    expect(new Set(full.flat()).size).toBe(MODELS);
  });
});
