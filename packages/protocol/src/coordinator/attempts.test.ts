import { nodeBackend as crypto } from '@tributary/crypto/node';
import { describe, expect, it } from 'vitest';
import type { NothingReleased } from '../messages/round.ts';
import { castOf, existing, signed } from '../testing/cast.ts';
import { coordinatorOutcome, rejected } from '../testing/refusals.ts';
import { type Story, Transcript } from '../testing/transcript.ts';
import type { CoordinatorEffect, CoordinatorEvent, CoordinatorState, CoordinatorStep } from './state.ts';
import { stepCoordinator } from './step.ts';

const cast = castOf(crypto, 5);
const silent =
  (kind: string, from: number): NonNullable<Story['withholds']> =>
  (member, message) =>
    message === kind && member >= from;
const failsAtConsistency = { maxAttempts: 2, withholds: silent('survivors-signature', 3) };
const transcript = new Transcript(cast, failsAtConsistency);
const hash = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);

const take = (state: CoordinatorState, event: CoordinatorEvent): CoordinatorStep =>
  stepCoordinator(crypto, state, event);
const pass = (state: CoordinatorState): CoordinatorStep =>
  take(state, { kind: 'deadline', lane: 'round', phaseNumber: state.phaseNumbers.round });

const notices = (effects: readonly CoordinatorEffect[]): readonly string[] =>
  effects.flatMap((effect) =>
    effect.kind === 'send' && effect.message === 'round-aborted' ? [effect.body.asks] : [],
  );

describe('an attempt that fails after uploads', () => {
  const state = transcript.coordinatorIn('promises');
  const promise = (from: number, change: Partial<NothingReleased> = {}): CoordinatorEvent => ({
    kind: 'message',
    from,
    message: signed(cast, from, 'nothing-released', {
      batchContext: transcript.batchContext,
      keyIndex: 0,
      member: from,
      ...change,
    }),
  });
  const after = (...members: number[]): CoordinatorState =>
    members.reduce((now, id) => take(now, promise(id)).state, state);

  it('asks all who hold shares for a promise, and closes its accumulator', () => {
    const { effects } = existing(
      transcript.coordinator.find(({ step }) => step.state.phase.kind === 'promises')?.step,
    );
    expect(notices(effects)).toEqual(['promise']);
    expect(effects).toContainEqual(expect.objectContaining({ kind: 'close-accumulator' }));
    expect(effects.some(({ kind }) => kind === 'round-aborted')).toBe(false);
    expect(state.phase).toMatchObject({ kind: 'promises', waiting: new Set([0, 1, 2, 3, 4]) });
  });

  it('may be repeated when all have promised, and hands the promises to the next attempt', () => {
    const { state: done, effects } = take(after(0, 1, 2, 3), promise(4));
    expect(effects).toMatchObject([
      { kind: 'round-aborted', phase: 'consistency', code: 'BELOW_THRESHOLD', retryable: true },
    ]);
    expect(done.phase.kind).toBe('idle');
    expect(done.failedAttempts).toMatchObject({ round: 1, promises: { length: 5 } });
    const terms = { ...existing(transcript.roundTerms[0]), keyIndex: 1, attempt: 2 };
    const announced = (round: number): readonly number[] =>
      take(done, { kind: 'round-requested', terms: { ...terms, round } }).effects.flatMap((effect) =>
        effect.kind === 'send' && effect.message === 'round-announce'
          ? effect.body.promises.map(({ member }) => member)
          : [],
      );
    expect(announced(1)).toEqual([0, 1, 2, 3, 4]);
    expect(announced(2)).toEqual([]);
  });

  it('adds to the promises about earlier attempts: who was in one of those alone needs them', () => {
    const earlier = { member: 4, signature: new Uint8Array(64).fill(7) };
    const second = { ...after(0, 1, 2, 3), failedAttempts: { round: 1, promises: [earlier] } };
    const { failedAttempts } = take(second, promise(4)).state;
    expect(failedAttempts?.promises.map(({ member }) => member)).toEqual([0, 1, 2, 3, 4, 4]);
    expect(failedAttempts?.promises.at(-1)).toBe(earlier);
    const ofOther = { ...second, failedAttempts: { round: 2, promises: [earlier] } };
    expect(take(ofOther, promise(4)).state.failedAttempts?.promises).toHaveLength(5);
  });

  it('may be repeated at the deadline with H - t + 1 + c promises, and not with one fewer', () => {
    // H - t + 1 + c = 5 - 4 + 1 + 2.
    expect(pass(after(0, 1, 2, 4)).effects).toMatchObject([{ kind: 'round-aborted', retryable: true }]);
    const { state: done, effects } = pass(after(0, 2, 4));
    expect(effects).toMatchObject([{ kind: 'round-aborted', retryable: false }]);
    expect(done.failedAttempts?.promises.map(({ member }) => member)).toEqual([0, 2, 4]);
  });

  it('takes no promise about another key index or batch, and none twice', () => {
    expect(coordinatorOutcome(cast, state, promise(2, { keyIndex: 1 }))).toEqual(
      rejected('WRONG_CONTEXT', 2),
    );
    expect(coordinatorOutcome(cast, state, promise(2, { batchContext: hash(1) }))).toEqual(
      rejected('WRONG_CONTEXT', 2),
    );
    expect(coordinatorOutcome(cast, after(2), promise(2))).toEqual(rejected('DUPLICATE', 2));
    const forged = signed(cast, 3, 'nothing-released', {
      batchContext: transcript.batchContext,
      keyIndex: 0,
      member: 2,
    });
    expect(coordinatorOutcome(cast, state, { kind: 'message', from: 2, message: forged })).toEqual(
      rejected('BAD_SIGNATURE', 2),
    );
  });

  it('does not wait for members that are lost, or that refuse', () => {
    const lost = take(after(0, 1, 2, 3), { kind: 'member-lost', member: 4 });
    expect(lost.effects.at(-1)).toMatchObject({ kind: 'round-aborted', retryable: true });
    expect(lost.state.phase.kind).toBe('idle');
  });
});

