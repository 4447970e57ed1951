import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTraining } from '@tributary/client';
import { nodeBackend } from '@tributary/crypto/node';
import { createArtifact, encodeArtifact } from '@tributary/router';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createProgram } from './program.ts';
import { run } from './run.ts';
import { NO_PROOF } from '../../../test/support/opening-proof.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'tributary-cli-'));
  writeFileSync(join(directory, 'router.json'), toyArtifact());
});
afterAll(() => rmSync(directory, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

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

/** A router over 4 dimensions in which the cheap model is good on one side of the origin. */
function toyArtifact(): string {
  const records = 40;
  const features = new Float32Array(records * 4);
  for (let i = 0; i < records; i++) features[4 * i] = i % 2 === 0 ? 0.9 : -0.9;
  const each = Array.from({ length: records }, (_, i) => i);
  const training = startTraining({
    crypto: nodeBackend,
    manifest: {
      name: 'toy',
      program: 'kmeans',
      parameters: { models: ['small', 'large'], dimensions: 4, clusters: 2, kappa: 0 },
      encoder: 'toy',
      maxRecords: 100,
      contributors: 3,
      privacy: 'none',
      seed: '05'.repeat(32),
    },
    run: new Uint8Array(32),
    identity: new Uint8Array(32),
    data: {
      models: ['small', 'large'],
      dimensions: 4,
      features,
      records,
      offsets: Uint32Array.from({ length: records + 1 }, (_, i) => i),
      model: Uint16Array.from(each, (i) => (i >> 1) % 2),
      quality: Float64Array.from(each, (i) => ((i >> 1) % 2 === 1 || i % 2 === 0 ? 0.9 : 0.1)),
      costUsd: Float64Array.from(each, (i) => ((i >> 1) % 2 === 0 ? 0.0001 : 0.01)),
    },
  });
  for (let round = 1; training.model === undefined; round++) {
    const result = {
      roundContext: new Uint8Array(32),
      round,
      attempt: 1,
      survivors: [0, 1, 2],
      survivorsDigest: new Uint8Array(32),
      length: 0,
      digest: new Uint8Array(32),
      proof: NO_PROOF,
    };
    training.accept(result, training.contribution());
  }
  return encodeArtifact(createArtifact(training.model, 'toy'));
}

const BAD_USE = { code: 'BAD_ARGUMENT', hint: '--help shows what can be given' };

describe('wrong use', () => {
  it.each<[string, { code: string; message: string; hint: string }]>([
    ['', { ...BAD_USE, message: 'a command is missing' }],
    ['rout', { code: 'BAD_ARGUMENT', message: "unknown command 'rout'", hint: 'did you mean route?' }],
    ['coordinator', { ...BAD_USE, message: 'a command is missing' }],
    ['coordinator stop', { ...BAD_USE, message: "unknown command 'stop'" }],
    ['coordinator start', { ...BAD_USE, message: "required option '--config <file>' not specified" }],
    ['client start', { ...BAD_USE, message: "required option '--config <file>' not specified" }],
    [
      'client start --config x --insecur',
      { code: 'BAD_ARGUMENT', message: "unknown option '--insecur'", hint: 'did you mean --insecure?' },
    ],
    ['keygen', { ...BAD_USE, message: "required option '--out <file>' not specified" }],
    ['data check', { ...BAD_USE, message: "missing required argument 'path'" }],
    [
      'data check a b',
      { ...BAD_USE, message: "too many arguments for 'check'. Expected 1 argument but got 2." },
    ],
    ['route hello', { ...BAD_USE, message: "required option '--artifact <file>' not specified" }],
    [
      'route --artifact x --lambda much hello',
      {
        code: 'BAD_ARGUMENT',
        message: '--lambda much is no number >= 0',
        hint: 'it is quality per USD; 0 ignores cost',
      },
    ],
  ])('is one line and exit code 4: tributary %s', async (line, error) => {
    const args = line === '' ? [] : line.split(' ');
    const plain = await tributary(...args);
    expect(plain).toMatchObject({ exitCode: 4, stdout: '' });
    expect(plain.stderr).toMatch(new RegExp(`(^|\\n)error: [^\\n]*\\n$`));
    expect(plain.stderr).not.toMatch(/\n {4}at /);
    const json = await tributary(...args, '--json');
    expect(json.exitCode).toBe(4);
    const last: unknown = JSON.parse(json.stdout);
    const expected = line === '' || line === 'coordinator' ? { code: 'BAD_ARGUMENT' } : error;
    expect(last).toMatchObject({ error: expected });
  });
});

describe('help and version', () => {
  it('are asked for, so they are no failure', async () => {
    for (const args of [['--help'], ['route', '--help'], ['help', 'demo'], ['--version']]) {
      expect(await tributary(...args)).toMatchObject({ exitCode: 0, stderr: '' });
    }
  });

  it('names the version of the package', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    expect((await tributary('--version')).stdout).toBe(`${version}\n`);
  });

  it('describes every command and every option, and --json on every one that gives a result', () => {
    const leaves = createProgram().commands.flatMap((command) =>
      command.commands.length > 0 ? command.commands : [command],
    );
    expect(leaves.map((command) => command.name())).toEqual(
      expect.arrayContaining(['check', 'demo', 'keygen', 'route', 'start']),
    );
    for (const command of leaves) {
      expect(command.description()).not.toBe('');
      for (const option of command.options) expect(option.description).not.toBe('');
      expect(command.options.map(({ long }) => long)).toContain('--json');
    }
  });
});

describe('keygen', () => {
  it('writes a private file and prints the public key', async () => {
    const path = join(directory, 'acme.key');
    const { exitCode, stdout, stderr } = await tributary('keygen', '--out', path);
    expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/^[A-Za-z0-9+/]{43}=\n$/)]);
    expect(stderr).toContain(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const { secretKey } = JSON.parse(readFileSync(path, 'utf8')) as { secretKey: string };
    expect(stdout + stderr).not.toContain(secretKey);
    const again = await tributary('keygen', '--out', path, '--json');
    expect(again.exitCode).toBe(4);
    expect(JSON.parse(again.stdout)).toMatchObject({
      error: { code: 'BAD_FILE', message: `${path} exists already` },
    });
  });

  it('does not take a flag for the name of the file', async () => {
    const { exitCode, stdout } = await tributary('keygen', '--out', '--json');
    expect(exitCode).toBe(4);
    expect(JSON.parse(stdout)).toEqual({
      error: { code: 'BAD_ARGUMENT', message: '--out has no file', hint: 'tributary keygen --out acme.key' },
    });
  });

  it('gives the bare result with --json', async () => {
    const path = join(directory, 'globex.key');
    const { stdout } = await tributary('keygen', '--out', path, '--json');
    expect(JSON.parse(stdout)).toEqual({
      file: path,
      publicKey: expect.stringMatching(/^[A-Za-z0-9+/]{43}=$/),
    });
  });
});

