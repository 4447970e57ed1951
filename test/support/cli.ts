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

/** The same sources in one file: ten times faster to start. */
export async function tributary(args: readonly string[]): Promise<CliResult> {
  bundle ??= bundleMain();
  return await run([await bundle, ...args]);
}

/** Where the command finds the entries that the demo starts as processes, from its own file. */
const DEMO_ENTRIES = ['coordinator-process', 'client-process', 'baselines-process'];

async function bundleMain(): Promise<string> {
  // Laid out like the published package, which reads its version from the manifest above it.
  const directory = temporaryDirectory();
  copyFileSync(join(ROOT, 'packages', 'cli', 'package.json'), join(directory, 'package.json'));
  const demo = join(ROOT, 'packages', 'experiments', 'src', 'demo');
  await bundleScripts(
    {
      'dist/tributary': MAIN,
      ...Object.fromEntries(DEMO_ENTRIES.map((name) => [`demo/${name}`, join(demo, `${name}.ts`)])),
    },
    directory,
  );
  return join(directory, 'dist', 'tributary.js');
}

/**
 * Files that Node runs, each of an entry and all that it imports.
 * @param entries source by name: `a/b` is written to `a/b.js` in the directory
 */
export async function bundleScripts(
  entries: Readonly<Record<string, string>>,
  directory: string,
): Promise<void> {
  await build({
    entryPoints: entries,
    outdir: directory,
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
