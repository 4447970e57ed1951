/**
 * `pnpm mutants [FILE...]`: takes out one check after the other from the protocol, and sees a test fail each
 * time. Files are changed in place and put back; run it in a clone. A mutant that survives names a check that
 * no test needs.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mutantsOf } from './mutants.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PROTOCOL = 'packages/protocol/src';
const CRYPTO = 'packages/crypto/src';
const FILES = [
  ...['client', 'coordinator', 'parameters'].flatMap((directory) => sourcesIn(`${PROTOCOL}/${directory}`)),
  ...['commitments', 'evidence', 'roster', 'roster-succession', 'topology'].map(
    (name) => `${PROTOCOL}/${name}.ts`,
  ),
  ...['strict-points', 'shamir', 'ring', 'commitment', 'merkle-tree'].map((name) => `${CRYPTO}/${name}.ts`),
];
/** What a branch that refuses says. */
const REFUSES =
  /refuse|reject\(|dropUpload|dropFromSetup|throw new|abort|return (undefined|false|`|'|\[')|return \{ code/;

const given = process.argv.slice(2);
const files = given.length > 0 ? given : FILES;
let killed = 0;
const survivors: string[] = [];
for (const file of files.toSorted()) {
  const path = `${ROOT}/${file}`;
  const source = readFileSync(path, 'utf8');
  for (const { line, condition, source: mutated } of mutantsOf(source, REFUSES)) {
    writeFileSync(path, mutated);
    let failed: boolean;
    try {
      // Most die beside the code; the rest of the package and the attacks are asked only then.
      failed = testsFail(dirname(file)) || testsFail('packages/protocol', 'test/attacks', 'test/scenarios');
    } finally {
      writeFileSync(path, source);
    }
    if (failed) killed += 1;
    else survivors.push(`${relative(ROOT, path)}:${line}: ${condition}`);
    console.log(`${failed ? 'killed  ' : 'SURVIVED'} ${file}:${line} ${condition}`);
  }
}
for (const survivor of survivors) console.error(`no test needs ${survivor}`);
console.log(`${killed} checks are needed by a test, ${survivors.length} are not`);
process.exitCode = survivors.length === 0 ? 0 : 1;

function sourcesIn(directory: string): string[] {
  return readdirSync(`${ROOT}/${directory}`)
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => `${directory}/${name}`);
}

function testsFail(...filters: readonly string[]): boolean {
  const { status } = spawnSync('npx', ['vitest', 'run', '--bail', '1', '--reporter', 'dot', ...filters], {
    cwd: ROOT,
    stdio: 'ignore',
  });
  return status !== 0;
}
