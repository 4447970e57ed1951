import { nodeBackend as crypto } from '@tributary/crypto/node';
import { describe, expect, it } from 'vitest';
import { releaseShares } from '../client/batch-secrets.ts';
import type { ReleasedShare, SecretKind } from '../messages/round.ts';
import { castOf, existing, signed } from '../testing/cast.ts';
import { coordinatorOutcome, rejected, rejection } from '../testing/refusals.ts';
import { Transcript } from '../testing/transcript.ts';
import type { CoordinatorEffect, CoordinatorEvent, CoordinatorState, CoordinatorStep } from './state.ts';
import { stepCoordinator } from './step.ts';

const cast = castOf(crypto, 5);
// Member 3's upload is lost; it still signs and releases. t = 4 of 5.
const transcript = new Transcript(cast, { withholds: (id, kind) => id === 3 && kind === 'upload-end' });
const hash = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);

const take = (state: CoordinatorState, event: CoordinatorEvent): CoordinatorStep =>
  stepCoordinator(crypto, state, event);
const pass = (state: CoordinatorState): CoordinatorStep =>
  take(state, { kind: 'deadline', lane: 'round', phaseNumber: state.phaseNumbers.round });
const lose = (state: CoordinatorState, member: number): CoordinatorState =>
  take(state, { kind: 'member-lost', member }).state;

const receivers = (effects: readonly CoordinatorEffect[], message: string): readonly number[] =>
  effects.flatMap((effect) => (effect.kind === 'send' && effect.message === message ? effect.to : []));

describe('a signature over the survivors', () => {
  const [state, { body }] = transcript.coordinatorBefore(4, 'survivors-signature');
  const signature = (change: Partial<typeof body>): CoordinatorEvent => ({
    kind: 'message',
    from: 4,
    message: signed(cast, 4, 'survivors-signature', { ...body, ...change }),
  });

  it('for another round, or over another set, is refused, and the member is still awaited', () => {
    expect(coordinatorOutcome(cast, state, signature({ roundContext: hash(1) }))).toEqual(
      rejected('WRONG_CONTEXT', 4),
    );
    expect(coordinatorOutcome(cast, state, signature({ survivorsDigest: hash(1) }))).toEqual(
      rejected('EQUIVOCATION', 4),
    );
  });

  it('of all asks for shares, with the signatures in order', () => {
    const { effects } = take(state, signature({}));
    const request = effects.find((effect) => effect.kind === 'send' && effect.message === 'unmask-request');
    if (request?.kind !== 'send' || request.message !== 'unmask-request')
      throw new Error('no share is asked for');
    expect(request.to).toEqual([0, 1, 2, 3, 4]);
    expect(request.body.signatures.map(({ member }) => member)).toEqual([0, 1, 2, 3, 4]);
  });

  it('that is late is done without, down to the threshold', () => {
    const { state: after, effects } = pass(state);
    expect(effects.find(({ kind }) => kind === 'drop')).toMatchObject({
      kind: 'drop',
      drop: { member: 4, reason: 'late', phase: 'consistency' },
    });
    expect(after.phase).toMatchObject({ kind: 'unmask', waiting: new Set([0, 1, 2, 3, 4]) });
  });

  it('of too few aborts the round, naming who is missing', () => {
    const [three] = transcript.coordinatorBefore(3, 'survivors-signature');
    const { state: after, effects } = pass(lose(three, 4));
    expect(effects.at(-1)).toMatchObject({
      kind: 'round-aborted',
      phase: 'consistency',
      code: 'BELOW_THRESHOLD',
      detail: '3 members signed the survivor set, 4 are needed; missing: member-3, member-4',
      survivors: [0, 1, 2, 4],
    });
    expect(effects.some(({ kind }) => kind === 'close-accumulator')).toBe(true);
    expect(after.phase.kind).toBe('idle');
    expect(receivers(effects, 'unmask-request')).toEqual([]);
  });

  it('is not asked of a member that refused, and neither are its shares', () => {
    const refusal = { member: 4, round: 1, code: 'BELOW_FLOOR', detail: 'no' };
    const message = signed(cast, 4, 'refusal', refusal);
    const { state: after, effects } = take(state, { kind: 'message', from: 4, message });
    expect(effects[0]).toMatchObject({
      kind: 'drop',
      drop: { member: 4, reason: 'refused-by-client-policy' },
    });
    expect(receivers(effects, 'unmask-request')).toEqual([0, 1, 2, 3]);
    expect(after.phase).toMatchObject({ kind: 'unmask', waiting: new Set([0, 1, 2, 3]) });
  });

  it('changes nothing where a member refuses again: it cannot fill the journal', () => {
    const refusal = { member: 4, round: 1, code: 'BELOW_FLOOR', detail: 'no' };
    const event = { kind: 'message', from: 4, message: signed(cast, 4, 'refusal', refusal) } as const;
    const { state: after } = take(state, event);
    expect(take(after, event)).toEqual({ state: after, effects: [] });
    expect(take(after, event).state).toBe(after);
  });
});

