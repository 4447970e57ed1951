/**
 * Runs each test once as it is and notes which checks refused something in it, then once more for each of
 * these checks with that one taken out. A check is needed where the test then fails, and passes again with
 * the check back in its place.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { type RunnerTestCase, TestRunner } from 'vitest';
import { GATE } from './gate.ts';

const JOURNAL = process.env['TRIBUTARY_MUTATION_JOURNAL'] ?? '';

/** Checks that a test is known to need: another process may have found some. */
const needed = new Set(
  existsSync(JOURNAL)
    ? readFileSync(JOURNAL, 'utf8')
        .split('\n')
        .filter((line) => line.startsWith('needed '))
        .map((line) => line.split(' ')[1] ?? '')
    : [],
);
let refusing: Set<string> | undefined;
let removed: string | undefined;

Object.assign(globalThis, {
  [GATE](id: string, value: unknown, passes: boolean): unknown {
    if (id === removed) return passes;
    if (Boolean(value) !== passes) refusing?.add(id);
    return value;
  },
});

function note(...words: readonly string[]): void {
  appendFileSync(JOURNAL, `${words.join(' ')}\n`);
}

export default class MutationRunner extends TestRunner {
  async runTask(test: RunnerTestCase): Promise<void> {
    const run = TestRunner.getTestFn(test);
    refusing = new Set();
    await run();
    const candidates = [...refusing].filter((id) => !needed.has(id));
    refusing = undefined;
    const name = `${test.file.name} > ${test.name}`.replace(/\s+/g, ' ');
    for (const id of candidates) {
      note('trying', id, name);
      if (!(await failsWithout(id, run))) {
        note('passed', id, name);
        continue;
      }
      try {
        await run();
      } catch {
        note('unclear', id, name);
        return;
      }
      needed.add(id);
      note('needed', id, name);
    }
  }
}

async function failsWithout(id: string, run: () => unknown): Promise<boolean> {
  removed = id;
  try {
    await run();
    return false;
  } catch {
    return true;
  } finally {
    removed = undefined;
  }
}
