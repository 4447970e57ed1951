import { nodeBackend as crypto } from '@tributary/crypto/node';
import { describe, expect, it } from 'vitest';
import type { DealtShares, KeyAdvert, SealedShares } from '../messages/setup.ts';
import type { BatchTerms } from '../messages/terms.ts';
import { signSealedShares } from '../signing.ts';
import { castOf, existing, signed } from '../testing/cast.ts';
import { coordinatorOutcome, rejected, rejection } from '../testing/refusals.ts';
import { Transcript } from '../testing/transcript.ts';
import type { CoordinatorEffect, CoordinatorEvent, CoordinatorState, CoordinatorStep } from './state.ts';
import { startCoordinator, stepCoordinator } from './step.ts';

const cast = castOf(crypto, 5);
const transcript = new Transcript(cast);
const { batchTerms } = transcript;
const hash = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);

const take = (state: CoordinatorState, event: CoordinatorEvent): CoordinatorStep =>
  stepCoordinator(crypto, state, event);
const request = (terms: BatchTerms): CoordinatorEvent => ({ kind: 'batch-requested', terms, deadlineMs: 10 });
const lose = (state: CoordinatorState, ...members: number[]): CoordinatorState =>
  members.reduce((now, member) => take(now, { kind: 'member-lost', member }).state, state);
const pass = (state: CoordinatorState): CoordinatorStep =>
  take(state, { kind: 'deadline', lane: 'setup', phaseNumber: state.phaseNumbers.setup });

const present = cast.roster.members.reduce(
  (state, { id }) => take(state, { kind: 'member-joined', member: id }).state,
  startCoordinator(cast.roster, cast.run),
);

function drops(effects: readonly CoordinatorEffect[]): readonly string[] {
  return effects.flatMap((effect) =>
    effect.kind === 'drop' ? [`${effect.drop.member} ${effect.drop.reason} ${effect.drop.phase}`] : [],
  );
}

const receivers = (effects: readonly CoordinatorEffect[], message: string): readonly number[] | undefined =>
  effects.flatMap((effect) => (effect.kind === 'send' && effect.message === message ? effect.to : []));

describe('a request for a batch', () => {
  it('goes to the members that are there; the others are dropped at once', () => {
    const { state, effects } = take(lose(present, 3), request(batchTerms));
    expect(receivers(effects, 'batch-start')).toEqual([0, 1, 2, 4]);
    expect(drops(effects)).toEqual(['3 never-connected setup']);
    expect(effects.at(-1)).toEqual({
      kind: 'start-deadline',
      lane: 'setup',
      phaseNumber: state.phaseNumbers.setup,
      ms: 10,
    });
    expect(state.setup).toMatchObject({ kind: 'advertise-keys', waiting: new Set([0, 1, 2, 4]) });
  });

  it.each<[string, Partial<BatchTerms>, RegExp]>([
    ['thresholds that break a rule', { threshold: 3 }, /breaks 2t > H \+ c/],
    ['a cohort outside the roster', { cohort: [0, 1, 2, 3, 9] }, /outside the roster/],
    ['a cohort out of order', { cohort: [1, 0, 2, 3, 4] }, /ascending/],
  ])('on %s is refused before anybody hears of it', (_, change, detail) => {
    const { state, effects } = take(present, request({ ...batchTerms, ...change }));
    expect(effects).toEqual([
      { kind: 'batch-aborted', code: 'UNSAFE_TERMS', detail: expect.stringMatching(detail) as string },
    ]);
    expect(state).toBe(present);
  });

  it('where nobody is there is aborted', () => {
    const { state, effects } = take(startCoordinator(cast.roster, cast.run), request(batchTerms));
    expect(effects.at(-1)).toEqual({
      kind: 'batch-aborted',
      code: 'BELOW_FLOOR',
      detail:
        '0 of 5 members are left, 4 are needed; missing: member-0, member-1, member-2, member-3, member-4',
    });
    expect(state.setup.kind).toBe('idle');
  });

  it('while another setup runs is a bug', () => {
    const { state } = take(present, request(batchTerms));
    expect(() => take(state, request(batchTerms))).toThrow(
      expect.objectContaining({ code: 'UNEXPECTED_EVENT' }),
    );
  });
});