/** What a share that does not open its dealer's commitment brings its holder, beside the refusal. */
function conviction(holder: number): readonly object[] {
  return [
    rejection('CULPRIT', holder, /^bad-share$/),
    { kind: 'evidence', culprit: holder, evidence: { proof: 'bad-share' } },
    { kind: 'send', to: [0, 1, 2, 3, 4], message: 'evidence', body: { proof: 'bad-share' } },
  ];
}

/** What the audit log gets of a release. */
const accepts = (...refused: number[]): object => ({
  kind: 'accept',
  message: expect.objectContaining({ kind: 'release' }) as object,
  refused,
});

describe('a release', () => {
  const [state, { body: honest }] = transcript.coordinatorBefore(2, 'release');
  const release = (
    shares: readonly ReleasedShare[],
    roundContext = honest.roundContext,
  ): CoordinatorEvent => ({
    kind: 'message',
    from: 2,
    message: signed(cast, 2, 'release', { ...honest, roundContext, shares }),
  });
  /** A share that member 2 really holds, with the salt that opens its commitment. */
  const heldShare = (owner: number, kind: SecretKind): ReleasedShare => {
    const secrets = existing(transcript.keepers[2]?.store.get(transcript.batchContext));
    return existing(releaseShares(secrets, 0, [{ owner, kind }])[0]);
  };
  const ofZero = heldShare(0, 'self');
  const ofOne = heldShare(1, 'self');
  const others = honest.shares.slice(1);

  it('is taken with the point of its holder, a self seed for a survivor and a round key for a dropout', () => {
    expect(honest.shares.map(({ owner, kind }) => [owner, kind])).toEqual([
      [0, 'self'],
      [1, 'self'],
      [2, 'self'],
      [3, 'pair'],
      [4, 'self'],
    ]);
    const { state: after, effects } = take(state, release(honest.shares));
    expect(effects).toEqual([accepts()]);
    if (after.phase.kind !== 'unmask') throw new Error('the phase is over');
    expect(after.phase.shares.get(0)?.at(-1)).toEqual({ holder: 2, point: 3, share: ofZero.share });
    expect([...after.phase.shares.values()].map(({ length }) => length)).toEqual([3, 3, 3, 3, 3]);
    expect(after.phase.waiting).toEqual(new Set([3, 4]));
  });

  it('for another round, or another masked sum, is refused, and the member is still awaited', () => {
    expect(coordinatorOutcome(cast, state, release(honest.shares, hash(1)))).toEqual(
      rejected('WRONG_CONTEXT', 2),
    );
    const message = signed(cast, 2, 'release', { ...honest, maskedSum: hash(1) });
    expect(coordinatorOutcome(cast, state, { kind: 'message', from: 2, message })).toEqual(
      rejected('WRONG_CONTEXT', 2, /masked sum/),
    );
    for (const change of [{ keyIndex: 1 }, { batchContext: hash(1) }]) {
      const other = signed(cast, 2, 'release', { ...honest, ...change });
      expect(coordinatorOutcome(cast, state, { kind: 'message', from: 2, message: other })).toEqual(
        rejected('WRONG_CONTEXT', 2),
      );
    }
  });

  const [, { body: fromOne }] = transcript.coordinatorBefore(1, 'release');
  it.each<[string, readonly ReleasedShare[], RegExp]>([
    [
      'a share with a bit changed',
      [{ ...ofZero, share: ofZero.share.with(0, existing(ofZero.share[0]) ^ 1) }, ...others],
      /member-0/,
    ],
    [
      'a salt with a bit changed',
      [{ ...ofZero, salt: ofZero.salt.with(0, existing(ofZero.salt[0]) ^ 1) }, ...others],
      /member-0/,
    ],
    ['the share of another holder', [existing(fromOne.shares[0]), ...others], /member-0/],
    ['the share of another owner', [{ ...ofOne, owner: 0 }, ...others], /member-0/],
  ])('with %s proves the guilt of its holder; the other shares count', (_, shares, detail) => {
    const { state: after, effects } = take(state, release(shares));
    expect(effects).toMatchObject([accepts(0), rejection('BAD_SHARE', 2, detail), ...conviction(2)]);
    expect(effects).toHaveLength(5);
    expect(after.culprits).toEqual(new Set([2]));
    if (after.phase.kind !== 'unmask') throw new Error('the phase is over');
    expect(after.phase.waiting).toEqual(new Set([3, 4]));
    const counts = [...after.phase.shares.values()].map(({ length }) => length);
    expect(counts.reduce((a, b) => a + b)).toBe(14);
  });

  it.each<[string, readonly ReleasedShare[], RegExp, readonly number[]]>([
    ['the round key of a survivor', [heldShare(0, 'pair'), ...others], /member-0/, [0]],
    [
      'the self seed of a dropout',
      [ofZero, heldShare(3, 'self'), ...others.filter(({ owner }) => owner !== 3)],
      /member-3/,
      [3],
    ],
    ['a share of a member that takes no part', [...honest.shares, { ...ofZero, owner: 77 }], /77/, [77]],
    [
      'a round key of a member that takes no part',
      [...honest.shares, { ...ofZero, kind: 'pair', owner: 77 }],
      /77/,
      [77],
    ],
    ['a share twice', [...honest.shares, ofZero], /member-0/, []],
  ])('with %s blames its holder, without a proof; the other shares count', (_, shares, detail, refused) => {
    const { state: after, effects } = take(state, release(shares));
    expect(effects).toEqual([accepts(...refused), rejection('BAD_SHARE', 2, detail)]);
    expect(after.culprits).toEqual(new Set());
    if (after.phase.kind !== 'unmask') throw new Error('the phase is over');
    expect(after.phase.waiting).toEqual(new Set([3, 4]));
    const counts = [...after.phase.shares.values()].map(({ length }) => length);
    const lost = shares.length > honest.shares.length ? 0 : 1;
    expect(counts.reduce((a, b) => a + b)).toBe(15 - lost);
    expect(Math.max(...counts)).toBe(3);
  });

  it('of shares of another key index blames its holder', () => {
    const second = new Transcript(cast, { rounds: 2 });
    const [at, { body }] = second.coordinatorBefore(2, 'release', 1);
    const [, { body: first }] = second.coordinatorBefore(2, 'release', 0);
    const message = signed(cast, 2, 'release', { ...body, shares: first.shares });
    const { effects } = take(at, { kind: 'message', from: 2, message });
    expect(effects).toMatchObject([{ kind: 'accept' }, rejection('BAD_SHARE', 2), ...conviction(2)]);
  });

  it('with more wrong shares than can be named says how many', () => {
    const strangers = Array.from({ length: 1000 }, (_, i) => ({ ...ofZero, owner: 1000 + i }));
    const { effects } = take(state, release([...honest.shares, ...strangers]));
    expect(effects.slice(1)).toEqual([
      rejection('BAD_SHARE', 2, /^shares of 1000, 1001, .*, 1007 and 992 more/),
    ]);
  });

  /** The t-th release is in, and one survivor is awaited for its inner product. */
  function atTheThreshold(): CoordinatorStep {
    const [before, message] = transcript.coordinatorBefore(3, 'release');
    return take(before, { kind: 'message', from: 3, message });
  }

  const [, theLast] = transcript.coordinatorBefore(4, 'release');
  const fromTheLast = { kind: 'message', from: 4, message: theLast } as const;

  it('of the t-th holder leaves the other survivors a moment, once', () => {
    const { state: sufficed, effects } = atTheThreshold();
    const phaseNumber = sufficed.phaseNumbers.round;
    expect(effects).toEqual([accepts(), { kind: 'start-deadline', lane: 'round', phaseNumber, ms: 2000 }]);
    const again = take(sufficed, { kind: 'member-joined', member: 4 });
    expect(again.effects.filter(({ kind }) => kind === 'start-deadline')).toEqual([]);
  });

  it.each([
    ['the last survivor has released too', (sufficed: CoordinatorState) => take(sufficed, fromTheLast)],
    [
      'the last survivor is lost',
      (sufficed: CoordinatorState) => take(sufficed, { kind: 'member-lost', member: 4 }),
    ],
    ['the moment has passed', pass],
  ])('of t holders opens the sum when %s', (_, last) => {
    const { state: opening, effects } = last(atTheThreshold().state);
    expect(opening.phase.kind).toBe('opening');
    expect(effects.at(-1)).toMatchObject({ kind: 'unmask', request: { threshold: 4 } });
  });

  it('after the opening is surplus', () => {
    const { state: opening } = pass(atTheThreshold().state);
    expect(take(opening, fromTheLast)).toEqual({
      state: opening,
      effects: [],
    });
    expect(lose(opening, 0).phase).toBe(opening.phase);
    expect(pass(opening)).toEqual({ state: opening, effects: [] });
  });

  it('of too few aborts the round, naming who is missing', () => {
    const { effects, state: after } = pass(lose(take(state, release(honest.shares)).state, 4));
    expect(effects.at(-1)).toMatchObject({
      kind: 'round-aborted',
      phase: 'unmask',
      code: 'BELOW_THRESHOLD',
      detail: '3 holders released all shares, 4 are needed; missing: member-3, member-4',
    });
    expect(after.phase.kind).toBe('idle');
  });

  it('that leaves one owner short names that owner', () => {
    const threeGood = take(state, release(honest.shares)).state;
    const [, last] = transcript.coordinatorBefore(3, 'release');
    const short = signed(cast, 3, 'release', { ...last.body, shares: last.body.shares.slice(1) });
    const { state: now } = take(threeGood, { kind: 'message', from: 3, message: short });
    const { effects } = pass(now);
    expect(effects.at(-1)).toMatchObject({
      detail: "3 holders released member-0's shares, 4 are needed; missing: member-4",
    });
  });
});

