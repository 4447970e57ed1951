/**
 * A6: the same sum over the same cohort but one member. Without noise the two sums differ by that member's
 * vector, so nobody contributes twice to a round unless its first upload is beyond opening.
 */
import type { Bodies, RoundTerms } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import { Attacker, MASKED_SUM } from '../support/attacker.ts';
import { chiSquare, UNIFORM } from '../support/uniformity.ts';

const DIMENSION = 2048;
const VICTIM = 0;
type Promises = Bodies['round-announce']['promises'];

// Seven members: H = 7, t = 5, c = 2, so 7 - 5 + 1 + 2 = 5 promises are needed.
const NEEDED = 5;

/** One attempt, up to the uploads. */
function firstAttempt(colluders: readonly number[] = []): { attacker: Attacker; again: RoundTerms } {
  const attacker = new Attacker({ members: 7, colluders, dimension: DIMENSION, keyCount: 3 });
  attacker.openBatch();
  attacker.collectUploads();
  const expected = attacker.expect(1);
  return { attacker, again: attacker.roundTerms(expected, { keyIndex: 1, attempt: 2 }) };
}

/** An attempt with noise up to its uploads, of which some members have released; then it is given up. */
function noisyAttempt(released: readonly number[]): {
  readonly attacker: Attacker;
  readonly first: Uint8Array;
  readonly given: readonly number[];
  /** Announces the next attempt with these promises. @returns members that take the first for void */
  readonly announce: (promises: Promises) => readonly number[];
} {
  const attacker = new Attacker({ members: 7, colluders: [5, 6], dimension: DIMENSION, keyCount: 3 });
  attacker.openBatch();
  const expected = attacker.expect(1, { privacy: new Uint8Array([1]) });
  const uploads = attacker.begin(attacker.announce(attacker.roundTerms(expected)));
  const first = attacker.roundContext;
  attacker.request(attacker.show(uploads), released);
  abortWith(attacker, attacker.honest);
  const given = attacker.all('nothing-released').map(({ from }) => from);
  const announce = (promises: Promises): readonly number[] => {
    const again = attacker.roundTerms(expected, { keyIndex: 1, attempt: 2 });
    expect(attacker.announce(again, attacker.everybody, promises).ready).toHaveLength(7);
    return attacker.members.flatMap(({ id, effects }) =>
      effects.some(({ kind }) => kind === 'attempt-void') ? [id] : [],
    );
  };
  return { attacker, first, given, announce };
}

/** Signed promises of some members about a key index. */
function promised(attacker: Attacker, members: readonly number[], keyIndex = 0): Promises {
  const { batchContext } = attacker;
  return members.map((member) => {
    const body = { batchContext, keyIndex, member };
    return { member, signature: attacker.member(member).sign('nothing-released', body).signature };
  });
}

function abortWith(attacker: Attacker, to: readonly number[], keyIndex = 0): void {
  attacker.tell(to, 'round-aborted', {
    batchContext: attacker.batchContext,
    keyIndex,
    phase: 'unmask',
    code: 'BELOW_THRESHOLD',
    detail: 'too few',
    asks: 'promise',
  });
}

