import { nodeBackend as crypto } from '@tributary/crypto/node';
import { describe, expect, it } from 'vitest';
import type { UploadEnd } from '../messages/round.ts';
import type { RoundTerms } from '../messages/terms.ts';
import { castOf, existing, expectedRound, signed } from '../testing/cast.ts';
import { coordinatorOutcome, rejected, rejection } from '../testing/refusals.ts';
import { Transcript, uploadDigest } from '../testing/transcript.ts';
import type { CoordinatorEffect, CoordinatorEvent, CoordinatorState, CoordinatorStep } from './state.ts';
import { stepCoordinator } from './step.ts';

const cast = castOf(crypto, 5);
const transcript = new Transcript(cast);
const terms = existing(transcript.roundTerms[0]);
const hash = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);

const take = (state: CoordinatorState, event: CoordinatorEvent): CoordinatorStep =>
  stepCoordinator(crypto, state, event);
const pass = (state: CoordinatorState): CoordinatorStep =>
  take(state, { kind: 'deadline', lane: 'round', phaseNumber: state.phaseNumbers.round });
const lose = (state: CoordinatorState, member: number): CoordinatorStep =>
  take(state, { kind: 'member-lost', member });

function drops(effects: readonly CoordinatorEffect[]): readonly string[] {
  return effects.flatMap((effect) =>
    effect.kind === 'drop' ? [`${effect.drop.member} ${effect.drop.reason} ${effect.drop.phase}`] : [],
  );
}

const receivers = (effects: readonly CoordinatorEffect[], message: string): readonly number[] =>
  effects.flatMap((effect) => (effect.kind === 'send' && effect.message === message ? effect.to : []));

const abort = (effects: readonly CoordinatorEffect[]): CoordinatorEffect | undefined =>
  effects.find(({ kind }) => kind === 'round-aborted');

const request = (change: Partial<RoundTerms>): CoordinatorEvent => ({
  kind: 'round-requested',
  terms: { ...terms, ...change },
});

const all = (from: CoordinatorState, events: readonly CoordinatorEvent[]): CoordinatorState =>
  events.reduce((now, event) => take(now, event).state, from);

describe('a request for a round', () => {
  const { before: idle } = existing(
    transcript.coordinator.find(({ event }) => event.kind === 'round-requested'),
  );
  const batch = existing(idle.batches[0]);

  it('burns its key index and goes to the members of the batch that are there', () => {
    const { state, effects } = take(lose(idle, 2).state, request({}));
    expect(receivers(effects, 'round-announce')).toEqual([0, 1, 3, 4]);
    expect(state).toMatchObject({ batches: [{ nextKeyIndex: 1 }], phase: { kind: 'ready' } });
  });

  it.each<[string, CoordinatorState, Partial<RoundTerms>]>([
    ['without a batch', { ...idle, batches: [] }, {}],
    ['for another batch', idle, { batchContext: hash(1) }],
    ['for a key index that is not the next', idle, { keyIndex: 1 }],
    [
      'for a key index beyond the batch',
      { ...idle, batches: [{ ...batch, nextKeyIndex: 2 }] },
      { keyIndex: 2 },
    ],
    ['for an attempt beyond those of the batch', idle, { attempt: 2 }],
  ])('%s is refused: members hear nothing, and no key index is burnt', (_, state, change) => {
    const step = take(state, request(change));
    expect(step.effects).toMatchObject([
      {
        kind: 'round-aborted',
        phase: 'ready',
        code: 'UNSAFE_TERMS',
        detail: 'no batch with this key index is open',
      },
    ]);
    expect(step.state).toBe(state);
  });

  it('whose sum could overflow the ring is refused at the first vector too many', () => {
    // 5 * 6553 = 32765 < 2^15 = 32768 < 6 * 6553, and 5 * 6554 = 32770.
    expect(abort(take(idle, request(expectedRound(1, { inputBound: 6553 }))).effects)).toBeUndefined();
    const step = take(idle, request(expectedRound(1, { inputBound: 6554 })));
    expect(step.effects).toMatchObject([
      {
        kind: 'round-aborted',
        code: 'UNSAFE_TERMS',
        detail: expect.stringMatching(/^5 vectors of at most 6554/) as string,
        retryable: false,
      },
    ]);
    expect(step.state).toBe(idle);
    // The next round takes the same key index.
    expect(take(step.state, request({})).state.phase.kind).toBe('ready');
  });

  it('while another phase runs is a bug', () => {
    const { state } = take(idle, request({}));
    expect(() => take(state, request({}))).toThrow(expect.objectContaining({ code: 'UNEXPECTED_EVENT' }));
  });

  it('when nobody is there is aborted at once', () => {
    const alone = [0, 1, 2, 3, 4].reduce((state, id) => lose(state, id).state, idle);
    const { state, effects } = take(alone, request({}));
    expect(abort(effects)).toMatchObject({ phase: 'ready', code: 'BELOW_FLOOR' });
    expect(state.phase.kind).toBe('idle');
  });
});

