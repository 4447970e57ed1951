import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Measurement } from '../results/measurement.ts';
import type { ExperimentOptions } from '../run/experiment-options.ts';
import { trialMeasurer, trialsOf } from '../run/measure-trial.ts';
import { writeToyLog } from '../testing/toy-log.ts';
import { mfExperiment } from './mf.ts';

let directory: string;
let options: ExperimentOptions;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tributary-kinds-'));
  await writeToyLog(join(directory, 'log'));
  options = {
    experiment: 'mf',
    data: join(directory, 'log'),
    clients: 3,
    seeds: 1,
    routers: ['kmeans', 'mf', 'prox'],
    plain: true,
  };
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('the experiment mf', () => {
  it('tunes every kind in every setting, and sets them beside each other', async () => {
    const measure = trialMeasurer(options);
    const measurements: Measurement[] = [];
    let facts;
    for (const { name } of trialsOf(options, 2)) {
      const outcome = await measure(name);
      measurements.push(...outcome.measurements);
      ({ facts } = outcome);
    }
    const tuned = measurements.filter((each) => each.setting === 'federated').map((each) => each.tuned);
    expect(tuned).toEqual([
      [expect.stringMatching(/^K /)],
      [expect.stringMatching(/^learning rate /)],
      [expect.stringMatching(/sharpness /)],
    ]);
    const shown = mfExperiment.sections({
      experiment: 'mf',
      dataset: 'toy',
      synthetic: true,
      seeds: [1],
      settings: [],
      routers: options.routers.map((name) => ({ name, title: name.toUpperCase() })),
      facts: facts === undefined ? [] : [facts],
      measurements,
    });
    expect(shown[0]?.text).toContain('MF − KMEANS');
    expect(shown[0]?.text).toContain('PROX − KMEANS');
  }, 60_000);
});
