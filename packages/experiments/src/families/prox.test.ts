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
import { proxFamily } from './prox.ts';
import { routerFamily } from './registry.ts';

const clients: readonly Dataset[] = [[0], [1], [0, 1]].map((models, i) =>
  topicsDataset(generatorOf(90 + i), 80, models),
);
const federation = federationOf(clients);
const parts = clients.map((client, i) => holdOut(client, federation.localSeeds[i] ?? new Uint8Array(32)));

describe('the family of weighted K-means', () => {
  it('is known by its name', () => {
    expect(routerFamily('prox')).toBe(proxFamily);
  });

  it('tunes clusters and sharpness by sums, and can be served', () => {
    const { setting, model } = proxFamily.tuneFederated(federation, parts);
    expect(setting).toMatch(/^K (8|20|32), sharpness (5|10|20|40)$/);
    expect(totalObservations(model)).toBe(240);
    const router = createRouter(decodeArtifact(encodeArtifact(createArtifact(model, 'toy'))));
    expect(router.route(Float32Array.of(-0.6, 0), 0).model).toBe('ant');
    expect(router.route(Float32Array.of(0.6, 0), 0).model).toBe('bee');
  });

  it('is the same by the protocol as in clear', () => {
    const secure = federationOf(clients, secureSums({ clients: 3, maxRecords: 10_000 }));
    expect(proxFamily.federated(secure)).toEqual(proxFamily.federated(federation));
  });

  it('learns and tunes on rows in one place', () => {
    const pooled = poolDatasets(clients);
    expect(totalObservations(proxFamily.alone(pooled, generatorOf(95)))).toBe(240);
    const halves = holdOut(pooled, new Uint8Array(32));
    expect(proxFamily.tuneAlone(pooled, halves, generatorOf(96)).setting).toMatch(/^K /);
  });
});