const NOISY = { privacy: new Uint8Array([1]) };

/** What becomes of an attempt with noise that fails in consistency, where some make no promise. */
function verdicts(...quiet: readonly number[]): unknown {
  const told = new Transcript(cast, {
    ...failsAtConsistency,
    expected: NOISY,
    withholds: (member, kind) =>
      (kind === 'survivors-signature' && member >= 3) ||
      (kind === 'nothing-released' && quiet.includes(member)),
  });
  return told.effects('round-aborted').map(({ retryable, isVoid }) => [retryable, isVoid]);
}

describe('an attempt with noise that fails after uploads', () => {
  it('may be repeated in any case, and is void with H - t + 1 + c promises, not with one fewer', () => {
    expect(verdicts()).toEqual([[true, true]]);
    expect(verdicts(3)).toEqual([[true, true]]);
    expect(verdicts(3, 4)).toEqual([[true, false]]);
  });

  it('after shares were released is not void: who released makes no promise', () => {
    const late = new Transcript(cast, { maxAttempts: 2, withholds: silent('release', 3), expected: NOISY });
    expect(late.effects('round-aborted')).toMatchObject([
      { phase: 'unmask', retryable: true, isVoid: false },
    ]);
    expect(late.coordinatorNow.failedAttempts?.promises.map(({ member }) => member)).toEqual([]);
  });
});

const aborted = (story: Story): [readonly string[], boolean] => {
  const told = new Transcript(cast, story);
  const effects = told.coordinator.flatMap(({ step }) => step.effects);
  return [notices(effects), existing(told.effects('round-aborted')[0]).retryable];
};

describe('an attempt that fails', () => {
  it('as the last one allowed asks for nothing, and is not repeated', () => {
    expect(aborted({ ...failsAtConsistency, maxAttempts: 1 })).toEqual([['nothing'], false]);
  });

  it('before any upload asks for promises all the same where it has noise: that nobody uploaded is its word alone', () => {
    const story = { maxAttempts: 2, withholds: silent('ready', 3), expected: NOISY };
    expect(aborted(story)).toEqual([['promise'], true]);
    expect(aborted({ ...story, maxAttempts: 1 })).toEqual([['nothing'], false]);
    // All five of the cohort promise, also those that did not answer in time.
    expect(new Transcript(cast, story).effects('round-aborted')).toMatchObject([
      { phase: 'ready', isVoid: true },
    ]);
  });

  it('before any upload asks for nothing, and may be repeated', () => {
    expect(aborted({ maxAttempts: 2, withholds: silent('ready', 3) })).toEqual([['nothing'], true]);
    expect(aborted({ maxAttempts: 1, withholds: silent('ready', 3) })).toEqual([['nothing'], false]);
  });

  it('after shares were released is not repeated: who released makes no promise', () => {
    const late = new Transcript(cast, { maxAttempts: 2, withholds: silent('release', 3) });
    expect(late.effects('round-aborted')).toMatchObject([{ phase: 'unmask', retryable: false }]);
    expect(late.coordinatorNow.failedAttempts?.promises).toEqual([]);
  });

  it('waits for no promise of those that released, nor of a member that cheated', () => {
    const opening = new Transcript(cast, {
      maxAttempts: 2,
      withholds: (member, kind) => kind === 'release' && member === 4,
    }).coordinatorIn('opening');
    if (opening.phase.kind !== 'opening') throw new Error('the round did not open');
    const { context: roundContext } = opening.phase.round;
    const failed = (dealer: number): CoordinatorState =>
      take(opening, { kind: 'sum-not-opened', roundContext, badDealers: [dealer] }).state;
    // Four of the five released.
    expect(failed(1).phase).toMatchObject({ kind: 'promises', waiting: new Set([4]) });
    expect(failed(4).phase.kind).toBe('idle');
  });
});
