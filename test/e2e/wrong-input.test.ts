/** Wrong input as people give it: one line that names what is wrong, exit code 4, the same as JSON. */
import { createServer } from 'node:net';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createKeyFile } from '@tributary/runtime';
import { toBase64 } from '@tributary/crypto';
import { describe, expect, it } from 'vitest';
import { type CliResult, temporaryDirectory, tributary } from '../support/cli.ts';

function expectOneLine(run: CliResult, ...words: readonly string[]): void {
  expect(run.exitCode, run.stderr).toBe(4);
  const lines = run.stderr.split('\n').filter((line) => line.startsWith('error: '));
  expect(lines).toHaveLength(1);
  for (const word of words) expect(lines[0]).toContain(word);
  expect(run.stderr).not.toMatch(/\n\s+at /);
  const { error } = run.result as { error: { code: string; message: string; hint: string } };
  expect(Object.keys(error)).toEqual(['code', 'message', 'hint']);
  expect(lines[0]).toContain(error.message);
}

const QUERIES = ['q1', 'q2'].map((id) => JSON.stringify({ id, prompt: `text of ${id}` })).join('\n');
const ROWS = ['query_id,model,score,cost_usd', 'q1,small,1,0.001', 'q1,large,0.5,0.01', 'q2,small,0,0.001'];

function logDirectory(rows: readonly string[]): string {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'queries.jsonl'), QUERIES);
  writeFileSync(join(directory, 'evaluations.csv'), rows.join('\n'));
  writeFileSync(join(directory, 'models.csv'), 'model,kind\nsmall,chat\nlarge,api\n');
  return directory;
}

const check = (directory: string): Promise<CliResult> => tributary(['data', 'check', directory, '--json']);

describe('a wrong evaluation log', () => {
  it('is told from a right one', async () => {
    const run = await check(logDirectory(ROWS));
    expect(run.exitCode, run.stderr).toBe(0);
    expect(run.result).toMatchObject({ queries: 2 });
  });

  it.each([
    [
      'a missing column',
      ROWS.map((row) => row.split(',').slice(0, 3).join(',')),
      ['evaluations.csv', 'cost_usd'],
    ],
    ['a score that is no number', [...ROWS, 'q2,large,NaN,0.01'], ['evaluations.csv:5', 'score']],
    ['a negative cost', [...ROWS, 'q2,large,1,-0.01'], ['evaluations.csv:5', 'cost_usd']],
    ['an unknown model', [...ROWS, 'q2,larger,1,0.01'], ['evaluations.csv:5', 'larger', 'large']],
  ])('with %s', async (_, rows, words) => {
    expectOneLine(await check(logDirectory(rows)), ...words);
  });

  it('with an embedding file of the wrong length', async () => {
    const directory = logDirectory(ROWS);
    writeFileSync(
      join(directory, 'embeddings.test.json'),
      JSON.stringify({ file: 'embeddings.test.f32', rows: 2, dims: 3, dtype: 'float32', endian: 'little' }),
    );
    writeFileSync(join(directory, 'embeddings.test.f32'), new Uint8Array(20));
    expectOneLine(await check(directory), 'embeddings.test.f32', '20', '24');
  });

  it('with one model per query is refused by the demo', async () => {
    const directory = logDirectory(ROWS.filter((row) => !row.includes('large,0.5')));
    const run = await tributary(['demo', '--data', directory, '--json', '--out', temporaryDirectory()]);
    expectOneLine(run, 'no query has a score and cost of all');
  });
});

interface Operator {
  readonly directory: string;
  readonly config: string;
}

/** A coordinator's directory with keys, a roster of three, and a configuration. */
function operator(
  port: number,
  editRoster: (roster: string, keys: readonly string[]) => string = (r) => r,
): Operator {
  const directory = temporaryDirectory();
  mkdirSync(directory, { recursive: true });
  const key = (name: string): string => toBase64(createKeyFile(join(directory, `${name}.key`)).publicKey);
  const coordinator = key('coordinator');
  const members = ['acme', 'globex', 'initech'].map((name) => ({ name, publicKey: key(name) }));
  const roster = JSON.stringify({ federation: 'test', version: 1, coordinator, members });
  writeFileSync(
    join(directory, 'roster.yaml'),
    editRoster(
      roster,
      members.map(({ publicKey }) => publicKey),
    ),
  );
  const config = join(directory, 'coordinator.yaml');
  writeFileSync(
    config,
    JSON.stringify({
      roster: 'roster.yaml',
      key: 'coordinator.key',
      listen: { host: '127.0.0.1', port },
      output: 'output',
      run: {
        name: 'test',
        encoder: 'hashed-ngrams-1024',
        parameters: { models: ['a', 'b'], dimensions: 1024 },
      },
      logLevel: 'silent',
    }),
  );
  return { directory, config };
}

const start = ({ config }: Operator): Promise<CliResult> =>
  tributary(['coordinator', 'start', '--config', config, '--json']);

describe('a wrong configuration', () => {
  it('with a key that stands twice in the roster', async () => {
    const wrong = operator(0, (roster, [first = '', second = '']) => roster.replace(second, first));
    expectOneLine(await start(wrong), 'globex', 'acme', 'public key');
  });

  it('with an unknown key', async () => {
    const wrong = operator(0);
    const config = JSON.parse(readFileSync(wrong.config, 'utf8')) as object;
    writeFileSync(wrong.config, JSON.stringify({ ...config, keyCuont: 16 }));
    expectOneLine(await start(wrong), "'keyCuont'", "did you mean 'keyCount'?");
  });

  it('with a port that is in use', async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
    try {
      expectOneLine(await start(operator(port)), `${port}`, 'in use');
    } finally {
      server.close();
    }
  });

  it('with an address beyond loopback and no TLS', async () => {
    const wrong = operator(0);
    const config = JSON.parse(readFileSync(wrong.config, 'utf8')) as object;
    writeFileSync(wrong.config, JSON.stringify({ ...config, listen: { host: '0.0.0.0', port: 0 } }));
    expectOneLine(await start(wrong), 'listen.host', 'tls');
  });
});

describe('a wrong command line', () => {
  it.each([
    [['demo', '--clients', '2'], '--clients'],
    [['demo', '--kill', '9@unmask'], '--kill'],
    [['demo', '--kill', '1@lunch'], 'i@phase'],
    [['keygen'], '--out'],
    [['route', '--artifact', '/nowhere/router.json', 'text'], '/nowhere/router.json'],
    [['roote'], 'unknown command'],
  ])('%j', async (args, word) => {
    const run = await tributary([...args, '--json']);
    expect(run.exitCode, run.stderr).toBe(4);
    expect(run.stderr).toContain(word);
    expect(run.result).toMatchObject({ error: { code: expect.any(String) as string } });
  });
});

describe('a failure through the root scripts', () => {
  it('has its result on the last line of standard output, whatever the package manager adds', () => {
    const workspace = readFileSync('pnpm-workspace.yaml', 'utf8');
    expect(workspace).toMatch(/^useStderr: true$/m);
  });
});