const artifact = (): string[] => ['--artifact', join(directory, 'router.json')];
const embedding = (text: string): string[] => {
  const path = join(directory, 'embedding.json');
  writeFileSync(path, text);
  return ['--embedding', path];
};

describe('route', () => {
  it('chooses by the side of the query', async () => {
    const near = await tributary('route', ...artifact(), ...embedding('[0.9, 0, 0, 0]'), '--lambda', '1');
    const far = await tributary('route', ...artifact(), ...embedding('[-0.9, 0, 0, 0]'), '--lambda', '1');
    expect([near.stdout, far.stdout]).toEqual(['small\n', 'large\n']);
    expect(near.stderr).toMatch(/^predicted quality 0\.9\d* at \$/);
  });

  it('gives choice and fallbacks with --json', async () => {
    const { stdout } = await tributary(
      'route',
      ...artifact(),
      ...embedding('[-0.9, 0, 0, 0]'),
      '--lambda',
      '1',
      '--json',
    );
    expect(JSON.parse(stdout)).toMatchObject({
      model: 'large',
      lambda: 1,
      ranked: [{ model: 'large' }, { model: 'small' }],
    });
  });

  it('weighs cost by lambda', async () => {
    const dear = await tributary('route', ...artifact(), ...embedding('[-0.9, 0, 0, 0]'), '--lambda', '1e6');
    expect(dear.stdout).toBe('small\n');
  });

  it.each<[string, () => string[], string, string]>([
    [
      'a query in words, for another encoder',
      () => [...artifact(), 'hello'],
      'BAD_ARGUMENT',
      "the artifact was trained on embeddings of 'toy', which is not built in",
    ],
    [
      'an embedding that is too short',
      () => [...artifact(), ...embedding('[1]')],
      'BAD_FILE',
      'has 1 numbers, the artifact takes 4',
    ],
    [
      'an embedding with text in it',
      () => [...artifact(), ...embedding('[1, "2", 3, 4]')],
      'BAD_FILE',
      'is no JSON array of numbers',
    ],
    [
      'an embedding that is no JSON',
      () => [...artifact(), ...embedding('1, 2, 3, 4')],
      'BAD_FILE',
      'is no JSON array of numbers',
    ],
    [
      'an embedding that is not there',
      () => [...artifact(), '--embedding', join(directory, 'no.json')],
      'BAD_FILE',
      'no such file',
    ],
    [
      'an artifact that is not there',
      () => ['--artifact', join(directory, 'no.json'), 'hello'],
      'BAD_FILE',
      'no such file',
    ],
    [
      'an artifact that is none',
      () => ['--artifact', join(directory, 'embedding.json'), 'hello'],
      'BAD_ARTIFACT',
      'artifact',
    ],
    [
      'a lambda beyond reason',
      () => [...artifact(), ...embedding('[1, 0, 0, 0]'), '--lambda', '1e200'],
      'BAD_LAMBDA',
      'lambda must be',
    ],
  ])('refuses %s with exit code 4', async (_, args, code, message) => {
    const { exitCode, stdout } = await tributary('route', ...args(), '--json');
    expect(exitCode).toBe(4);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code, message: expect.stringContaining(message) } });
  });
});
