/** Where the checks are that a secure sum stands on, and the tests that are asked whether they are needed. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const ROOT: string = fileURLToPath(new URL('../..', import.meta.url));

const PROTOCOL = 'packages/protocol/src';
const CRYPTO = 'packages/crypto/src';

/** Sources, relative to the root. */
export const CHECKED: readonly string[] = [
  ...['client', 'coordinator', 'parameters', 'wire'].flatMap((name) => sourcesIn(`${PROTOCOL}/${name}`)),
  ...[
    'commitments',
    'draw',
    'evidence',
    'masks',
    'promises',
    'roster',
    'roster-succession',
    'signing',
    'topology',
  ].map((name) => `${PROTOCOL}/${name}.ts`),
  ...[
    'commitment',
    'merkle-tree',
    'noble-backend',
    'node/node-backend',
    'ring',
    'shamir',
    'strict-points',
  ].map((name) => `${CRYPTO}/${name}.ts`),
];

/** The nearest first: most checks are shown to be needed there, and only what is left is asked of the rest. */
export const TESTS: readonly string[] = [
  'packages/crypto/src/**/*.test.ts',
  'packages/protocol/src/**/*.test.ts',
  'test/vectors/protocol/*.test.ts',
  'test/attacks/*.test.ts',
  'test/scenarios/*.test.ts',
];

function sourcesIn(directory: string): string[] {
  return readdirSync(`${ROOT}${directory}`)
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => `${directory}/${name}`);
}
