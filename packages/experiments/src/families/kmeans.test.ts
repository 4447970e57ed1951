import type { Dataset } from '@tributary/router';
import { describe, expect, it } from 'vitest';
import { poolDatasets } from '../baselines/pool-datasets.ts';
import { staticRouter } from '../baselines/static.ts';
import { asKMeans, federationOf, totalObservations } from '../testing/federation.ts';
import { generatorOf, topicsDataset } from '../testing/topics.ts';
import { KMEANS_GRID, kmeansFamily, kmeansLosses } from './kmeans.ts';

describe('the K-means family', () => {
  const generator = generatorOf(7);
  const clients = [topicsDataset(generator, 150, [0]), topicsDataset(generator, 150, [1])];

  it('learns from all clients, by sums or on pooled rows, what none of them knows', () => {
    const alone = kmeansFamily.alone(poolDatasets(clients), generatorOf(8));
    const federated = kmeansFamily.federated(federationOf(clients));
    for (const model of [alone, federated]) {
      expect(totalObservations(model)).toBe(300);
      expect(model.observations.some((n, cell) => cell % 2 === 0 && n > 0)).toBe(true);
      expect(model.observations.some((n, cell) => cell % 2 === 1 && n > 0)).toBe(true);
    }
  });

  it('offers twelve settings, and trains the four of one K in one go', () => {
    const settings = KMEANS_GRID.recipes.flatMap((recipe) => recipe.settings);
    expect(new Set(settings).size).toBe(12);
    for (const recipe of KMEANS_GRID.recipes) {
      const [first, ...others] = recipe.federated(federationOf(clients)).map(asKMeans);
      expect(others).toHaveLength(3);
      for (const other of others) expect(other.centres).toEqual(first?.centres);
      expect(recipe.alone(poolDatasets(clients), generatorOf(9))).toHaveLength(4);
    }
    const [, eight] = KMEANS_GRID.recipes;
    const shrunk = eight
      ?.federated(federationOf(clients))
      .map((model) => [...asKMeans(model).quality].join());
    expect(new Set(shrunk).size).toBe(4);
  });

  it('counts every observation of records that have several', () => {
    const both: Dataset = {
      models: ['ant', 'bee'],
      dimensions: 2,
      records: 2,
      features: Float32Array.of(0.5, 0, -0.5, 0),
      offsets: Uint32Array.of(0, 2, 4),
      model: Uint16Array.of(0, 1, 0, 1),
      quality: Float64Array.of(1, 0, 0, 1),
      costUsd: new Float64Array(4).fill(1e-3),
    };
    expect(totalObservations(kmeansFamily.alone(both, generatorOf(10)))).toBe(4);
  });
});

describe('the loss of a K-means router', () => {
  const data = topicsDataset(generatorOf(23), 2, [0]);
  const model = {
    ...staticRouter([data]),
    quality: Float64Array.of(0.75, 0),
    logCost: Float64Array.of(0.25, 0),
  };

  it('is the Brier score plus the squared error of the log cost', () => {
    const heldOut = { ...data, quality: Float64Array.of(1, 0), costUsd: Float64Array.of(1, 1e-6) };
    // Log costs of 1 and 0 under the default bounds.
    const losses = kmeansLosses(model, heldOut);
    expect(losses[0]).toBeCloseTo(0.25 ** 2 + 0.75 ** 2, 12);
    expect(losses[1]).toBeCloseTo(0.75 ** 2 + 0.25 ** 2, 12);
  });

  it('is no number where the router knows nothing of the model', () => {
    const [first, second] = kmeansLosses(model, { ...data, model: Uint16Array.of(1, 0) });
    expect(first).toBeNaN();
    expect(second).toBeGreaterThanOrEqual(0);
  });

  it('is never above what the grid declares', () => {
    const worst = { ...model, quality: Float64Array.of(1, 0), logCost: Float64Array.of(1, 0) };
    const heldOut = { ...data, quality: Float64Array.of(0, 0), costUsd: Float64Array.of(0, 0) };
    for (const loss of kmeansLosses(worst, heldOut)) {
      expect(loss).toBeLessThanOrEqual(KMEANS_GRID.greatestLoss);
    }
  });
});
