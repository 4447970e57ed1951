import type { Dataset, RouterModel } from '@tributary/router';
import { describe, expect, it } from 'vitest';
import { poolDatasets } from '../baselines/pool-datasets.ts';
import { plainSums } from '../sums/plain-sums.ts';
import { secureSums } from '../sums/secure-sums.ts';
import { federationOf, totalObservations } from '../testing/federation.ts';
import { generatorOf, topicsDataset } from '../testing/topics.ts';
import { holdOut, poolHeldOut } from '../tuning/hold-out.ts';
import { mlpFamilyOf } from './mlp.ts';

const mlpFamily = mlpFamilyOf({ hidden: [12, 10] });
const clients: readonly Dataset[] = [[0], [1], [0, 1]].map((models, i) =>
  topicsDataset(generatorOf(50 + i), 80, models),
);
const federation = federationOf(clients);
const parts = clients.map((client, i) => holdOut(client, federation.localSeeds[i] ?? new Uint8Array(32)));

function countsOf(data: Dataset): number[] {
  return data.models.map((_, m) => data.model.filter((model) => model === m).length);
}

describe('the MLP family', () => {
  it('learns from all clients, by sums or on pooled rows, which model is good at what', () => {
    const trained: RouterModel[] = [
      mlpFamily.federated(federation),
      mlpFamily.alone(poolDatasets(clients), generatorOf(60)),
    ];
    for (const model of trained) {
      expect(model.kind).toBe('mlp');
      expect([...model.observations]).toEqual(countsOf(poolDatasets(clients)));
    }
  });

  it('tunes on the rows that are held out for every family', () => {
    const { trial, model, setting } = mlpFamily.tuneFederated(federation, parts);
    expect(setting).toMatch(/^learning rate (0\.0001|0\.0003|0\.001), \d+ rounds$/);
    // Had the program held out other rows than these, it would have counted other observations.
    expect([...trial.observations]).toEqual(countsOf(poolHeldOut(parts).rest));
    expect(totalObservations(model)).toBe(240);
  });

  it('is the same by the protocol as in clear', () => {
    const shape = { clients: 3, maxRecords: 10_000 };
    const secure = mlpFamily.federated(federationOf(clients, secureSums(shape)));
    expect(secure).toEqual(mlpFamily.federated(federationOf(clients, plainSums(shape))));
  });

  it('tunes alone, and where no row is held out', () => {
    const [, , both] = clients;
    const data = both ?? topicsDataset(generatorOf(61), 80);
    const { setting, model } = mlpFamily.tuneAlone(data, holdOut(data, new Uint8Array(32)), generatorOf(62));
    expect(setting).toMatch(/ epochs$/);
    expect(totalObservations(model)).toBe(80);
    const few = topicsDataset(generatorOf(63), 5);
    const tuned = mlpFamily.tuneAlone(few, holdOut(few, new Uint8Array(32)), generatorOf(64));
    expect(tuned.setting).toBe('learning rate 0.0001, 12 epochs');
  });

  it('takes models and clients later, and mixes routers for one of them', () => {
    const [first, , both] = clients as [Dataset, Dataset, Dataset];
    const [own] = parts as [(typeof parts)[0]];
    const router = mlpFamily.federated(federation);
    const joined = mlpFamily.addClients?.(router, federation);
    expect(joined && totalObservations(joined)).toBe(480);
    const cat = { ...both, models: ['cat'], model: both.model.map(() => 0) };
    const wider = mlpFamily.addModels?.(router, federationOf([cat, cat, cat]));
    expect(wider?.models).toEqual(['ant', 'bee', 'cat']);
    expect(wider?.observations[2]).toBe(240);
    const local = mlpFamily.tuneAlone(first, own, generatorOf(65));
    const mixture = mlpFamily.personal?.({
      federated: router,
      federatedTrial: router,
      local,
      own: first,
      parts: own,
    });
    expect(mixture?.models).toEqual(['ant', 'bee']);
  });
});
