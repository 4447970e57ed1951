import { RouterError } from '@tributary/router';
import { describe, expect, it } from 'vitest';
import { generatorOf, topicsDataset } from '../testing/topics.ts';
import { lloydCentres } from './lloyd.ts';
import { poolDatasets } from './pool-datasets.ts';
import { staticRouter } from './static.ts';

describe('pooled datasets', () => {
  it('hold the records of all clients, one after the other', () => {
    const generator = generatorOf(1);
    const [first, second] = [topicsDataset(generator, 3), topicsDataset(generator, 2)];
    const pooled = poolDatasets([first, second]);
    expect(pooled.records).toBe(5);
    expect([...pooled.offsets]).toEqual([0, 1, 2, 3, 4, 5]);
    for (const field of ['features', 'model', 'quality', 'costUsd'] as const) {
      expect([...pooled[field]]).toEqual([...first[field], ...second[field]]);
    }
  });

  it('need a client', () => {
    expect(() => poolDatasets([])).toThrow(RouterError);
  });
});

describe('Lloyd iterations on data in one place', () => {
  it('find the means of well separated groups', () => {
    const data = topicsDataset(generatorOf(2), 60);
    const centres = lloydCentres(data, 2, generatorOf(3));
    const sides = [centres[0] ?? 0, centres[2] ?? 0].toSorted((a, b) => a - b);
    expect(sides[0]).toBeCloseTo(-0.6, 6);
    expect(sides[1]).toBeCloseTo(0.6, 6);
  });

  it('give as many centres as there are records, where asked to', () => {
    const data = topicsDataset(generatorOf(4), 5);
    expect(lloydCentres(data, 5, generatorOf(5))).toHaveLength(10);
    const same = { ...data, features: new Float32Array(10).fill(0.5) };
    expect(lloydCentres(same, 3, generatorOf(6)).every((x) => x === 0.5)).toBe(true);
  });
});

describe('the static router', () => {
  it('predicts the mean of each model, whatever the query', () => {
    const generator = generatorOf(12);
    const clients = [topicsDataset(generator, 30), topicsDataset(generator, 30)];
    const { clusters, quality, observations } = staticRouter(clients);
    const pooled = poolDatasets(clients);
    expect(clusters).toBe(1);
    for (const model of [0, 1]) {
      const rows = [...pooled.quality].filter((_, i) => pooled.model[i] === model);
      expect(observations[model]).toBe(rows.length);
      expect(quality[model]).toBeCloseTo(rows.reduce((a, b) => a + b) / rows.length, 12);
    }
  });
});
