import { describe, expect, it } from 'vitest';
import { checkDataset, type Dataset } from './dataset.ts';
import { selectRecords } from './select-records.ts';
import { refusal } from './testing/refusal.ts';
import { toyDataset } from './testing/toy-dataset.ts';

const data = toyDataset('dataset', { records: 6, observations: 2 });

describe('a dataset', () => {
  it('passes with the models and dimensions of the run', () => {
    expect(() => checkDataset(data, ['ant', 'bee', 'cat'], 8)).not.toThrow();
  });

  it.each<[keyof Dataset, Partial<Dataset>]>([
    ['dimensions', { dimensions: 9 }],
    ['models', { models: ['ant', 'bee'] }],
    ['models', { models: ['bee', 'ant', 'cat'] }],
    ['features', { features: new Float32Array(47) }],
    ['offsets', { offsets: new Uint32Array(6) }],
    ['offsets', { offsets: Uint32Array.of(1, 2, 4, 6, 8, 10, 12) }],
    ['offsets', { offsets: Uint32Array.of(0, 2, 1, 6, 8, 10, 12) }],
    ['model', { model: new Uint16Array(11) }],
    ['model', { model: new Uint16Array(12).fill(3) }],
    ['quality', { quality: new Float64Array(13) }],
    ['costUsd', { costUsd: new Float64Array(0) }],
    ['contexts', { contexts: new Uint32Array(12) }],
    ['users', { users: new Uint32Array(5) }],
    ['propensity', { propensity: new Float64Array(11).fill(1) }],
    ['propensity', { propensity: new Float64Array(12) }],
    ['propensity', { propensity: new Float64Array(12).fill(1.1) }],
    ['propensity', { propensity: new Float64Array(12).fill(Number.NaN) }],
  ])('is refused for its %s', (field, change) => {
    expect(() => checkDataset({ ...data, ...change }, ['ant', 'bee', 'cat'], 8)).toThrow(
      refusal('BAD_DATASET', `dataset.${field}`),
    );
  });
});

describe('selected records', () => {
  it('keep their features and observations, in the order asked for', () => {
    const selected = selectRecords(data, [4, 1]);
    expect(selected.records).toBe(2);
    expect([...selected.features]).toEqual([
      ...data.features.subarray(32, 40),
      ...data.features.subarray(8, 16),
    ]);
    expect([...selected.offsets]).toEqual([0, 2, 4]);
    for (const field of ['model', 'quality', 'costUsd'] as const) {
      expect([...selected[field]]).toEqual([8, 9, 2, 3].map((o) => data[field][o]));
    }
  });

  it('keep how likely their choices were', () => {
    const propensity = Float64Array.from({ length: 12 }, (_, o) => (o + 1) / 12);
    expect([...(selectRecords({ ...data, propensity }, [4, 1]).propensity ?? [])]).toEqual(
      [8, 9, 2, 3].map((o) => propensity[o]),
    );
    expect(selectRecords(data, [1])).not.toHaveProperty('propensity');
  });

  it.each(['contexts', 'users'] as const)('keep their %s', (field) => {
    const numbers = Uint32Array.of(7, 1, 7, 2, 9, 0);
    expect([...(selectRecords({ ...data, [field]: numbers }, [4, 1])[field] ?? [])]).toEqual([9, 1]);
    expect(selectRecords(data, [1])).not.toHaveProperty(field);
  });

  it('are a dataset again, also when they are none', () => {
    expect(() => checkDataset(selectRecords(data, [5, 0]), data.models, 8)).not.toThrow();
    expect(() => checkDataset(selectRecords(data, []), data.models, 8)).not.toThrow();
  });
});
