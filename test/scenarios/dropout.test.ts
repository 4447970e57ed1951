/**
 * Members that are lost, at every moment of a sum and in every number that matters: up to the threshold the
 * sum is that of the survivors, to the last bit; beyond it the attempt ends and says where, how many and who.
 * Where nothing was uploaded yet, it is made again with whoever is left. Either way the next sum works.
 */
import { completeGraphThresholds } from '@tributary/protocol';
import type { InMemoryFederation, SumOutcome } from '@tributary/protocol/in-memory';
import { describe, expect, it } from 'vitest';
import { plainSum, randomVectors, sumRequest, testFederation } from '../support/federation.ts';
import { type Answer, lossesAt, type Moment, MOMENTS } from '../support/moments.ts';

const DIMENSION = 50;

interface Case {
  readonly members: number;
  readonly lost: number;
  readonly moment: Moment;
}

const CASES: readonly Case[] = [3, 5, 10].flatMap((members) => {
  const spare = members - completeGraphThresholds(members).threshold;
  const losses = new Set([1, spare, spare + 1].filter((lost) => lost > 0));
  // Ten members cost four times what five do: they are lost once in each phase.
  const moments = members < 10 ? MOMENTS : MOMENTS.filter(({ when }) => when === 'before');
  return [...losses].flatMap((lost) => moments.map((moment) => ({ members, lost, moment })));
});

interface Expectation {
  /** Whose vectors the sum holds where it is opened. */
  readonly survivors: 'others' | 'everybody';
  /**
   * Where it ends with too few. Who is lost just after an answer may be missed in that phase or in the next.
   */
  readonly phases: readonly string[];
  readonly code: 'BELOW_FLOOR' | 'BELOW_THRESHOLD';
}

const EARLY = { survivors: 'others', code: 'BELOW_FLOOR' } as const;
const LATE = { survivors: 'everybody', code: 'BELOW_THRESHOLD' } as const;

const EXPECTATIONS: { readonly [K in Answer]: { readonly [W in Moment['when']]: Expectation } } = {
  'key-advert': { before: { ...EARLY, phases: ['setup'] }, after: { ...EARLY, phases: ['setup'] } },
  'dealt-shares': { before: { ...EARLY, phases: ['setup'] }, after: { ...EARLY, phases: ['setup'] } },
  ready: { before: { ...EARLY, phases: ['ready'] }, after: { ...EARLY, phases: ['ready', 'masked-input'] } },
  'upload-end': {
    before: { ...EARLY, phases: ['masked-input'] },
    after: { ...LATE, phases: ['consistency'] },
  },
  'survivors-signature': {
    before: { ...LATE, phases: ['consistency'] },
    after: { ...LATE, phases: ['unmask'] },
  },
  // After its release nobody is needed any more.
  release: { before: { ...LATE, phases: ['unmask'] }, after: { ...LATE, phases: [] } },
};

interface Play {
  readonly federation: InMemoryFederation;
  readonly gone: readonly number[];
  /** Whose vectors the sum holds where it is opened. */
  readonly survivors: readonly number[];
  readonly vectors: readonly Int32Array[];
  readonly outcome: SumOutcome;
}

function play({ members, lost, moment }: Case): Play {
  // Neither the first, nor the last, nor neighbours, where it can be helped.
  const gone = Array.from({ length: lost }, (_, i) => (2 * i + 1) % members).toSorted((a, b) => a - b);
  const { federation } = testFederation(members, {
    keyCount: 2,
    faults: lossesAt(moment, gone, () => federation),
  });
  const vectors = randomVectors(members, DIMENSION, members);
  const outcome = federation.sum(sumRequest(DIMENSION, vectors));
  const { survivors } = EXPECTATIONS[moment.answer][moment.when];
  const everybody = vectors.map((_, id) => id);
  return {
    federation,
    gone,
    survivors: survivors === 'everybody' ? everybody : everybody.filter((id) => !gone.includes(id)),
    vectors,
    outcome,
  };
}