describe('a ready', () => {
  const [state, message] = transcript.coordinatorBefore(4, 'ready');
  const ready = (): CoordinatorEvent => ({ kind: 'message', from: 4, message });

  it('for other terms is refused, and the member is still awaited', () => {
    const other = signed(cast, 4, 'ready', { ...message.body, termsDigest: hash(1) });
    expect(coordinatorOutcome(cast, state, { kind: 'message', from: 4, message: other })).toEqual(
      rejected('WRONG_CONTEXT', 4),
    );
  });

  it('of all starts the round with the nonces, in order', () => {
    const { state: after, effects } = take(state, ready());
    const start = effects.find((effect) => effect.kind === 'send' && effect.message === 'round-start');
    if (start?.kind !== 'send' || start.message !== 'round-start')
      throw new Error('the round does not start');
    expect(start.to).toEqual([0, 1, 2, 3, 4]);
    expect(start.body.ready.map(({ member }) => member)).toEqual([0, 1, 2, 3, 4]);
    expect(after.phase).toMatchObject({ kind: 'masked-input', waiting: new Set([0, 1, 2, 3, 4]) });
  });

  it('that never comes leaves its member out at the deadline', () => {
    const { state: after, effects } = pass(state);
    expect(drops(effects)).toEqual(['4 late ready']);
    expect(after.phase).toMatchObject({ kind: 'masked-input', round: { participants: [0, 1, 2, 3] } });
  });

  it('of a member that was lost after it does not make the round wait for that member', () => {
    const lost = lose(state, 1);
    expect(lost.effects).toEqual([]);
    const { state: after, effects } = take(lost.state, ready());
    expect(drops(effects)).toEqual(['1 disconnected-in-phase ready']);
    expect(receivers(effects, 'round-start')).toEqual([0, 2, 3, 4]);
    expect(after.phase).toMatchObject({ waiting: new Set([0, 2, 3, 4]) });
  });

  it('of a member that was lost and is back counts', () => {
    const back = take(lose(state, 1).state, { kind: 'member-joined', member: 1 });
    const { effects } = take(back.state, ready());
    expect(receivers(effects, 'round-start')).toEqual([0, 1, 2, 3, 4]);
  });

  it('of too few aborts the round, naming who is missing', () => {
    const { state: after, effects } = pass(lose(state, 0).state);
    expect(abort(effects)).toMatchObject({
      phase: 'ready',
      code: 'BELOW_FLOOR',
      detail: '3 of 5 members are left, 4 are needed; missing: member-0, member-4',
    });
    expect(receivers(effects, 'round-aborted')).toEqual([1, 2, 3, 4]);
    expect(after).toMatchObject({ phase: { kind: 'idle' }, batches: [{ nextKeyIndex: 1 }] });
  });
});

