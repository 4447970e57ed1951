/** The main job as a newcomer runs it: real processes, real sockets, on the default workload. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DemoResult } from '@tributary/experiments';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory, tributary, tributaryFromSource } from '../support/cli.ts';

const DEMO_TIMEOUT_MS = 180_000;

async function demo(
  ...args: readonly string[]
): Promise<{ result: DemoResult; stderr: string; out: string }> {
  const out = temporaryDirectory();
  const run = await tributaryFromSource(['demo', '--json', '--out', out, ...args]);
  expect(run.exitCode, run.stderr).toBe(0);
  return { result: run.result as DemoResult, stderr: run.stderr, out };
}

describe('the demo', () => {
  it(
    'trains a router across five processes, exact in every sum, and worth federating for',
    async () => {
      const { result, stderr, out } = await demo();
      expect(result).toMatchObject({ router: 'kmeans', clients: 5, survivors: 5, exact: true });
      expect(result.checkedSums).toBe(result.rounds);
      expect(result.aucShared.federated).toBeGreaterThan(result.aucShared.static + 0.02);
      for (const local of result.aucShared.local) expect(result.aucShared.federated).toBeGreaterThan(local);
      expect(stderr).toContain('no privacy noise');
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
      const { result, stderr } = await demo('--kill', `3@${phase}`);
      expect(result).toMatchObject({ clients: 5, survivors: 4, exact: true });
      expect(result.checkedSums).toBe(result.rounds);
      expect(stderr).toContain(`killed client 3 in ${phase}`);
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