describe('the opened sum', () => {
  const opening = transcript.coordinatorIn('opening');
  if (opening.phase.kind !== 'opening') throw new Error('the round did not open');
  const { context: roundContext } = opening.phase.round;

  it('is told to everybody who is there, with the survivors that were signed', () => {
    const { state, effects } = take(opening, { kind: 'sum-opened', roundContext, digest: hash(5) });
    expect(effects).toMatchObject([
      {
        kind: 'send',
        to: [0, 1, 2, 3, 4],
        message: 'round-result',
        body: { round: 1, survivors: [0, 1, 2, 4], length: 20, digest: hash(5) },
      },
      { kind: 'round-completed', survivors: [0, 1, 2, 4], digest: hash(5) },
    ]);
    expect(state.phase.kind).toBe('idle');
  });

  it('that cannot be opened aborts the round and names the dealers', () => {
    const { state, effects } = take(opening, { kind: 'sum-not-opened', roundContext, badDealers: [1, 3] });
    expect(effects).toMatchObject([
      rejection('BAD_DEALER', 1, /member-1, member-3/),
      rejection('BAD_DEALER', 3),
      { kind: 'close-accumulator' },
      { kind: 'send', message: 'round-aborted' },
      { kind: 'round-aborted', phase: 'unmask', code: 'BAD_DEALER' },
    ]);
    expect(state.phase.kind).toBe('idle');
  });

  it('of another round, or in another phase, is dropped', () => {
    const [unmask] = transcript.coordinatorBefore(3, 'release');
    for (const event of [
      { kind: 'sum-opened', roundContext: hash(1), digest: hash(5) },
      { kind: 'sum-not-opened', roundContext: hash(1), badDealers: [] },
    ] as const) {
      expect(take(opening, event)).toEqual({ state: opening, effects: [] });
      expect(take(unmask, { ...event, roundContext })).toEqual({ state: unmask, effects: [] });
    }
  });
});
