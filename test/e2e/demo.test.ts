/** The main job as a newcomer runs it: real processes, real sockets, on the default workload. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type EvaluationLog, writeDirectory } from '@tributary/client';
import type { DemoResult } from '@tributary/experiments';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory, tributary, tributaryFromSource } from '../support/cli.ts';

const DEMO_TIMEOUT_MS = 180_000;

async function demo(
  command: typeof tributary,
  ...args: readonly string[]
): Promise<{ result: DemoResult; stderr: string; out: string }> {
  const out = temporaryDirectory();
  const run = await command(['demo', '--json', '--out', out, ...args]);
  expect(run.exitCode, run.stderr).toBe(0);
  return { result: run.result as DemoResult, stderr: run.stderr, out };
}

const isEasy = (query: number): boolean => query % 2 === 0;

/** Two models, both asked everything: the cheap one is right on one side of the origin, the dear one everywhere. */
function smallBenchmark(): EvaluationLog {
  const queries = Array.from({ length: 120 }, (_, i) => ({ id: `q${i}`, text: `query ${i}` }));
  const perPair = (value: (query: number, model: number) => number): number[] =>
    queries.flatMap((_, query) => [value(query, 0), value(query, 1)]);
  return {
    source: 'small',
    queries,
    models: [{ name: 'dear' }, { name: 'plain' }],
    evaluations: {
      offsets: Uint32Array.from({ length: queries.length + 1 }, (_, i) => 2 * i),
      model: Uint16Array.from(perPair((_, model) => model)),
      quality: Float64Array.from(perPair((query, model) => (model === 0 || isEasy(query) ? 1 : 0))),
      costUsd: Float64Array.from(perPair((_, model) => (model === 0 ? 0.01 : 0.0001))),
    },
    embeddings: {
      encoder: 'toy',
      dimensions: 4,
      rows: Float32Array.from(
        queries.flatMap((_, i) => [isEasy(i) ? 0.8 : -0.8, (i % 7) / 20, (i % 5) / 20, 0.1]),
      ),
    },
  };
}

describe('the demo', () => {
  it(
    'trains a router across five processes, exact in every sum, and worth federating for',
    async () => {
      const { result, stderr, out } = await demo(tributaryFromSource);
      expect(result).toMatchObject({ router: 'kmeans', clients: 5, survivors: 5, exact: true });
      expect(result.checkedSums).toBe(result.rounds);
      expect(result.aucShared.federated).toBeGreaterThan(result.aucShared.static + 0.02);
      // Noise is fresh in every run, so that the best of five locals is sometimes near; their mean never is.
      const { federated, local } = result.aucShared;
      expect(federated).toBeGreaterThan(local.reduce((sum, one) => sum + one, 0) / local.length + 0.03);
      const { privacy } = result;
      expect(privacy).toMatchObject({ unit: 'record', epsilon: 3, delta: 1e-5 });
      expect(privacy?.rho).toBeLessThanOrEqual(privacy?.limit ?? 0);
      expect(stderr).toContain('record level: epsilon');
      // An auditor finds every sum to be that of the uploads.
      expect(result).toMatchObject({ audit: { sums: result.rounds, complete: true } });
      expect(stderr).toContain('tributary audit verify');
      const archive = join(out, 'run.audit');
      const exported = await tributary(['audit', 'export', result.auditLog, '-o', archive, '--json']);
      // Of every sum at least itself and the masked sum.
      expect((exported.result as { vectors: number }).vectors).toBeGreaterThanOrEqual(2 * result.rounds);
      const verified = await tributary(['audit', 'verify', archive, '--complete', '--json']);
      expect(verified).toMatchObject({ exitCode: 0, result: { sums: result.rounds, ended: true } });
      const report = readFileSync(result.report, 'utf8');
      expect(report).toContain('<svg');
      expect(report.toLowerCase()).toContain('synthetic');
      expect(existsSync(join(out, 'clients', 'org-0', 'router.json'))).toBe(true);
      // Every organisation computed the same router from the opened sums as the coordinator did.
      const router = readFileSync(join(out, 'coordinator', 'output', 'router.json'), 'utf8');
      for (const name of ['org-0', 'org-4']) {
        expect(readFileSync(join(out, 'clients', name, 'router.json'), 'utf8')).toBe(router);
      }
      const routed = await tributary([
        'route',
        '--artifact',
        join(out, 'clients', 'org-0', 'router.json'),
        '--json',
        'What is 17 plus 25?',
      ]);
      expect(routed).toMatchObject({
        exitCode: 0,
        result: { model: expect.stringContaining('synthetic') as string },
      });
    },
    DEMO_TIMEOUT_MS,
  );

  it.each(['setup', 'masked-input', 'consistency', 'unmask'])(
    'goes on, exactly, when a client is killed in %s',
    async (phase) => {
      // Nothing of this depends on the size of the data; a budget this large leaves something to learn from so little.
      const data = temporaryDirectory();
      await writeDirectory(smallBenchmark(), data);
      const args = ['--data', data, '--kill', `3@${phase}`, '--epsilon', '100'];
      const { result, stderr } = await demo(tributary, ...args);
      expect(result).toMatchObject({ clients: 5, survivors: 4, exact: true });
      expect(result.checkedSums).toBe(result.rounds);
      expect(stderr).toContain(`killed client 3 in ${phase}`);
      expect(result).toMatchObject({ audit: { sums: result.rounds, complete: true } });
    },
    DEMO_TIMEOUT_MS,
  );

  it('has its copies of vectors in its own client entry only', () => {
    const copying = /writeFile|appendFile|createWriteStream/;
    const participant = readFileSync(join('packages', 'client', 'src', 'round-participant.ts'), 'utf8');
    const training = readFileSync(join('packages', 'client', 'src', 'training.ts'), 'utf8');
    expect(participant).not.toMatch(copying);
    expect(training).not.toMatch(copying);
    const entry = readFileSync(join('packages', 'experiments', 'src', 'demo', 'client-process.ts'), 'utf8');
    expect(entry).toMatch(copying);
    const published = readFileSync(join('packages', 'experiments', 'src', 'index.ts'), 'utf8');
    expect(published).not.toContain('client-process');
  });
});