/** The sum after that, and what it must be: that of all who are left, or none where two are. */
function playOn({ federation, vectors }: Play): { readonly next: SumOutcome; readonly due: SumOutcome } {
  const members = federation.alive;
  const other = randomVectors(vectors.length, DIMENSION, 100 + vectors.length);
  const next = federation.sum(sumRequest(DIMENSION, other));
  const detail = '2 members are there, a secure sum needs 3';
  return members.length === 2
    ? { next, due: { kind: 'aborted', phase: 'setup', code: 'BELOW_FLOOR', detail } }
    : { next, due: { kind: 'opened', survivors: members, sum: plainSum(other, members) } };
}

const needed = (members: number): number => completeGraphThresholds(members).minSurvivors;

/** Whether the attempt ends before anybody uploads, and so many are left that another can be made. */
function triedAgain({ members, lost, moment }: Case): boolean {
  return moment.answer === 'ready' && members - lost >= 3;
}

/** Whether so many are left that the sum is opened. */
function opens({ members, lost, moment }: Case): boolean {
  const { phases } = EXPECTATIONS[moment.answer][moment.when];
  return phases.length === 0 || members - lost >= needed(members);
}

describe('down to the threshold the sum is that of the survivors, and the next one works', () => {
  it.each(CASES.filter(opens))('of $members, $lost lost $moment.when $moment.answer', (story) => {
    const played = play(story);
    const { federation, gone, survivors, vectors, outcome } = played;
    expect(outcome).toEqual({ kind: 'opened', survivors, sum: plainSum(vectors, survivors) });
    expect(federation.rejections).toEqual([]);
    // A closed connection is enough: nobody waits for a deadline.
    expect(federation.deadlinesPassed).toBe(0);
    const dropped = federation.drops.map(({ member }) => member).toSorted((a, b) => a - b);
    // Each of the lost once; one whose vector is in the sum only where an answer of it was still awaited.
    expect(dropped).toEqual(gone.filter((id) => !survivors.includes(id) || dropped.includes(id)));
    const { next, due } = playOn(played);
    expect(next).toEqual(due);
  });
});

describe('beyond it the attempt names phase, numbers and who is missing, and the next sum works', () => {
  it.each(CASES.filter((story) => !opens(story) && !triedAgain(story)))(
    'of $members, $lost lost $moment.when $moment.answer',
    (story) => {
      const { members, lost, moment } = story;
      const played = play(story);
      const { federation, gone, outcome } = played;
      const { code, phases } = EXPECTATIONS[moment.answer][moment.when];
      if (outcome.kind !== 'aborted') throw new Error('a sum was opened below the threshold');
      expect(phases).toContain(outcome.phase);
      expect(outcome.code).toBe(code);
      const numbers = new RegExp(`^${members - lost}\\b.*\\b${needed(members)} are needed; missing: `);
      expect(outcome.detail).toMatch(numbers);
      expect(outcome.detail.match(/org-\d+/g)).toEqual(gone.map((id) => `org-${id}`));
      expect(federation.rejections).toEqual([]);
      // Who has released is asked in vain to promise that it never will.
      expect(federation.deadlinesPassed).toBeLessThanOrEqual(outcome.phase === 'unmask' ? 1 : 0);
      const { next, due } = playOn(played);
      expect(next).toEqual(due);
    },
  );
});

describe('beyond it before anybody uploads the round is tried again with whoever is left', () => {
  it.each(CASES.filter((story) => !opens(story) && triedAgain(story)))(
    'of $members, $lost lost $moment.when $moment.answer',
    (story) => {
      const played = play(story);
      const { federation, gone, vectors, outcome } = played;
      const survivors = vectors.map((_, id) => id).filter((id) => !gone.includes(id));
      expect(outcome).toEqual({ kind: 'opened', survivors, sum: plainSum(vectors, survivors) });
      expect(federation.rejections).toEqual([]);
      expect(federation.deadlinesPassed).toBe(0);
      expect(federation.drops.map(({ member }) => member).toSorted((a, b) => a - b)).toEqual(gone);
      const { next, due } = playOn(played);
      expect(next).toEqual(due);
    },
  );
});
