/** What scripts rely on: exit codes, one line on standard error, the result as the last line of standard output, signals. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { toBase64 } from '@tributary/crypto';
import { createKeyFile } from '@tributary/runtime';
import { describe, expect, it } from 'vitest';
import { type CliResult, temporaryDirectory, tributary } from '../support/cli.ts';

interface Setup {
  readonly directory: string;
  readonly coordinator: string;
  readonly client: string;
  /** Every secret key, as it stands in its file. */
  readonly secrets: readonly string[];
}

/** Keys, roster and configurations of a federation of three. */
function federation(settings: { readonly joinSeconds?: number; readonly url?: string } = {}): Setup {
  const directory = temporaryDirectory();
  const at = (name: string): string => join(directory, name);
  const names = ['acme', 'globex', 'initech'];
  const key = (name: string): string => toBase64(createKeyFile(at(`${name}.key`)).publicKey);
  const coordinator = key('coordinator');
  const members = names.map((name) => ({ name, publicKey: key(name) }));
  writeFileSync(at('roster.yaml'), JSON.stringify({ federation: 'test', version: 1, coordinator, members }));
  const run = {
    name: 'test',
    encoder: 'hashed-ngrams-1024',
    parameters: { models: ['small', 'large'], dimensions: 1024 },
  };
  writeFileSync(
    at('coordinator.yaml'),
    JSON.stringify({
      roster: 'roster.yaml',
      key: 'coordinator.key',
      listen: { port: 0 },
      output: 'output',
      cohort: { joinSeconds: settings.joinSeconds ?? 60 },
      run,
    }),
  );
  writeFileSync(at('log.jsonl'), JSON.stringify({ query: 'q', model: 'small', score: 1, cost_usd: 0.1 }));
  writeFileSync(
    at('client.yaml'),
    JSON.stringify({
      roster: 'roster.yaml',
      key: 'acme.key',
      coordinator: settings.url ?? 'ws://127.0.0.1:1',
      data: 'log.jsonl',
      connectSeconds: 0.2,
    }),
  );
  const secrets = [...names, 'coordinator'].map(
    (name) => (JSON.parse(readFileSync(at(`${name}.key`), 'utf8')) as { secretKey: string }).secretKey,
  );
  return { directory, coordinator: at('coordinator.yaml'), client: at('client.yaml'), secrets };
}

function uploadsIn(directory: string): string[] {
  const names = readdirSync(join(directory, 'output', 'state'), { recursive: true, encoding: 'utf8' });
  return names.filter((name) => /(^|\/)(upload-|\.partial-)/.test(name));
}

/** The contract of every failure. */
function expectFailure(run: CliResult, exitCode: number, code: string): string {
  expect({ exitCode: run.exitCode, stderr: run.stderr }).toMatchObject({ exitCode });
  const { error } = run.result as { error: { code: string; message: string; hint: string } };
  expect(error).toEqual({ code, message: expect.any(String) as string, hint: expect.any(String) as string });
  const lines = run.stderr.trimEnd().split('\n');
  expect(lines.filter((line) => line.startsWith('error: '))).toEqual([
    `error: ${error.message}${error.hint === '' ? '' : ` (${error.hint})`}`,
  ]);
  expect(run.stderr).not.toMatch(/^\s+at /m);
  return error.message;
}

describe('a failure', () => {
  it('to connect has exit code 2', async () => {
    const { client, secrets } = federation();
    const run = await tributary(['client', 'start', '--config', client, '--json']);
    expect(expectFailure(run, 2, 'CANNOT_CONNECT')).toMatch(
      /^no session with ws:\/\/127\.0\.0\.1:1 within 0\.2 s: /,
    );
    for (const secret of secrets) expect(run.stdout + run.stderr).not.toContain(secret);
  });

  it('to gather a cohort in time has exit code 3, and leaves nothing behind', async () => {
    const { directory, coordinator, secrets } = federation({ joinSeconds: 0.2 });
    const run = await tributary(['coordinator', 'start', '--config', coordinator, '--json']);
    expect(expectFailure(run, 3, 'TIMED_OUT')).toContain(
      "0 of 3 members connected within 0.2 s, 'cohort.min' is 3",
    );
    expect(uploadsIn(directory)).toEqual([]);
    for (const secret of secrets) expect(run.stdout + run.stderr).not.toContain(secret);
  });

  it('of configuration has exit code 4, and is plain without --json', async () => {
    const { client } = federation({ url: 'ws://coordinator.example.org' });
    expectFailure(await tributary(['client', 'start', '--config', client, '--json']), 4, 'INSECURE');
    const plain = await tributary(['client', 'start', '--config', client]);
    expect(plain).toMatchObject({ exitCode: 4, stdout: '' });
    expect(plain.stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  it('because the roster is not the pinned one comes before any connection', async () => {
    const { client } = federation();
    const config = JSON.parse(readFileSync(client, 'utf8')) as object;
    writeFileSync(client, JSON.stringify({ ...config, policy: { rosterRoot: '0'.repeat(64) } }));
    const run = await tributary(['client', 'start', '--config', client, '--json']);
    expect(expectFailure(run, 4, 'BAD_CONFIG')).toContain("'policy.rosterRoot' is 0000");
  });

  it('because the artifact could not be written is found before anything else', async () => {
    const { client } = federation();
    const config = JSON.parse(readFileSync(client, 'utf8')) as object;
    writeFileSync(client, JSON.stringify({ ...config, artifact: 'no/such/directory/router.json' }));
    const run = await tributary(['client', 'start', '--config', client, '--json']);
    expect(expectFailure(run, 4, 'BAD_FILE')).toContain('no/such/directory/router.json');
  });
});

const MAIN = new URL('../../packages/cli/src/main.ts', import.meta.url).pathname;

/** A coordinator that listens, as a process of its own. */
async function coordinatorProcess(
  config: string,
): Promise<{ child: ChildProcess; ended: Promise<CliResult> }> {
  const args = [
    '--conditions=source',
    '--import',
    'tsx',
    MAIN,
    'coordinator',
    'start',
    '--config',
    config,
    '--json',
  ];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = once(child, 'close').then(
    ([exitCode]: (number | null)[]): CliResult => ({
      exitCode: exitCode ?? null,
      stdout,
      stderr,
      result: JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as unknown,
    }),
  );
  for await (const line of createInterface({ input: child.stderr }))
    if (line.startsWith('listening on ws://')) break;
  return { child, ended };
}

describe('a coordinator', () => {
  it('has its output to itself, and stops in good order at SIGTERM', async () => {
    const { directory, coordinator } = federation();
    const { child, ended } = await coordinatorProcess(coordinator);
    expect(existsSync(join(directory, 'output', 'state'))).toBe(true);
    const second = await tributary(['coordinator', 'start', '--config', coordinator, '--json']);
    expect(expectFailure(second, 4, 'BAD_CONFIG')).toContain(`is in use by pid ${child.pid}`);
    child.kill('SIGTERM');
    const run = await ended;
    expect(expectFailure(run, 1, 'RUN_FAILED')).toBe('stopped by SIGTERM');
    expect(uploadsIn(directory)).toEqual([]);
    const third = await coordinatorProcess(coordinator);
    third.child.kill('SIGINT');
    const stopped = await third.ended;
    expectFailure(stopped, 1, 'RUN_FAILED');
    expect(stopped.stderr).toMatch(/^going on with run [0-9a-f]{16}, of which 0 sums are opened$/m);
  });
});
