import { defineConfig } from 'vitest/config';

const source = {
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source', 'node', 'import', 'module', 'default'] } },
};

/** Replaces a module for itself alone. */
const MOCKS = ['packages/runtime/src/stores/directory-lock.test.ts'];

export default defineConfig({
  test: {
    // By default one core stays free, which is half of a small machine.
    maxWorkers: '100%',
    reporters: process.env['CI']
      ? ['default', ['json', { outputFile: '.tributary/tests.json' }]]
      : ['default'],
    projects: [
      {
        ...source,
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts', 'scripts/**/*.test.ts'],
          exclude: MOCKS,
          // Against hanging only: a busy machine takes its time.
          testTimeout: 60_000,
          // Files share the modules they import, which saves most of the time of the suite: no test leaves
          // anything behind in a module.
          isolate: false,
        },
      },
      { ...source, test: { name: 'isolated', include: MOCKS } },
      {
        ...source,
        test: {
          name: 'across',
          include: ['test/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          isolate: false,
        },
      },
    ],
  },
});
