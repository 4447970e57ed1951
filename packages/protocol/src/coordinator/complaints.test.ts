import { nodeBackend as crypto } from '@tributary/crypto/node';
import { describe, expect, it } from 'vitest';
import { openedSharesFor } from '../client/keeper.ts';
import type { OpenedShares } from '../messages/setup.ts';
import { castOf, existing, signed } from '../testing/cast.ts';
import { coordinatorOutcome, rejected, rejection } from '../testing/refusals.ts';
import { Transcript } from '../testing/transcript.ts';
import type { CoordinatorEvent, CoordinatorState, CoordinatorStep } from './state.ts';
import { stepCoordinator } from './step.ts';

const cast = castOf(crypto, 6);
const transcript = new Transcript(cast);
const idle = existing(transcript.coordinator.find(({ event }) => event.kind === 'round-requested')).before;
const { batchContext } = transcript;
const terms = existing(transcript.roundTerms[0]);
const hash = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);

const take = (state: CoordinatorState, event: CoordinatorEvent): CoordinatorStep =>
  stepCoordinator(crypto, state, event);

const complaint = (from: number, dealer: number, context = batchContext): CoordinatorEvent => ({
  kind: 'message',
  from,
  message: signed(cast, from, 'complaint', { batchContext: context, member: from, dealer }),
});

const honest = existing(
  openedSharesFor(existing(transcript.keepers[3]), { kind: 'open-shares', batchContext, holder: 2 }),
);
const opened = (change: Partial<OpenedShares> = {}, from = 3): CoordinatorEvent => ({
  kind: 'message',
  from,
  message: signed(cast, from, 'opened-shares', { ...honest, ...change }),
});

const invited = (state: CoordinatorState): readonly number[] =>
  take(state, { kind: 'round-requested', terms }).effects.flatMap((effect) =>
    effect.kind === 'send' && effect.message === 'round-announce' ? effect.to : [],
  );