describe('a key advert', () => {
  const [state, { body: honest }] = transcript.coordinatorBefore(3, 'key-advert');
  const advert = (change: Partial<KeyAdvert>): CoordinatorEvent => ({
    kind: 'message',
    from: 3,
    message: signed(cast, 3, 'key-advert', { ...honest, ...change }),
  });

  it.each<[string, Partial<KeyAdvert>, 'LENGTH_MISMATCH' | 'BAD_KEY' | 'BAD_DRAW']>([
    ['with a nonce where none is drawn', { drawCommitment: hash(1) }, 'BAD_DRAW'],
    ['with a round key less', { roundKeys: [hash(9)] }, 'LENGTH_MISMATCH'],
    ['with a commitment more', { selfSeedCommitments: [hash(1), hash(2), hash(3)] }, 'LENGTH_MISMATCH'],
    ['with a sealing key of small order', { sealingKey: hash(0) }, 'BAD_KEY'],
    ['with a round key of small order', { roundKeys: [hash(9), hash(0)] }, 'BAD_KEY'],
  ])('%s drops its member from the batch', (_, change, code) => {
    const { state: after, effects } = take(state, advert(change));
    expect(effects).toMatchObject([
      rejection(code, 3),
      { kind: 'drop', drop: { member: 3, reason: 'protocol-error' } },
    ]);
    if (after.setup.kind !== 'advertise-keys') throw new Error('the phase is over');
    expect(after.setup.waiting).toEqual(new Set([4]));
    expect([...after.setup.adverts.keys()]).toEqual([0, 1, 2]);
  });

  it('of a batch that was given up is late, but no fault: its member is still awaited', () => {
    expect(coordinatorOutcome(cast, state, advert({ batchContext: hash(1) }))).toEqual(
      rejected('WRONG_CONTEXT', 3),
    );
  });

  it('that never comes is late at the deadline, and the others go on', () => {
    const { state: after, effects } = pass(transcript.coordinatorBefore(4, 'key-advert')[0]);
    expect(drops(effects)).toEqual(['4 late setup']);
    expect(receivers(effects, 'key-roster')).toEqual([0, 1, 2, 3]);
    expect(after.setup).toMatchObject({ kind: 'share-keys', waiting: new Set([0, 1, 2, 3]) });
  });

  it('of a member that was lost after it is left out, and nobody waits for that member', () => {
    const last = transcript.coordinatorBefore(4, 'key-advert');
    const { state: after, effects } = take(lose(last[0], 2), { kind: 'message', from: 4, message: last[1] });
    expect(drops(effects)).toEqual(['2 disconnected-in-phase setup']);
    expect(receivers(effects, 'key-roster')).toEqual([0, 1, 3, 4]);
    expect(after.setup).toMatchObject({ waiting: new Set([0, 1, 3, 4]) });
    if (after.setup.kind !== 'share-keys') throw new Error('the phase is not entered');
    // Nobody owes it a box.
    expect([...after.setup.adverts.keys()]).toEqual([0, 1, 3, 4]);
  });

  it('of too few ends the setup, naming who is missing', () => {
    const { state: after, effects } = pass(lose(transcript.coordinatorBefore(4, 'key-advert')[0], 1));
    expect(effects.at(-1)).toEqual({
      kind: 'batch-aborted',
      code: 'BELOW_FLOOR',
      detail: '3 of 5 members are left, 4 are needed; missing: member-1, member-4',
    });
    expect(after.setup.kind).toBe('idle');
  });
});

