/**
 * A coordinator whose process ends and begins anew from its log while members go on: in each phase, with
 * vectors half way there, and with members that are gone when it is back.
 */
import { CHUNK_WORDS, type Phase } from '@tributary/protocol';
import type { Frame, InMemoryFederation } from '@tributary/protocol/in-memory';
import { describe, expect, it } from 'vitest';
import { plainSum, randomVectors, sumRequest, testFederation } from '../support/federation.ts';
import { ANSWERS, kindOf } from '../support/moments.ts';

const N = 5;
const everybody = [0, 1, 2, 3, 4];

const isDeadline = (choice: string | undefined): boolean =>
  choice === undefined || choice.endsWith('deadline');

/** A coordinator that begins anew once, before the step that follows `when`. */
function restartingOnce(when: (frame: Frame) => boolean): {
  readonly schedule: (choices: readonly string[]) => number;
  readonly intercept: (frame: Frame) => readonly Frame[];
  readonly restarts: () => number;
  readonly of: (federation: InMemoryFederation) => void;
} {
  let due = false;
  let restarts = 0;
  let federation: InMemoryFederation | undefined;
  return {
    schedule([first]) {
      if (due && !isDeadline(first)) {
        due = false;
        federation?.restartCoordinator();
      }
      return 0;
    },
    intercept(frame) {
      if (restarts === 0 && when(frame)) {
        due = true;
        restarts += 1;
      }
      return [frame];
    },
    restarts: () => restarts,
    of(restarted) {
      federation = restarted;
    },
  };
}

describe('a coordinator that begins anew', () => {
  // Vectors that are still being sent when the session ends are lost: that is the next story.
  it.each([
    ...ANSWERS.filter((answer) => answer !== 'upload-end').map((answer) => [answer, 1] as const),
    ['upload-end', N] as const,
  ])('after %s number %i has everybody in the sum all the same', (answer, nth) => {
    let seen = 0;
    const restarting = restartingOnce((frame) => {
      if (kindOf(frame) !== answer) return false;
      seen += 1;
      return seen === nth;
    });
    const { federation } = testFederation(N, { faults: restarting });
    restarting.of(federation);
    const vectors = randomVectors(N, 30, 3);
    expect(federation.sum(sumRequest(30, vectors))).toEqual({
      kind: 'opened',
      survivors: everybody,
      sum: plainSum(vectors, everybody),
    });
    expect(restarting.restarts()).toBe(1);
    expect(federation.drops).toEqual([]);
    expect(federation.deadlinesPassed).toBe(0);
  });

  it.each([0, 1, 2])(
    'in mid-upload, after chunk %i, drops whose vectors are lost and nobody else',
    (last) => {
      // Members finish their uploads one after the other; some are done, some on the way, some not begun.
      const dimension = 2 * CHUNK_WORDS + 5;
      let chunks = 0;
      const restarting = restartingOnce((frame) => {
        if (kindOf(frame) !== 'vector-chunk') return false;
        chunks += 1;
        return chunks === 5 * last + 3;
      });
      const { federation } = testFederation(N, { keyCount: 2, faults: restarting });
      restarting.of(federation);
      const vectors = randomVectors(N, dimension, 4);
      const outcome = federation.sum(sumRequest(dimension, vectors));
      // A member in memory keeps a vector once it is finished; one that was on its way is lost with the session.
      for (const { reason, detail } of federation.drops) {
        expect([reason, detail]).toEqual([
          'refused-by-client-policy',
          'INPUT_FAILED: the masked vector was lost',
        ]);
      }
      const survivors = outcome.kind === 'opened' ? outcome.survivors : [];
      const due =
        outcome.kind === 'opened'
          ? { kind: 'opened', survivors, sum: plainSum(vectors, survivors) }
          : { kind: 'aborted', phase: 'masked-input', code: 'BELOW_FLOOR', detail: outcome.detail };
      expect(outcome).toEqual(due);
      const next = randomVectors(N, dimension, 5);
      expect(federation.sum(sumRequest(dimension, next))).toEqual({
        kind: 'opened',
        survivors: everybody,
        sum: plainSum(next, everybody),
      });
    },
  );

  it.each<[Phase, (typeof ANSWERS)[number], readonly number[]]>([
    ['setup', 'key-advert', [0, 1, 2, 3]],
    ['ready', 'ready', [0, 1, 2, 3]],
    ['masked-input', 'upload-end', [0, 1, 2, 3]],
    ['consistency', 'survivors-signature', everybody],
    ['unmask', 'release', everybody],
  ])('in %s finds a member gone, and goes on without it at the deadline', (_, answer, survivors) => {
    const restarting = restartingOnce((frame) => kindOf(frame) === answer);
    const { federation } = testFederation(N, {
      faults: {
        ...restarting,
        schedule(choices) {
          const before = restarting.restarts();
          const choice = restarting.schedule(choices);
          if (before === 1) federation.kill(4);
          return choice;
        },
      },
    });
    restarting.of(federation);
    const vectors = randomVectors(N, 30, 6);
    const outcome = federation.sum(sumRequest(30, vectors));
    if (outcome.kind !== 'opened') throw new Error(outcome.detail);
    expect(outcome.sum).toEqual(plainSum(vectors, outcome.survivors));
    expect([survivors, everybody]).toContainEqual(outcome.survivors);
    const next = randomVectors(N, 30, 7);
    const rest = [0, 1, 2, 3];
    expect(federation.sum(sumRequest(30, next))).toEqual({
      kind: 'opened',
      survivors: rest,
      sum: plainSum(next, rest),
    });
  });
});
