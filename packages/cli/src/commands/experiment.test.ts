import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EvaluationLog, writeDirectory } from '@tributary/client';
import { type ExperimentResult, EXPERIMENTS, PROCESSOR_MINUTES } from '@tributary/experiments';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { run } from '../run.ts';

let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tributary-cli-experiment-'));
  await writeDirectory(LOG, join(directory, 'log'));
  vi.stubEnv('INIT_CWD', directory);
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true, force: true });
});
afterEach(() => vi.restoreAllMocks());

/** Two models on 60 queries of two tasks, which the embeddings tell apart; the cheap one is good at one of them. */
const LOG: EvaluationLog = {
  source: 'toy',
  queries: Array.from({ length: 60 }, (_, i) => ({ id: `q${i}`, text: `number ${i}`, task: taskOf(i) })),
  models: [{ name: 'cheap' }, { name: 'dear' }],
  evaluations: {
    offsets: Uint32Array.from({ length: 61 }, (_, i) => 2 * i),
    model: Uint16Array.from({ length: 120 }, (_, row) => row % 2),
    quality: Float64Array.from({ length: 120 }, (_, row) => {
      const query = Math.floor(row / 2);
      const good = row % 2 === 0 ? taskOf(query) === 'verse' : query % 10 !== 1;
      return good ? 1 : 0;
    }),
    costUsd: Float64Array.from({ length: 120 }, (_, row) => (row % 2 === 0 ? 1e-4 : 1e-3)),
  },
  embeddings: {
    encoder: 'toy2',
    dimensions: 2,
    rows: Float32Array.from({ length: 120 }, (_, j) =>
      j % 2 === 1 ? (j % 7) / 20 : taskOf(j / 2) === 'sum' ? -0.6 : 0.6,
    ),
  },
};

function taskOf(query: number): 'sum' | 'verse' {
  return query % 2 === 0 ? 'sum' : 'verse';
}

interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function tributary(...args: string[]): Promise<Ran> {
  const stdout = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const exitCode = await run(args);
  const [out = '', err = ''] = [stdout, stderr].map(({ mock }) =>
    mock.calls.map(([text]) => String(text)).join(''),
  );
  vi.restoreAllMocks();
  return { exitCode, stdout: out, stderr: err };
}

describe('tributary experiment list', () => {
  it('names the experiments', async () => {
    const { exitCode, stdout } = await tributary('experiment', 'list');
    expect(exitCode).toBe(0);
    expect(stdout.split('\n').map((line) => line.trim().split(/\s+/)[0])).toEqual(
      expect.arrayContaining(['main', 'equal-tuning', 'scale']),
    );
    const { stdout: json } = await tributary('experiment', 'list', '--json');
    expect(JSON.parse(json)).toContainEqual({
      name: 'main',
      description: expect.any(String) as string,
      processorMinutes: expect.any(Number) as number,
    });
  });

  it.each([[['list']], [['--help']], [['run', '--help']]])(
    'says of each experiment how long it takes, in experiment %j',
    async (args) => {
      const { exitCode, stdout } = await tributary('experiment', ...args);
      expect(exitCode).toBe(0);
      const lines = stdout.split('\n');
      for (const { name } of EXPERIMENTS) {
        expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^  ${name} +[1-9][0-9]* min  .`)));
      }
      expect(Object.keys(PROCESSOR_MINUTES).toSorted()).toEqual(
        EXPERIMENTS.map(({ name }) => name).toSorted(),
      );
    },
  );
});

describe('tributary experiment run', () => {
  it('prints progress for people, the result as one line, and writes the report', async () => {
    const flags = '--data log --clients 3 --seeds 2 --router kmeans --plain --json --report report.html';
    const { exitCode, stdout, stderr } = await tributary('experiment', 'run', 'main', ...flags.split(' '));
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(1);
    expect(Buffer.byteLength(stdout)).toBeLessThan(64 * 1024);
    const result = JSON.parse(lines[0] ?? '') as ExperimentResult;
    expect(result).toMatchObject({ experiment: 'main', dataset: join(directory, 'log'), seeds: 2 });
    expect(result.results).toHaveLength(8);
    for (const row of result.results) {
      expect(row).toMatchObject({
        router: 'kmeans',
        setting: expect.stringMatching(/^(federated|centralised|local|static)$/) as string,
        seed: expect.any(Number) as number,
        auc: expect.any(Number) as number,
        aucShared: expect.any(Number) as number,
        qualityAtBudget: { '100%': expect.any(Number) as number },
        clients: 3,
      });
      expect(typeof row.ownTestWins).toBe(row.setting === 'federated' ? 'number' : 'undefined');
    }
    expect(result.summary['kmeans']?.['federated']?.['aucShared']).toEqual({
      mean: expect.any(Number) as number,
      low: expect.any(Number) as number,
      high: expect.any(Number) as number,
    });
    expect(result.bestSingle.model).toBe('dear');
    expect(result.cheapest.model).toBe('cheap');
    expect(result.oracle.quality).toBeGreaterThan(result.bestSingle.quality);
    expect(result.singles.models).toHaveLength(2);
    expect(stderr).toContain('8/8');
    expect(stderr).toContain('kmeans federated');
    expect(readFileSync(join(directory, 'report.html'), 'utf8')).toContain('<svg');
  }, 60_000);

  it.each([
    ['a budget that is none', ['--epsilon', '-3'], '--epsilon -3 is no number above 0'],
    [
      'a budget where none is taken',
      ['--epsilon', '3', '--router', 'mf'],
      'mf router cannot be trained from noisy sums',
    ],
    ['no draw', ['--seeds', '0'], '--seeds 0 is no integer of 1..20'],
    ['two clients', ['--clients', '2'], '--clients 2 is no integer of 3..64'],
    ['a router that there is not', ['--router', 'forest'], "argument 'forest' is invalid"],
    ['a log that there is not', ['--data', 'nowhere.jsonl'], 'nowhere.jsonl'],
    ['more clients than queries for them', ['--clients', '9'], '60 queries are too few for 9 clients'],
  ])('refuses %s before anything runs', async (_, flags, message) => {
    const data = flags.includes('--data') ? [] : ['--data', 'log'];
    const { exitCode, stdout, stderr } = await tributary(
      'experiment',
      'run',
      'main',
      ...data,
      '--json',
      ...flags,
    );
    expect(exitCode).toBe(4);
    expect(stderr).toContain(message);
    expect(JSON.parse(stdout)).toHaveProperty('error.code');
    expect(existsSync(join(directory, '.tributary', 'experiments', 'main'))).toBe(false);
  });

  it('refuses an experiment that there is not, and names the nearest', async () => {
    const { exitCode, stderr } = await tributary('experiment', 'run', 'scales');
    expect(exitCode).toBe(4);
    expect(stderr).toContain('there is no experiment "scales" (did you mean scale?)');
  });
});