describe('an upload', () => {
  const state = transcript.coordinatorIn('masked-input');
  if (state.phase.kind !== 'masked-input') throw new Error('no round is open');
  const { context: roundContext } = state.phase.round;
  const LENGTH = 20;

  function spooled(
    from: number,
    options: { body?: Partial<UploadEnd>; length?: number; digest?: Uint8Array; signer?: number } = {},
  ): CoordinatorEvent {
    const { length = LENGTH, digest = uploadDigest(from), signer = from } = options;
    const body = { roundContext, member: from, length: LENGTH, digest: uploadDigest(from), ...options.body };
    return {
      kind: 'upload-spooled',
      from,
      message: signed(cast, signer, 'upload-end', body),
      length,
      digest,
    };
  }

  const added = (member: number, context = roundContext): CoordinatorEvent => ({
    kind: 'input-added',
    member,
    roundContext: context,
  });

  /** The integer sum of the uploads is durable. */
  const summed = (now: CoordinatorState): ReturnType<typeof take> =>
    take(now, { kind: 'masked-sum-kept', roundContext, digest: hash(6) });

  /** Everybody's upload is in, but member 4's. */
  const four = all(
    state,
    [0, 1, 2, 3].flatMap((id) => [spooled(id), added(id)]),
  );

  it('that is whole and signed is added', () => {
    const { state: after, effects } = take(state, spooled(2));
    expect(effects).toMatchObject([
      { kind: 'accept', message: { kind: 'upload-end', body: { member: 2 } }, refused: [] },
      { kind: 'add-input', member: 2, roundContext },
    ]);
    expect(after.phase).toMatchObject({ waiting: new Set([0, 1, 3, 4]) });
  });

  it.each<
    [string, CoordinatorEvent, 'BAD_SIGNATURE' | 'WRONG_SENDER' | 'LENGTH_MISMATCH' | 'DIGEST_MISMATCH']
  >([
    ['that another signed', spooled(2, { signer: 3 }), 'BAD_SIGNATURE'],
    ['that names another member', spooled(2, { body: { member: 3 } }), 'WRONG_SENDER'],
    ['with a byte too few', spooled(2, { length: LENGTH - 1 }), 'LENGTH_MISMATCH'],
    ['with a byte too many', spooled(2, { length: LENGTH + 1 }), 'LENGTH_MISMATCH'],
    ['signed for another length', spooled(2, { body: { length: LENGTH + 1 } }), 'LENGTH_MISMATCH'],
    ['of one element', spooled(2, { length: 4, body: { length: 4 } }), 'LENGTH_MISMATCH'],
    ['of other bytes than were signed', spooled(2, { digest: hash(9) }), 'DIGEST_MISMATCH'],
    ['that the shell gave up', { kind: 'upload-failed', from: 2, detail: 'too long' }, 'LENGTH_MISMATCH'],
  ])('%s is discarded and drops its member alone', (_, event, code) => {
    const { state: after, effects } = take(state, event);
    expect(effects).toMatchObject([
      rejection(code, 2),
      { kind: 'drop', drop: { member: 2, reason: 'protocol-error', phase: 'masked-input' } },
      { kind: 'discard-input', member: 2, roundContext },
    ]);
    expect(after.phase).toMatchObject({
      waiting: new Set([0, 1, 3, 4]),
      adding: new Map(),
      added: new Map(),
    });
  });

  it('of an earlier round is refused, and the member is still awaited', () => {
    expect(coordinatorOutcome(cast, state, spooled(2, { body: { roundContext: hash(1) } }))).toEqual(
      rejected('WRONG_CONTEXT', 2),
    );
  });

  it('that is not awaited is refused: a second one, a late one, a stranger’s', () => {
    const { state: once } = take(state, spooled(2));
    expect(coordinatorOutcome(cast, once, spooled(2))).toEqual(rejected('WRONG_PHASE', 2));
    expect(coordinatorOutcome(cast, take(once, added(2)).state, spooled(2))).toEqual(
      rejected('WRONG_PHASE', 2),
    );
    const late = pass(four).state;
    expect(late.phase.kind).toBe('summing');
    expect(coordinatorOutcome(cast, summed(late).state, spooled(4))).toEqual(rejected('WRONG_PHASE', 4));
    expect(coordinatorOutcome(cast, late, spooled(4))).toEqual(rejected('WRONG_PHASE', 4));
    const failed: CoordinatorEvent = { kind: 'upload-failed', from: 2, detail: '' };
    expect(take(once, failed)).toEqual({ state: once, effects: [] });
    const [ready] = transcript.coordinatorBefore(4, 'ready');
    expect(coordinatorOutcome(cast, ready, spooled(4))).toEqual(rejected('WRONG_PHASE', 4));
    expect(take(late, { kind: 'upload-failed', from: 4, detail: '' })).toEqual({ state: late, effects: [] });
    const partial = new Transcript(cast, { withholds: (id, kind) => id === 4 && kind === 'ready' });
    const without = partial.coordinatorIn('masked-input');
    expect(coordinatorOutcome(cast, without, spooled(4))).toEqual(rejected('WRONG_PHASE', 4));
  });

  it('that was added counts once, for its own round', () => {
    const { state: adding } = take(state, spooled(2));
    for (const event of [added(2, hash(1)), added(3)]) {
      expect(take(adding, event)).toEqual({ state: adding, effects: [] });
    }
    const { state: once } = take(adding, added(2));
    expect(take(once, added(2))).toEqual({ state: once, effects: [] });
    const idle = existing(transcript.coordinator.at(-1)?.step.state);
    expect(take(idle, added(2))).toEqual({ state: idle, effects: [] });
  });

  it('of the last member closes the phase only when it is added', () => {
    const { state: adding } = take(four, spooled(4));
    expect(adding.phase.kind).toBe('masked-input');
    const closed = take(adding, added(4));
    expect(closed.effects).toMatchObject([{ kind: 'keep-masked-sum', round: { context: roundContext } }]);
    expect(receivers(closed.effects, 'survivors')).toEqual([]);
    const { state: after, effects } = summed(closed.state);
    expect(after.phase).toMatchObject({ kind: 'consistency', waiting: new Set([0, 1, 2, 3, 4]) });
    expect(receivers(effects, 'survivors')).toEqual([0, 1, 2, 3, 4]);
  });

  it('that is being added at the deadline is waited for; those that are not whole are discarded', () => {
    const three = all(state, [spooled(0), added(0), spooled(1), added(1), spooled(2), added(2), spooled(3)]);
    const { state: closing, effects } = pass(three);
    expect(effects).toMatchObject([
      { kind: 'drop', drop: { member: 4, reason: 'late' } },
      { kind: 'discard-input', member: 4 },
    ]);
    expect(closing.phase.kind).toBe('masked-input');
    expect(coordinatorOutcome(cast, closing, spooled(4))).toEqual(rejected('WRONG_PHASE', 4));
    expect(pass(closing)).toEqual({ state: closing, effects: [] });
    const step = summed(take(closing, added(3)).state);
    if (step.state.phase.kind !== 'consistency') throw new Error('the phase did not close');
    expect(step.state.phase.survivors.map(({ member }) => member)).toEqual([0, 1, 2, 3]);
    // Its owner holds shares of the others and is asked all the same.
    expect(step.state.phase.waiting).toEqual(new Set([0, 1, 2, 3, 4]));
  });

  it('in progress is discarded when its member is lost; one that is whole stays', () => {
    const lost = lose(four, 4);
    expect(lost.effects.slice(0, 2)).toMatchObject([
      { kind: 'drop', drop: { member: 4, reason: 'disconnected-in-phase' } },
      { kind: 'discard-input', member: 4 },
    ]);
    expect(summed(lost.state).state.phase).toMatchObject({
      kind: 'consistency',
      waiting: new Set([0, 1, 2, 3]),
    });
    const { state: adding } = take(four, spooled(4));
    expect(lose(adding, 4).effects).toEqual([]);
    const step = summed(take(lose(adding, 4).state, added(4)).state);
    expect(step.state.phase).toMatchObject({ kind: 'consistency', waiting: new Set([0, 1, 2, 3]) });
    expect(step.state.phase).toHaveProperty('survivors.length', 5);
  });

  it('is in a masked sum that is kept once, for its own round, before anybody is asked to sign', () => {
    const { state: summing } = take(take(four, spooled(4)).state, added(4));
    const kept = { kind: 'masked-sum-kept', roundContext: hash(1), digest: hash(6) } as const;
    expect(take(summing, kept)).toEqual({ state: summing, effects: [] });
    expect(pass(summing).effects).toEqual([]);
    expect(lose(summing, 0).state.phase).toBe(summing.phase);
    const { state: after } = summed(summing);
    expect(after.phase).toMatchObject({ maskedSum: hash(6) });
    expect(summed(after)).toEqual({ state: after, effects: [] });
  });

  it('of too few aborts the round, naming who is missing', () => {
    const three = all(
      state,
      [0, 1, 2].flatMap((id) => [spooled(id), added(id)]),
    );
    const { state: after, effects } = pass(three);
    expect(abort(effects)).toMatchObject({
      phase: 'masked-input',
      code: 'BELOW_FLOOR',
      detail: '3 of 5 members are left, 4 are needed; missing: member-3, member-4',
      survivors: [0, 1, 2],
    });
    expect(effects).toContainEqual({ kind: 'close-accumulator', roundContext });
    expect(after.phase.kind).toBe('idle');
  });
});
