import {
  createArtifact,
  createRouter,
  type Dataset,
  decodeArtifact,
  encodeArtifact,
} from '@tributary/router';
import { describe, expect, it } from 'vitest';
import { poolDatasets } from '../baselines/pool-datasets.ts';
import { secureSums } from '../sums/secure-sums.ts';
import { federationOf, totalObservations } from '../testing/federation.ts';
import { generatorOf, topicsDataset } from '../testing/topics.ts';
import { holdOut } from '../tuning/hold-out.ts';
import { mfFamilyOf } from './mf.ts';
import { routerFamily } from './registry.ts';

const family = mfFamilyOf({ rank: 8 });
const clients: readonly Dataset[] = [[0], [1], [0, 1]].map((models, i) =>
  topicsDataset(generatorOf(70 + i), 80, models),
);
const federation = federationOf(clients);
const parts = clients.map((client, i) => holdOut(client, federation.localSeeds[i] ?? new Uint8Array(32)));

describe('the matrix factorisation family', () => {
  it('is known by its name', () => {
    expect(routerFamily('mf').title).toBe('Matrix factorisation');
  });

  it('tunes on the same rows as the others, by sums, and can be served', () => {
    const { setting, model } = family.tuneFederated(federation, parts);
    expect(setting).toMatch(/^learning rate (0\.0003|0\.001|0\.003|0\.01), \d+ rounds$/);
    expect(totalObservations(model)).toBe(240);
    const router = createRouter(decodeArtifact(encodeArtifact(createArtifact(model, 'toy'))));
    expect(router.route(Float32Array.of(-0.6, 0), 0).model).toBe('ant');
    expect(router.route(Float32Array.of(0.6, 0), 0).model).toBe('bee');
  });

  it('is the same by the protocol as in clear', () => {
    const secure = federationOf(clients, secureSums({ clients: 3, maxRecords: 10_000 }));
    expect(family.federated(secure)).toEqual(family.federated(federation));
  });

  it('learns on pooled rows', () => {
    const pooled = poolDatasets(clients);
    expect(totalObservations(family.alone(pooled, generatorOf(75)))).toBe(240);
  });
});
