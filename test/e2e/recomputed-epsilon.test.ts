/** The script in docs/privacy-statement.md, taken from there, over the export of a run: an epsilon that none of our code computed. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { accountReleases, dpEventTree, type ReleasedRound, type VerifiedLedger } from '@tributary/privacy';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { verifyFile } from '../../packages/cli/src/commands/audit-verify.ts';
import { run as command } from '../../packages/cli/src/run.ts';
import { temporaryDirectory } from '../support/cli.ts';
import { NoisyFederation } from '../support/noisy-federation.ts';

const DELTA = 1e-5;
const DOCUMENT = new URL('../../docs/privacy-statement.md', import.meta.url);
/** The directory whose `dp_accounting` stands in for the library. */
const STAND_IN = fileURLToPath(new URL('.', import.meta.url));

const runs = (code: string): boolean => spawnSync('python3', ['-c', code]).status === 0;
const hasPython = runs('');
const WITH = [
  ['the stand-in', { PYTHONPATH: STAND_IN }, hasPython ? '' : 'python3 is not installed'],
  ['the library', {}, runs('import dp_accounting') ? '' : 'dp_accounting is not installed'],
] as const;

const directory = temporaryDirectory();
const script = join(directory, 'recompute.py');
const archive = join(directory, 'run.audit');
let ledger: VerifiedLedger;

/** What the script prints. */
function recomputed(events: string, env: { readonly PYTHONPATH?: string }): number {
  const options = {
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', ...env },
    encoding: 'utf8',
  } as const;
  return Number(execFileSync('python3', [script, events, String(DELTA)], options));
}

/** A sum over records that were sampled with this probability. */
function release(sampling: number, normBound: number): ReleasedRound {
  return {
    round: 1,
    attempt: 1,
    step: 'step',
    survivors: 5,
    cohort: 5,
    normBound,
    variance: 1n << 20n,
    rho: { numerator: 0n, denominator: 1n },
    charge: { numerator: 0n, denominator: 1n },
    sampling,
  };
}

beforeAll(async () => {
  const [, code] = /```python\n(.*?)```/s.exec(readFileSync(DOCUMENT, 'utf8')) ?? [];
  if (code === undefined) throw new Error('the document has no script');
  writeFileSync(script, code);
  if (!hasPython) return;
  const federation = new NoisyFederation();
  const { coordinator } = await federation.run();
  if (coordinator.status === 'rejected') throw coordinator.reason;
  for (const stream of [process.stdout, process.stderr]) vi.spyOn(stream, 'write').mockReturnValue(true);
  const exitCode = await command(['audit', 'export', federation.log, '-o', archive]);
  vi.restoreAllMocks();
  if (exitCode !== 0) throw new Error(`audit export ended with ${exitCode}`);
  const verdict = await verifyFile(federation.log);
  if (!verdict.ok || verdict.report.ledger === undefined) throw new Error('the log does not hold');
  ({ ledger } = verdict.report);
});

describe.each(WITH)('the script in the document, with %s', (_, env, missing) => {
  it('finds the epsilon of a run, from its export', (context) => {
    if (missing !== '') context.skip(missing);
    const { releases, genesis } = ledger;
    const colluders = genesis?.declaration.colluders ?? 0;
    const own = accountReleases(releases, colluders, DELTA, 'rdp').epsilon;
    const found = recomputed(`${archive}.events.json`, env);
    expect(found).toBeGreaterThanOrEqual(own * (1 - 1e-9));
    expect(found).toBeLessThanOrEqual(own * 1.01);
    // At integer orders alone, from the exact fractions of the ledger; each charge is rounded up by 2^-64.
    const rho = releases.reduce(
      (sum, { rho: each }) => sum + Number(each.numerator) / Number(each.denominator),
      0,
    );
    const orders = Array.from({ length: 255 }, (__, i) => i + 2);
    const epsilons = orders.map((a) => rho * a + Math.log1p(-1 / a) - Math.log(DELTA * a) / (a - 1));
    expect(found).toBeCloseTo(Math.min(...epsilons), 9);
  });

  it('finds that of sampled sums too, among others', (context) => {
    if (missing !== '') context.skip(missing);
    const releases = [
      release(1, 300),
      ...Array.from({ length: 10 }, () => release(0.1, 900)),
      release(0.5, 600),
    ];
    const events = join(directory, 'sampled.json');
    writeFileSync(events, JSON.stringify(dpEventTree(releases, 2)));
    const own = accountReleases(releases, 2, DELTA, 'rdp').epsilon;
    const found = recomputed(events, env);
    expect(found).toBeGreaterThanOrEqual(own * (1 - 1e-9));
    expect(found).toBeLessThanOrEqual(own * 1.01);
  });

  it('refuses an event that it does not know', (context) => {
    if (missing !== '') context.skip(missing);
    const events = join(directory, 'unknown.json');
    writeFileSync(events, JSON.stringify({ class_name: 'NoOpDpEvent' }));
    expect(() => recomputed(events, env)).toThrow(/unknown event NoOpDpEvent/);
  });
});
