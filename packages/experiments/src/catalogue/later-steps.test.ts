import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Measurement } from '../results/measurement.ts';
import type { ExperimentOptions } from '../run/experiment-options.ts';
import { trialMeasurer, trialsOf } from '../run/measure-trial.ts';
import { drawScene, type Scene } from '../scene/scene.ts';
import { withholdModels } from '../scene/withheld-models.ts';
import { writeToyLog } from '../testing/toy-log.ts';
import { loadWorkload } from '../workload/load-workload.ts';

const MODELS = 6;
let directory: string;
let data: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tributary-later-'));
  data = join(directory, 'log');
  await writeToyLog(data, 600, MODELS);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function measured(experiment: string, clients: number, plain = true): Promise<readonly Measurement[]> {
  const options: ExperimentOptions = { experiment, data, clients, seeds: 1, routers: ['kmeans'], plain };
  const [trial] = trialsOf(options, MODELS);
  return (await trialMeasurer(options)(trial?.name ?? '')).measurements;
}

function aucAt(measurements: readonly Measurement[], point: string): number {
  const found = measurements.find((each) => each.point === point);
  return found?.scores[0]?.aucShared ?? Number.NaN;
}

describe('add-models', () => {
  it('wins back by calibration what the best models are worth, by the protocol as in clear', async () => {
    const measurements = await measured('add-models', 3);
    expect(aucAt(measurements, 'new models added')).toBeGreaterThan(
      aucAt(measurements, 'without the new models') + 0.005,
    );
    const [before, after, all] = measurements.map(({ scores }) => scores[0]?.aucShared ?? Number.NaN);
    const recovered = ((after ?? 0) - (before ?? 0)) / ((all ?? 0) - (before ?? 0));
    expect(measurements[1]?.figures).toEqual({ recovered });
    expect(await measured('add-models', 3, false)).toEqual(measurements);
  }, 30_000);

  it('needs models enough to hold some out', async () => {
    const few = join(directory, 'few');
    await writeToyLog(few, 240, 4);
    const options = { experiment: 'add-models', clients: 3, seeds: 1, routers: ['kmeans'], plain: true };
    const measure = trialMeasurer({ ...options, data: few });
    await expect(measure('seed 1, kmeans, models added')).rejects.toMatchObject({ code: 'BAD_ARGUMENT' });
  });
});

describe('withheld models', () => {
  const withheld = ['dear', 'plain 5'];
  let scene: Scene;
  beforeAll(async () => {
    scene = drawScene(await loadWorkload({ data }, 1), { seed: 1, clients: 3 });
  });

  it('answered nothing before, and a tenth of the queries in calibration', () => {
    const { before, calibration, all } = withholdModels(scene, withheld);
    before.forEach((rows, client) => {
      expect(rows.models).toEqual(['cheap', 'plain 2', 'plain 3', 'plain 4']);
      expect(rows.records).toBe(scene.clients[client]?.records);
      expect(all[client]?.models).toEqual([...rows.models, ...withheld]);
    });
    calibration.forEach((rows, client) => {
      const tenth = Math.max(1, Math.round(0.1 * (scene.clients[client]?.records ?? 0)));
      expect(rows.models).toEqual(withheld);
      for (const model of [0, 1]) expect(rows.model.filter((m) => m === model)).toHaveLength(tenth);
    });
  });

  it('move to the end of the test, with what they did', () => {
    const { test } = withholdModels(scene, withheld);
    const [from, to] = [scene.test.models.indexOf('dear'), test.models.indexOf('dear')];
    expect(to).toBe(4);
    for (let query = 0; query < 20; query++) {
      expect(test.quality[query * MODELS + to]).toBe(scene.test.quality[query * MODELS + from]);
      expect(test.costUsd[query * MODELS + to]).toBe(scene.test.costUsd[query * MODELS + from]);
    }
  });
});

describe('add-clients', () => {
  it('judges before and after, on the tests of the newcomers and of the others', async () => {
    const measurements = await measured('add-clients', 6);
    expect(measurements.map(({ point }) => point)).toEqual([
      'before, tests of newcomers',
      'newcomers added, tests of newcomers',
      'all from the start, tests of newcomers',
      'before, tests of the first clients',
      'newcomers added, tests of the first clients',
      'all from the start, tests of the first clients',
    ]);
    expect(await measured('add-clients', 6, false)).toEqual(measurements);
  }, 30_000);

  it('refuses federations in which newcomers could not be summed by themselves', () => {
    const options = { experiment: 'add-clients', data, seeds: 1, routers: ['kmeans'], plain: true };
    expect(() => trialsOf({ ...options, clients: 5 }, MODELS)).toThrow(/--clients 6 or more|not 5/);
  });
});

describe('extreme-heterogeneity', () => {
  it('scores the federated router, the local ones and the mixtures on each client’s own test', async () => {
    const measurements = await measured('extreme-heterogeneity', 4);
    expect(measurements.map(({ setting }) => setting)).toEqual(['federated', 'local', 'mixture']);
    for (const { scores } of measurements) expect(scores).toHaveLength(4);
  });
});
