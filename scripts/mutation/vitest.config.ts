/** How the tests run that are asked which checks they need: with gates in the sources, in one process, in order. */
import { relative } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { gateChecks } from './checks.ts';
import { CHECKED, ROOT, TESTS } from './files.ts';

const checked = new Set(CHECKED);

function place({ moduleId }: TestSpecification): number {
  const path = relative(ROOT, moduleId);
  return TESTS.findIndex((pattern) => path.startsWith(pattern.split('/*')[0] ?? ''));
}

class NearestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted((a, b) => place(a) - place(b) || (a.moduleId < b.moduleId ? -1 : 1));
  }
}

export default defineConfig({
  root: ROOT,
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source', 'node', 'import', 'module', 'default'] } },
  plugins: [
    {
      name: 'gates',
      enforce: 'pre',
      transform(code, id) {
        const file = relative(ROOT, id.split('?')[0] ?? id);
        return checked.has(file)
          ? { code: gateChecks(code, (number) => `${file}:${number}`).source, map: null }
          : undefined;
      },
    },
  ],
  test: {
    include: [...TESTS],
    isolate: false,
    maxWorkers: 1,
    testTimeout: 600_000,
    runner: './scripts/mutation/runner.ts',
    sequence: { sequencer: NearestFirst },
    reporters: ['dot'],
  },
});
