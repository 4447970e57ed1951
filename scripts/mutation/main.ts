/**
 * `pnpm mutants [TEST...]`: takes out one check after the other from the secure sum, and sees a test fail each
 * time. Sources stay as they are: gates are put into them while the tests load. A check that no test needs is
 * an error unless `spare.ts` says why it stands there all the same.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gateChecks } from './checks.ts';
import { CHECKED, ROOT } from './files.ts';
import { SPARE } from './spare.ts';

/** A test that says nothing for so long does not end without the check that was taken out. */
const STALL_MS = 180_000;

/** What is in the journal already is not tried again: a long check can be made in parts, test file by test file. */
const journal =
  process.env['TRIBUTARY_MUTATION_JOURNAL'] ??
  join(mkdtempSync(join(tmpdir(), 'tributary-mutants-')), 'journal');
writeFileSync(journal, '', { flag: 'a' });
while (await stalls(process.argv.slice(2)));
report();

/** @returns whether a run without one check did not end: that check is needed then, and the rest is to be tried again */
async function stalls(tests: readonly string[]): Promise<boolean> {
  const args = ['vitest', 'run', '--config', 'scripts/mutation/vitest.config.ts', ...tests];
  const child = spawn('npx', args, {
    cwd: ROOT,
    env: { ...process.env, TRIBUTARY_MUTATION_JOURNAL: journal },
    stdio: ['ignore', 'ignore', 'inherit'],
    detached: true,
  });
  let stalled = false;
  const watch = setInterval(() => {
    if (Date.now() - statSync(journal).mtimeMs < STALL_MS) return;
    const [kind, id, ...name] = (entries().at(-1) ?? '').split(' ');
    if (kind !== 'trying' || child.pid === undefined) return;
    stalled = true;
    writeFileSync(journal, `needed ${id} ${name.join(' ')} (did not end)\n`, { flag: 'a' });
    process.kill(-child.pid, 'SIGKILL');
  }, 5000);
  await new Promise((resolve) => {
    child.once('exit', resolve);
  });
  clearInterval(watch);
  return stalled;
}

function entries(): string[] {
  return readFileSync(journal, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
}

function report(): void {
  const seen = new Map<string, 'needed' | 'passed' | 'unclear'>();
  for (const entry of entries()) {
    const [kind, id = ''] = entry.split(' ');
    if (kind === 'trying' || seen.get(id) === 'needed') continue;
    seen.set(id, kind as 'needed' | 'passed' | 'unclear');
  }
  let needed = 0;
  let spare = 0;
  const open: string[] = [];
  for (const file of CHECKED) {
    const { checks } = gateChecks(readFileSync(join(ROOT, file), 'utf8'), String);
    for (const [number, { line, condition }] of checks.entries()) {
      const verdict = seen.get(`${file}:${number}`) ?? 'never refused';
      if (verdict === 'needed') needed += 1;
      else if (SPARE.some((known) => known.file === file && known.condition === condition)) spare += 1;
      else
        open.push(
          `${file}:${line} ${condition} (${verdict === 'passed' ? 'tests pass without it' : verdict})`,
        );
    }
  }
  for (const line of open) console.error(`no test needs ${line}`);
  console.log(
    `${needed + spare + open.length} checks: ${needed} are needed by a test, ${spare} are spare and say why, ${open.length} are open`,
  );
  process.exitCode = open.length === 0 ? 0 : 1;
}
