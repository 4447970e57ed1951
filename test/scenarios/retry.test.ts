/**
 * Rounds that are tried again. After uploads were made, without noise, only where so many members signed that
 * they released nothing and never will that the first attempt can be opened by nobody; with noise always, and then
 * the same promises say whether the first attempt is still charged.
 */
import { completeGraphThresholds, type MessageKind, type Thresholds } from '@tributary/protocol';
import type { InMemoryFederation, SumOutcome } from '@tributary/protocol/in-memory';
import { describe, expect, it } from 'vitest';
import { plainSum, randomVectors, sumRequest, testFederation } from '../support/federation.ts';
import { type Answer, kindOf, lossesAt } from '../support/moments.ts';

const N = 7;
const DIMENSION = 30;
const vectors = randomVectors(N, DIMENSION, 1);
const everybody = Array.from({ length: N }, (_, id) => id);

/** t = 5 of 7, with c = 1: 7 - 5 + 1 + 1 = 4 promises make an attempt safe, as many as three losses leave. */
function oneColluder(n: number): Thresholds {
  const thresholds = completeGraphThresholds(n);
  return { ...thresholds, colluders: 1, minCohort: 3, minSurvivors: Math.max(3, thresholds.threshold) };
}

interface Told {
  readonly outcome: SumOutcome;
  readonly federation: InMemoryFederation;
  /** How often each kind was said by members. */
  readonly said: ReadonlyMap<MessageKind, number>;
}

function play(options: {
  readonly answer: Answer;
  readonly lost: number;
  readonly thresholds?: (n: number) => Thresholds;
  readonly privacy?: Uint8Array;
  readonly maxAttempts?: number;
}): Told {
  const { answer, lost, thresholds = oneColluder, privacy = new Uint8Array(0), maxAttempts = 2 } = options;
  const gone = everybody.slice(1, 1 + lost);
  const said = new Map<MessageKind, number>();
  const losses = lossesAt({ when: 'before', answer }, gone, () => federation);
  const { federation } = testFederation(N, {
    thresholds,
    maxAttempts,
    faults: {
      ...losses,
      intercept(frame) {
        const passed = losses.intercept?.(frame) ?? [frame];
        const kind = frame.to === 'coordinator' && passed.length > 0 ? kindOf(frame) : undefined;
        if (kind !== undefined) said.set(kind, (said.get(kind) ?? 0) + 1);
        return passed;
      },
    },
  });
  const outcome = federation.sum(sumRequest(DIMENSION, vectors, { privacy }));
  return { outcome, federation, said };
}

const left = [0, 4, 5, 6];
const sumOfRest = { kind: 'opened', survivors: left, sum: plainSum(vectors, left) };

describe('an attempt that failed after uploads were made', () => {
  it.each(['upload-end', 'survivors-signature'] as const)(
    'with too many lost before their %s is made again on enough promises',
    (answer) => {
      const { outcome, federation, said } = play({ answer, lost: 3 });
      expect(outcome).toEqual(sumOfRest);
      expect(said.get('nothing-released')).toBe(4);
      expect(federation.rejections).toEqual([]);
    },
  );

  it('with too many lost before their release is given up: those who released cannot promise', () => {
    const { outcome, said } = play({ answer: 'release', lost: 3 });
    expect(outcome).toMatchObject({ kind: 'aborted', phase: 'unmask', code: 'BELOW_THRESHOLD' });
    expect(said.get('release')).toBe(4);
    expect(said.get('nothing-released')).toBeUndefined();
  });

  it.each(['upload-end', 'survivors-signature'] as const)(
    'with too many lost before their %s is given up where as many promises are too few',
    (answer) => {
      // c = 2: five promises are needed, four are left to give them.
      const { outcome, said } = play({ answer, lost: 3, thresholds: completeGraphThresholds });
      expect(outcome).toMatchObject({
        kind: 'aborted',
        phase: answer === 'upload-end' ? 'masked-input' : 'consistency',
        detail: expect.stringMatching(/missing: org-1, org-2, org-3$/) as string,
      });
      expect(said.get('nothing-released')).toBe(4);
      // Nobody masked a second vector.
      expect(said.get('ready')).toBe(7);
    },
  );

  it.each(['upload-end', 'survivors-signature', 'release'] as const)(
    'with too many lost before their %s is made again in any case where each attempt has its own noise',
    (answer) => {
      const { outcome, said } = play({
        answer,
        lost: 3,
        privacy: new Uint8Array(8),
        thresholds: completeGraphThresholds,
      });
      expect(outcome).toEqual(sumOfRest);
      // Whoever is left promises, but for those that released.
      expect(said.get('nothing-released')).toBe(answer === 'release' ? undefined : 4);
    },
  );

  it('is not made again where the terms allow one', () => {
    const { outcome, said } = play({ answer: 'upload-end', lost: 3, maxAttempts: 1 });
    expect(outcome).toMatchObject({ kind: 'aborted', phase: 'masked-input', code: 'BELOW_FLOOR' });
    expect(said.get('nothing-released')).toBeUndefined();
  });
});

describe('a member that was in the first attempt and missed the second', () => {
  it('is in the third: the promises about its own attempt come with it', () => {
    let attempt = 0;
    const { federation } = testFederation(N, {
      thresholds: oneColluder,
      maxAttempts: 3,
      policy: { minCohort: 3, minColluders: 1, maxAttemptsPerRound: 3 },
      faults: {
        intercept(frame) {
          const kind = kindOf(frame);
          if (kind === 'round-announce' && frame.to === 0) attempt += 1;
          const unsigned =
            attempt < 3 && kind === 'survivors-signature' && [1, 2, 3].includes(Number(frame.from));
          const away = attempt === 2 && kind === 'ready' && frame.from === 6;
          return unsigned || away ? [] : [frame];
        },
      },
    });
    expect(federation.sum(sumRequest(DIMENSION, vectors))).toEqual({
      kind: 'opened',
      survivors: everybody,
      sum: plainSum(vectors, everybody),
    });
    expect(attempt).toBe(3);
    expect(federation.rejections).toEqual([]);
  });
});

describe('whichever way it ended', () => {
  it.each(['upload-end', 'survivors-signature', 'release'] as const)(
    'the next sum is that of whoever is left, after losses before their %s',
    (answer) => {
      const { federation } = play({ answer, lost: 3, thresholds: completeGraphThresholds });
      const next = randomVectors(N, DIMENSION, 2);
      expect(federation.sum(sumRequest(DIMENSION, next))).toEqual({
        kind: 'opened',
        survivors: left,
        sum: plainSum(next, left),
      });
    },
  );
});
