import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXPERIMENTS } from '../catalogue/registry.ts';
import type { TrialOutcome } from '../results/measurement.ts';
import { writeToyLog } from '../testing/toy-log.ts';
import type { ExperimentOptions, ExperimentProgress } from './experiment-options.ts';
import { trialMeasurer, trialsOf } from './measure-trial.ts';
import { type FinishedExperiment, runExperiment } from './run-experiment.ts';
import { openTrialStore } from './trial-store.ts';

let directory: string;
let data: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tributary-experiment-'));
  data = join(directory, 'log');
  await writeToyLog(data);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const options = (rest: Partial<ExperimentOptions> = {}): ExperimentOptions => ({
  experiment: 'main',
  data,
  clients: 3,
  seeds: 1,
  routers: ['kmeans'],
  plain: true,
  ...rest,
});

describe('trials', () => {
  it('have names of their own in every experiment', () => {
    for (const { name } of EXPERIMENTS) {
      const trials = trialsOf(options({ experiment: name, seeds: 3, clients: 40 }), 14);
      expect(new Set(trials.map((trial) => trial.name)).size).toBe(trials.length);
    }
  });

  it('give the same result with sums in clear as by the protocol', async () => {
    const names = trialsOf(options(), 2).flatMap(({ name }) => (name.includes('federated') ? [name] : []));
    expect(names).toHaveLength(1);
    const inClear = trialMeasurer(options());
    const secure = trialMeasurer(options({ plain: false }));
    for (const name of names) expect(await secure(name)).toEqual(await inClear(name));
  }, 60_000);
});

describe('kept trials', () => {
  const outcome = { facts: { seed: 1 }, measurements: [] } as unknown as TrialOutcome;

  it('come back as they were, each under its name', async () => {
    const store = openTrialStore(join(directory, 'kept'));
    await store.write('seed 1, kmeans', outcome);
    expect(openTrialStore(join(directory, 'kept')).read('seed 1, kmeans')).toEqual(outcome);
    expect(store.read('seed 2, kmeans')).toBeUndefined();
    store.remove();
    expect(store.read('seed 1, kmeans')).toBeUndefined();
  });

  it.each([
    ['cut off', (text: string) => text.slice(0, -5)],
    ['empty', () => ''],
    ['changed', (text: string) => text.replace('seed\\":1', 'seed\\":2')],
    ['of something else', () => 'null'],
  ])('do not count where the file is %s', async (_, spoil) => {
    const path = join(directory, 'spoilt');
    const store = openTrialStore(path);
    await store.write('trial', outcome);
    const file = join(path, readdirSync(path)[0] ?? '');
    const text = readFileSync(file, 'utf8');
    expect(spoil(text)).not.toBe(text);
    writeFileSync(file, spoil(text));
    expect(store.read('trial')).toBeUndefined();
    store.remove();
  });
});

async function run(
  place: string,
  onProgress: (progress: ExperimentProgress) => void = () => {},
  signal?: AbortSignal,
): Promise<FinishedExperiment> {
  return await runExperiment({
    options: options(),
    directory: join(directory, place),
    onProgress,
    ...(signal === undefined ? {} : { signal }),
  });
}

describe('an experiment', () => {
  it('that is interrupted goes on where it stopped, and ends with the same result', async () => {
    const whole = await run('whole');
    expect(whole.result.results.map(({ setting }) => setting)).toEqual([
      'federated',
      'centralised',
      'local',
      'static',
    ]);
    expect(whole.report).toContain('<svg');

    const controller = new AbortController();
    const stopped = run(
      'stopped',
      (progress) => {
        if (progress.kind === 'trials' && progress.finished !== undefined) controller.abort('SIGINT');
      },
      controller.signal,
    );
    await expect(stopped).rejects.toMatchObject({
      code: 'RUN_FAILED',
      message: 'stopped by SIGINT',
      hint: 'the same command goes on where it stopped',
    });

    const done: number[] = [];
    const resumed = await run('stopped', (progress) => {
      if (progress.kind === 'trials') done.push(progress.done);
    });
    expect(done[0]).toBeGreaterThan(0);
    expect(done.at(-1)).toBe(4);
    expect(resumed).toEqual(whole);
    expect(readdirSync(join(directory, 'stopped'))).toEqual([]);
  }, 60_000);

  it('fails before it begins where the queries are too few for the clients', async () => {
    await expect(
      runExperiment({ options: options({ clients: 64 }), directory, onProgress: () => {} }),
    ).rejects.toMatchObject({ name: 'DataError', code: 'TOO_FEW_QUERIES' });
  });

  it('is known by name', async () => {
    const misspelt = options({ experiment: 'mian' });
    await expect(runExperiment({ options: misspelt, directory, onProgress: () => {} })).rejects.toMatchObject(
      {
        code: 'BAD_ARGUMENT',
        hint: 'did you mean main?',
      },
    );
  });
});
