/**
 * The one place that knows how a worker thread is started: from the compiled package and from a bundle as the module beside this one,
 * from source through the TypeScript loader, which Node 20 applies in a worker only where the worker itself registers it.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker, type WorkerOptions } from 'node:worker_threads';

const EXTENSION = /\.[a-z]+$/.exec(import.meta.url)?.[0] ?? '.js';

/** The module of this name beside this one; in a bundle, beside the bundle. */
function moduleBeside(name: string): URL {
  return new URL(`./${name}${EXTENSION}`, import.meta.url);
}

/** Whether there is such a worker: whoever bundles this package and leaves its workers out has none. */
export function canSpawn(name: string): boolean {
  return existsSync(fileURLToPath(moduleBeside(name)));
}

/** @param name of a module in this directory, without extension, such as `vector-worker` */
export function spawnWorker(name: string, options: WorkerOptions = {}): Worker {
  const url = moduleBeside(name);
  if (EXTENSION !== '.ts') return new Worker(url, { ...options, execArgv: [] });
  const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx/esm/api'));
  const start = `import('${loader.href}').then(({ register }) => { register(); return import('${url.href}'); });`;
  return new Worker(start, { ...options, eval: true, execArgv: ['--conditions=source'] });
}
