/** Runs the `tributary` command as a process of its own, with an empty home. */
import { spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = join(ROOT, 'packages', 'cli', 'src', 'main.ts');

export interface CliResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The last line of standard output, parsed. */
  readonly result: unknown;
}

/** As the root scripts run it: every module through the TypeScript loader, 2 s of CPU before it starts. */
export async function tributaryFromSource(args: readonly string[]): Promise<CliResult> {
  return await run(['--conditions=source', '--import', 'tsx', MAIN, ...args]);
}

let bundle: Promise<string> | undefined;

/** The same sources in one file: ten times faster to start. Not for `demo`, which starts processes of its own sources. */
export async function tributary(args: readonly string[]): Promise<CliResult> {
  bundle ??= bundleMain();
  return await run([await bundle, ...args]);
}

async function bundleMain(): Promise<string> {
  // Laid out like the published package, which reads its version from the manifest above it.
  const directory = temporaryDirectory();
  const outfile = join(directory, 'dist', 'tributary.mjs');
  copyFileSync(join(ROOT, 'packages', 'cli', 'package.json'), join(directory, 'package.json'));
  await bundleScript(MAIN, outfile);
  return outfile;
}

/** One file that Node runs, of an entry and all that it imports. */
export async function bundleScript(entry: string, outfile: string): Promise<void> {
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['source'],
    external: ['bufferutil', 'utf-8-validate', 'msgpackr-extract', 'esbuild'],
    banner: {
      js: "import { createRequire as createRequireOfBundle } from 'node:module'; const require = createRequireOfBundle(import.meta.url);",
    },
    logLevel: 'silent',
  });
}

async function run(args: readonly string[]): Promise<CliResult> {
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], HOME: temporaryDirectory(), NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const exitCode = await new Promise<number | null>((resolve) => {
    child.once('close', resolve);
  });
  const last = stdout.trimEnd().split('\n').at(-1) ?? '';
  return {
    exitCode,
    stdout,
    stderr,
    result: /^[{[]/.test(last) ? (JSON.parse(last) as unknown) : undefined,
  };
}

export function temporaryDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'tributary-test-'));
}
