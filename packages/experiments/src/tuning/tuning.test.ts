import { type Dataset, RouterError, type RouterModel } from '@tributary/router';
import { describe, expect, it } from 'vitest';
import { KMEANS_GRID, kmeansFamily } from '../families/kmeans.ts';
import { secureSums } from '../sums/secure-sums.ts';
import { federationOf, totalObservations } from '../testing/federation.ts';
import { generatorOf, topicsDataset } from '../testing/topics.ts';
import { type HeldOut, holdOut, poolHeldOut } from './hold-out.ts';
import { contributeLosses, lossPlan, meanLosses } from './loss-sum.ts';
import type { TunedRouter } from './tuned-router.ts';

const SHAPE = { clients: 3, maxRecords: 10_000 };
const localSeed = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);

function threeClients(test: number): { clients: Dataset[]; parts: HeldOut[] } {
  const generator = generatorOf(test);
  const clients = [1, 2, 3].map(() => topicsDataset(generator, 160));
  return { clients, parts: clients.map((client, i) => holdOut(client, localSeed(100 + i))) };
}

function tuneAlone(data: Dataset, test: number): TunedRouter {
  return kmeansFamily.tuneAlone(data, holdOut(data, localSeed(test)), generatorOf(test));
}

describe('holding out', () => {
  it('takes an eighth of the rows, and leaves the others', () => {
    const data = topicsDataset(generatorOf(1), 83);
    const { rest, heldOut } = holdOut(data, localSeed(2));
    expect([rest.records, heldOut.records]).toEqual([73, 10]);
    const ascending = [[...rest.features, ...heldOut.features], [...data.features]].map((values) =>
      values.toSorted((a, b) => a - b),
    );
    expect(ascending[0]).toEqual(ascending[1]);
  });

  it('takes none of fewer than eight', () => {
    expect(holdOut(topicsDataset(generatorOf(3), 7), localSeed(4)).heldOut.records).toBe(0);
  });
});

describe('tuning in one place', () => {
  it('takes several clusters where that predicts better, and learns from all rows', () => {
    const { model, trial, setting } = tuneAlone(topicsDataset(generatorOf(13), 400), 14);
    expect(setting).toMatch(/^K (8|20), /);
    expect(totalObservations(model)).toBe(400);
    expect(totalObservations(trial)).toBe(350);
  });

  it('takes one cluster where more do not predict better', () => {
    const data = topicsDataset(generatorOf(15), 400);
    const alike = { ...data, quality: data.quality.map(() => 1), costUsd: new Float64Array(400) };
    expect(tuneAlone(alike, 16).setting).toBe('K 1, kappa 20');
  });

  it('knows nothing of models that were never observed', () => {
    const { model } = tuneAlone(topicsDataset(generatorOf(17), 40, [1]), 18);
    expect(model.observations.filter((_, cell) => cell % 2 === 0).every((n) => n === 0)).toBe(true);
  });

  it('works with too few rows to hold any out, and says so where there is none', () => {
    expect(tuneAlone(topicsDataset(generatorOf(19), 3), 20).setting).toBe('K 1, kappa 20');
    expect(() => tuneAlone(topicsDataset(generatorOf(21), 0), 22)).toThrow(RouterError);
  });
});

describe('tuning by sums', () => {
  it('compares settings by the mean loss over the held-out rows of all clients', () => {
    const { clients, parts } = threeClients(30);
    const models = KMEANS_GRID.recipes.flatMap((recipe) => recipe.federated(federationOf(clients)));
    const sum = secureSums(SHAPE).open({
      plan: lossPlan(models.length, KMEANS_GRID.greatestLoss),
      stateBytes: Uint8Array.of(1),
      contribute: (client) =>
        contributeLosses(KMEANS_GRID, models, parts[client]?.heldOut ?? topicsDataset(generatorOf(0), 0)),
    });
    const { heldOut } = poolHeldOut(parts);
    const pooled = models.map((model: RouterModel) => {
      const losses = KMEANS_GRID.losses(model, heldOut);
      return losses.reduce((a, b) => a + b) / losses.length;
    });
    meanLosses(sum).forEach((loss, m) => expect(loss).toBeCloseTo(pooled[m] ?? Number.NaN, 3));
  });

  it('leaves out records that a model cannot judge', () => {
    const model = kmeansFamily.federated(federationOf([topicsDataset(generatorOf(32), 60, [0])]));
    const unknown = topicsDataset(generatorOf(33), 10, [1]);
    const vectors = [...contributeLosses(KMEANS_GRID, [model], unknown)];
    expect(vectors).toHaveLength(10);
    for (const { values } of vectors) expect([...values]).toEqual([0, 0]);
    expect(meanLosses(Float64Array.of(0, 0))).toEqual([0]);
  });

  it('chooses, and trains, by the protocol what it does in clear', () => {
    const { clients, parts } = threeClients(34);
    const tuned = kmeansFamily.tuneFederated(federationOf(clients, secureSums(SHAPE)), parts);
    expect(tuned).toEqual(kmeansFamily.tuneFederated(federationOf(clients), parts));
    expect(tuned.setting).toMatch(/^K (8|20), /);
    expect(totalObservations(tuned.model)).toBe(480);
    expect(totalObservations(tuned.trial)).toBe(420);
  });
});