describe('A6: a round once more without one member', () => {
  it('is refused as the same attempt, under a fresh key index', () => {
    const { attacker, again } = firstAttempt();
    const { ready } = attacker.announce({ ...again, attempt: 1 });
    expect(ready).toEqual([]);
    for (const { rejections } of attacker.members)
      expect(rejections).toMatchObject([{ code: 'EQUIVOCATION' }]);
  });

  it('is refused after its sum was opened', () => {
    const { attacker, again } = firstAttempt();
    const uploads = attacker
      .all('upload-end')
      .map(({ from, body, signature }) => ({ member: from, digest: body.digest, signature }));
    const view = attacker.show(uploads);
    attacker.request(view);
    attacker.tellResult(view);
    expect(attacker.announce(again).ready).toEqual([]);
    for (const { rejections } of attacker.members)
      expect(rejections).toMatchObject([{ code: 'UNEXPECTED_PLAN' }]);
  });

  it('is refused as an old round, whatever the member expects by then', () => {
    const { attacker, again } = firstAttempt();
    attacker.expect(2);
    expect(attacker.announce(again).ready).toEqual([]);
    // Led to expect an old round again, it still knows that it gave to it.
    attacker.collectUploads(2, { keyIndex: 1 });
    attacker.expect(1);
    expect(attacker.announce({ ...again, keyIndex: 2 }).ready).toEqual([]);
    for (const { rejections } of attacker.members) {
      expect(rejections.map(({ code }) => code)).toEqual(['UNEXPECTED_PLAN', 'EQUIVOCATION']);
    }
  });

  it.each<[string, (attacker: Attacker) => Promises]>([
    ['no promise at all', () => []],
    ['one promise too few', (attacker) => promised(attacker, [0, 1, 2, 3])],
    ['one promise counted twice', (attacker) => promised(attacker, [0, 1, 2, 3, 3])],
    ['promises about another key index', (attacker) => promised(attacker, attacker.everybody, 1)],
    [
      'promises under other names',
      (attacker) => promised(attacker, [0, 1, 2, 3]).flatMap((one, i) => [one, { ...one, member: i + 3 }]),
    ],
  ])('is refused on %s', (_, promises) => {
    const { attacker, again } = firstAttempt();
    expect(attacker.announce(again, attacker.everybody, promises(attacker)).ready).toEqual([]);
    for (const { rejections } of attacker.members)
      expect(rejections).toMatchObject([{ code: 'NOT_PROMISED' }]);
    expect(attacker.all('upload-end')).toHaveLength(7);
  });

  it('is contributed to on enough promises, and then the first attempt stays sealed though colluders break theirs', () => {
    const { attacker, again } = firstAttempt([5, 6]);
    const uploads = attacker
      .all('upload-end')
      .map(({ from, body, signature }) => ({ member: from, digest: body.digest, signature }));
    // Two honest members release before the coordinator gives the attempt up: as many as it can afford.
    const view = attacker.show(uploads);
    attacker.request(view, [0, 1]);
    abortWith(attacker, attacker.honest);
    const given = attacker.all('nothing-released').map(({ from }) => from);
    expect(given).toEqual([2, 3, 4]);
    const promises = promised(attacker, [2, 3, 4, 5, 6]);
    expect(promises).toHaveLength(NEEDED);
    const start = attacker.announce(again, attacker.everybody, promises);
    expect(start.ready).toHaveLength(7);
    const [, first] = [attacker.begin(start), attacker.all('upload-end')[0]?.body.roundContext];
    if (first === undefined) throw new Error('nobody uploaded');
    // Whoever promised releases nothing of the first attempt any more, however it is asked.
    for (const { digest } of [view]) {
      attacker.tell([2, 3, 4], 'unmask-request', {
        roundContext: first,
        survivorsDigest: digest,
        signatures: view.signatures,
        maskedSum: MASKED_SUM,
      });
    }
    expect(attacker.all('release').map(({ from }) => from)).toEqual([0, 1]);
    for (const kind of ['self', 'pair'] as const) {
      expect(attacker.sharesOf(VICTIM, kind).size).toBeLessThan(attacker.thresholds.threshold);
      expect(attacker.secretOf(VICTIM, kind)).toBeUndefined();
    }
    expect(chiSquare(attacker.attempt(VICTIM, 0, first))).toBeLessThan(UNIFORM);
  });

  it('gets no promise from a member that has released', () => {
    const { attacker } = firstAttempt();
    const uploads = attacker
      .all('upload-end')
      .map(({ from, body, signature }) => ({ member: from, digest: body.digest, signature }));
    attacker.request(attacker.show(uploads));
    abortWith(attacker, attacker.everybody);
    expect(attacker.all('nothing-released')).toEqual([]);
  });

  it('is tried no third time where the terms allow two', () => {
    const { attacker, again } = firstAttempt();
    attacker.announce({ ...again, attempt: 3 }, attacker.everybody, promised(attacker, attacker.everybody));
    for (const { rejections } of attacker.members)
      expect(rejections).toMatchObject([{ code: 'UNSAFE_TERMS' }]);
  });
});

describe('A6: with noise, an attempt that members take for void', () => {
  it('stays sealed, though colluders break their promises and releases were kept back', () => {
    const { attacker, first, given, announce } = noisyAttempt([0, 1]);
    expect(given).toEqual([2, 3, 4]);
    expect(announce(promised(attacker, [...given, 5, 6]))).toEqual(attacker.everybody);
    for (const kind of ['self', 'pair'] as const) {
      expect(attacker.sharesOf(VICTIM, kind).size).toBeLessThan(attacker.thresholds.threshold);
      expect(attacker.secretOf(VICTIM, kind)).toBeUndefined();
    }
    expect(chiSquare(attacker.attempt(VICTIM, 0, first))).toBeLessThan(UNIFORM);
  });

  it('is none that one more release would open: then the promises are one too few, and it stays charged', () => {
    const { attacker, given, announce } = noisyAttempt([0, 1, 2]);
    expect(given).toEqual([3, 4]);
    expect(announce(promised(attacker, [...given, 5, 6]))).toEqual([]);
    expect(attacker.secretOf(VICTIM, 'self')).toBeDefined();
  });

  it.each<[string, (attacker: Attacker, given: readonly number[]) => Promises]>([
    ['one promise counted twice', (attacker, given) => promised(attacker, [...given, 5, 5])],
    ['promises about another key index', (attacker) => promised(attacker, attacker.everybody, 1)],
    [
      'promises under the names of those that released',
      (attacker, given) => promised(attacker, [...given, 5]).flatMap((one) => [one, { ...one, member: 0 }]),
    ],
  ])('is none on %s', (_, promises) => {
    const { attacker, given, announce } = noisyAttempt([0, 1]);
    expect(announce(promises(attacker, given))).toEqual([]);
  });
});