describe('a complaint', () => {
  const { state, effects } = take(idle, complaint(2, 3));

  it('goes to its dealer', () => {
    expect(effects).toMatchObject([
      rejection('BAD_DEALER', 3),
      { kind: 'send', to: [3], message: 'relayed-complaint', body: { complaint: { body: { member: 2 } } } },
    ]);
  });

  it('keeps its dealer out of rounds with others, where fewer than t holders could open its secrets', () => {
    // t = 5 of 6: one lie keeps nobody out.
    expect(invited(state)).toEqual([0, 1, 2, 3, 4, 5]);
    const both = take(state, complaint(4, 3)).state;
    expect(invited(both)).toEqual([0, 1, 2, 4, 5]);
    expect(invited(take(both, opened()).state)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('that comes again leaves no trace, and gets the answer, which may have been lost', () => {
    expect(coordinatorOutcome(cast, state, complaint(2, 3))).toEqual({ state: 'same', effects: [] });
    const answered = take(state, opened());
    expect(coordinatorOutcome(cast, answered.state, complaint(2, 3))).toEqual({
      state: 'same',
      effects: answered.effects,
    });
  });

  it('of one member about everybody keeps nobody out', () => {
    const lies = [0, 1, 3, 4, 5].reduce((before, dealer) => take(before, complaint(2, dealer)).state, idle);
    expect(invited(lies)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('waits for a dealer that is away', () => {
    const away = take(idle, { kind: 'member-lost', member: 3 }).state;
    const waiting = take(away, complaint(2, 3));
    expect(waiting.effects).toEqual([rejection('BAD_DEALER', 3)]);
    const back = take(waiting.state, { kind: 'member-joined', member: 3 });
    expect(back.effects.filter((effect) => effect.kind === 'send')).toMatchObject([
      { to: [3], message: 'held-shares' },
      { to: [3], message: 'relayed-complaint', body: { complaint: { body: { member: 2, dealer: 3 } } } },
    ]);
    expect(take(back.state, opened()).effects).toMatchObject([{ message: 'relayed-shares', to: [2] }]);
  });

  it('about a box that was not dealt is refused: of a stranger, of the dealer, of another batch', () => {
    for (const event of [complaint(2, 77), complaint(3, 3), complaint(2, 3, hash(1))]) {
      const from = event.kind === 'message' ? event.from : 0;
      expect(coordinatorOutcome(cast, idle, event)).toEqual(rejected('WRONG_CONTEXT', from));
    }
  });

  it('is settled by shares that open the box, which go to who complained', () => {
    const settled = take(state, opened());
    expect(settled.effects).toMatchObject([{ kind: 'send', to: [2], message: 'relayed-shares' }]);
    expect(settled.state.batches[0]?.complaints.get(3)?.get(2)?.answer?.body).toEqual(honest);
    expect(coordinatorOutcome(cast, settled.state, opened())).toEqual(rejected('WRONG_CONTEXT', 3));
  });

  it('of each holder is settled for itself', () => {
    const both = take(state, complaint(4, 3)).state;
    const one = existing(take(both, opened()).state.batches[0]?.complaints.get(3));
    expect([one.get(2)?.answer?.body.holder, one.get(4)?.answer]).toEqual([2, undefined]);
  });

  it('is not settled by shares that nobody asked for', () => {
    for (const event of [
      opened({ holder: 4 }),
      opened({ batchContext: hash(1) }),
      opened({ member: 4 }, 4),
    ]) {
      const from = event.kind === 'message' ? event.from : 0;
      expect(coordinatorOutcome(cast, state, event)).toEqual(rejected('WRONG_CONTEXT', from));
    }
  });

  it('answered with other shares convicts the dealer, before everybody', () => {
    const payload = honest.payload.with(7, 1 ^ existing(honest.payload[7]));
    const step = take(state, opened({ payload }));
    expect(step.effects).toMatchObject([
      rejection('CULPRIT', 3, /^bad-opening$/),
      { kind: 'evidence', culprit: 3, evidence: { proof: 'bad-opening' } },
      { kind: 'send', to: [0, 1, 2, 3, 4, 5], message: 'evidence' },
    ]);
    expect(step.state.culprits).toEqual(new Set([3]));
    expect(invited(step.state)).toEqual([0, 1, 2, 4, 5]);
  });
});

describe('a member that was convicted', () => {
  const payload = new Uint8Array(0);

  it('is heard no more, and invited to no batch', () => {
    const { state } = take(take(idle, complaint(2, 3)).state, opened({ payload }));
    expect(coordinatorOutcome(cast, state, complaint(3, 4))).toEqual(rejected('CULPRIT', 3));
    const request = { ...transcript.batchTerms, batch: 2 };
    const { effects } = take(state, { kind: 'batch-requested', terms: request, deadlineMs: 1 });
    expect(effects).toContainEqual(
      expect.objectContaining({ kind: 'send', to: [0, 1, 2, 4, 5], message: 'batch-start' }),
    );
  });

  it('is no longer awaited in the phase that goes on', () => {
    const phase = transcript.coordinatorIn('consistency');
    const { state, effects } = take(take(phase, complaint(2, 3)).state, opened({ payload }));
    expect(effects).toContainEqual({
      kind: 'drop',
      drop: { member: 3, reason: 'protocol-error', phase: 'consistency', detail: 'proven to have cheated' },
    });
    expect(state.phase).toMatchObject({ kind: 'consistency', waiting: new Set([0, 1, 2, 4, 5]) });
  });
});

describe('a dealer whose shares do not give its secret', () => {
  const opening = transcript.coordinatorIn('opening');
  if (opening.phase.kind !== 'opening') throw new Error('the round did not open');
  const { phase } = opening;
  const { batch, context: roundContext } = phase.round;
  const DEALER = 5;
  // It committed to other self seeds than it shared. t = 5: the shares of all others have come.
  const { body } = existing(batch.adverts.get(DEALER));
  const selfSeedCommitments = body.selfSeedCommitments.map(() => hash(9));
  const advert = signed(cast, DEALER, 'key-advert', { ...body, selfSeedCommitments });
  const adverts = new Map(batch.adverts).set(DEALER, { body: advert.body, signature: advert.signature });
  const round = { ...phase.round, batch: { ...batch, adverts } };
  const failed = (releases = phase.releases): CoordinatorStep =>
    take(
      { ...opening, phase: { ...phase, round, releases } },
      {
        kind: 'sum-not-opened',
        roundContext,
        badDealers: [DEALER],
      },
    );

  it('is convicted before everybody, by the shares of t others', () => {
    const { state, effects } = failed();
    expect(effects.slice(0, 4)).toMatchObject([
      rejection('BAD_DEALER', DEALER),
      rejection('CULPRIT', DEALER, /^bad-dealer$/),
      { kind: 'evidence', culprit: DEALER, evidence: { boxes: { length: 5 }, releases: { length: 5 } } },
      { kind: 'send', to: [0, 1, 2, 3, 4, 5], message: 'evidence' },
    ]);
    expect(state.culprits).toEqual(new Set([DEALER]));
  });

  it('is convicted by the shares of others where its own came first, which is in no box', () => {
    const { request } = phase;
    const survivors = request.survivors.map((each) => {
      const ownFirst = [
        { holder: DEALER, point: DEALER + 1, share: hash(1) },
        ...each.shares.filter(({ holder }) => holder !== DEALER),
      ];
      return each.owner.member === DEALER ? { ...each, shares: ownFirst } : each;
    });
    const own = existing(phase.releases.get(0));
    const releases = new Map(phase.releases).set(DEALER, own);
    const { effects } = take(
      { ...opening, phase: { ...phase, round, releases, request: { ...request, survivors } } },
      { kind: 'sum-not-opened', roundContext, badDealers: [DEALER] },
    );
    expect(effects).toContainEqual(expect.objectContaining({ kind: 'evidence', culprit: DEALER }));
  });

  it('is not proven guilty by releases that were padded: their proof might fit into no frame', () => {
    const padded = new Map(phase.releases);
    for (const [id, release] of phase.releases) {
      const share = existing(release.body.shares[0]);
      const shares = [...release.body.shares, ...Array.from({ length: 7 }, () => share)];
      const { body: longer, signature } = signed(cast, id, 'release', { ...release.body, shares });
      if (id < 4) padded.set(id, { body: longer, signature });
    }
    const { state, effects } = failed(padded);
    expect(effects.some(({ kind }) => kind === 'evidence')).toBe(false);
    // The coordinator knows all the same.
    expect(state.culprits).toEqual(new Set([DEALER]));
  });
});