describe('dealt shares', () => {
  const [state, { body: honest }] = transcript.coordinatorBefore(3, 'dealt-shares');
  const dealt = (change: Partial<DealtShares>): CoordinatorEvent => ({
    kind: 'message',
    from: 3,
    message: signed(cast, 3, 'dealt-shares', { ...honest, ...change }),
  });

  /** The boxes with the one for member 1 changed, and signed by whoever `signer` is. */
  function withBox(change: Partial<SealedShares>, signer = 3): Partial<DealtShares> {
    const boxes = honest.boxes.map((box) => {
      if (box.body.holder !== 1) return box;
      const body = { ...box.body, ...change };
      return { body, signature: signSealedShares(crypto, existing(cast.identities[signer]), body) };
    });
    return { boxes };
  }

  const first = existing(honest.boxes[0]);
  const otherBoxes = honest.boxes.map(({ body }) => {
    const other = { ...body, batchContext: hash(1) };
    return { body: other, signature: signSealedShares(crypto, existing(cast.identities[3]), other) };
  });

  it('of a batch that was given up are late, but no fault: their dealer is still awaited', () => {
    expect(coordinatorOutcome(cast, state, dealt({ batchContext: hash(1) }))).toEqual(
      rejected('WRONG_CONTEXT', 3),
    );
  });

  it.each<[string, Partial<DealtShares>]>([
    ['with boxes that are all of another batch', { boxes: otherBoxes }],
    ['with a commitment to its own shares missing', { ownCommitments: honest.ownCommitments.slice(32) }],
    ['with a box less', { boxes: honest.boxes.slice(1) }],
    ['with a box more', { boxes: [...honest.boxes, first] }],
    ['with a box twice in place of another', { boxes: [first, first, ...honest.boxes.slice(2)] }],
    ['with a box for itself', withBox({ holder: 3 })],
    ['with a box for a stranger', withBox({ holder: 77 })],
    ['with a box under another dealer', withBox({ dealer: 2 })],
    ['with a box of another batch', withBox({ batchContext: hash(1) })],
    ['with a commitment missing in a box', withBox({ commitments: hash(1) })],
    ['with a box that another signed', withBox({}, 2)],
  ])('%s drop their dealer from the batch', (_, change) => {
    const { state: after, effects } = take(state, dealt(change));
    expect(effects).toMatchObject([
      rejection('BAD_DEALER', 3),
      { kind: 'drop', drop: { member: 3, reason: 'protocol-error', phase: 'setup' } },
    ]);
    if (after.setup.kind !== 'share-keys') throw new Error('the phase is over');
    expect(after.setup.waiting).toEqual(new Set([4]));
    expect([...after.setup.dealt.keys()]).toEqual([0, 1, 2]);
  });

  it('reach each holder, from all dealers but itself', () => {
    const last = transcript.coordinatorBefore(4, 'dealt-shares');
    const { state: after, effects } = take(last[0], { kind: 'message', from: 4, message: last[1] });
    const relays = effects.flatMap((effect) =>
      effect.kind === 'send' && effect.message === 'held-shares'
        ? [[effect.to, effect.body.boxes] as const]
        : [],
    );
    expect(relays.map(([to]) => to)).toEqual([[0], [1], [2], [3], [4]]);
    for (const [[holder], boxes] of relays) {
      expect(boxes.map(({ body }) => body.dealer)).toEqual([0, 1, 2, 3, 4].filter((id) => id !== holder));
      expect(boxes.every(({ body }) => body.holder === holder)).toBe(true);
    }
    expect(effects.at(-1)).toEqual({
      kind: 'batch-opened',
      batch: 1,
      members: [0, 1, 2, 3, 4],
      draw: new Uint8Array(0),
    });
    expect(after.batches).toMatchObject([{ nextKeyIndex: 0 }]);
  });

  it('that come late, or from a member that was lost since, are left out of the batch', () => {
    const { state: after, effects } = pass(transcript.coordinatorBefore(4, 'dealt-shares')[0]);
    expect(drops(effects)).toEqual(['4 late setup']);
    expect([...existing(after.batches[0]).dealt.keys()]).toEqual([0, 1, 2, 3]);
    const last = transcript.coordinatorBefore(4, 'dealt-shares');
    const step = take(lose(last[0], 0), { kind: 'message', from: 4, message: last[1] });
    expect(drops(step.effects)).toEqual(['0 disconnected-in-phase setup']);
    expect([...existing(step.state.batches[0]).dealt.keys()]).toEqual([1, 2, 3, 4]);
  });

  it('of too few end the setup, naming who is missing', () => {
    const { state: after, effects } = pass(state);
    expect(drops(effects)).toEqual(['3 late setup', '4 late setup']);
    expect(effects.at(-1)).toEqual({
      kind: 'batch-aborted',
      code: 'BELOW_FLOOR',
      detail: '3 of 5 members are left, 4 are needed; missing: member-3, member-4',
    });
    expect(after).toMatchObject({ batches: [], setup: { kind: 'idle' } });
  });
});
