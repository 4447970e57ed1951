/**
 * What processes of our own are started from. In the published package that is the compiled entry itself. From source each process would
 * load several hundred modules through the TypeScript loader, 2 s of CPU each; one bundle per entry brings that to 0.2 s.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const FROM_SOURCE = import.meta.url.endsWith('.ts');

/** Bundled CommonJS packages ask for Node's modules by `require`. */
const REQUIRE_BANNER =
  "import { createRequire as createRequireOfBundle } from 'node:module'; const require = createRequireOfBundle(import.meta.url);";

/**
 * Paths to run for entries, in their order.
 * @param scratch directory for bundles, where they are needed
 * @param names the entries, relative to the package's sources and without extension, such as "demo/client-process"
 */
export async function entryScripts<const Names extends readonly string[]>(
  scratch: string,
  names: Names,
): Promise<{ readonly [K in keyof Names]: string }> {
  const source = (name: string): string =>
    fileURLToPath(new URL(`../${name}${FROM_SOURCE ? '.ts' : '.js'}`, import.meta.url));
  if (FROM_SOURCE) {
    const { build } = await import('esbuild');
    await build({
      entryPoints: {
        ...Object.fromEntries(names.map((name) => [basename(name), source(name)])),
        // Looked for beside the bundle that starts it.
        'vector-worker': '@tributary/runtime/vector-worker',
      },
      // Where this package's dependencies are found.
      absWorkingDir: fileURLToPath(new URL('.', import.meta.url)),
      outdir: resolve(scratch),
      outExtension: { '.js': '.mjs' },
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      conditions: ['source'],
      // Optional native accelerators, found at run time where they are installed.
      external: ['bufferutil', 'utf-8-validate', 'msgpackr-extract'],
      banner: { js: REQUIRE_BANNER },
      logLevel: 'silent',
    });
  }
  const path = (name: string): string =>
    FROM_SOURCE ? join(scratch, `${basename(name)}.mjs`) : source(name);
  return names.map(path) as { readonly [K in keyof Names]: string };
}

/** Starts an entry as a process with a channel; what it writes to standard output is dropped. */
export function startProcess(script: string, args: readonly string[]): ChildProcess {
  return fork(script, [...args], {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    // Typed arrays arrive as they are.
    serialization: 'advanced',
  });
}
