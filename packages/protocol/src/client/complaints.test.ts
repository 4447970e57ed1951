import { nodeBackend as crypto } from '@tributary/crypto/node';
import { describe, expect, it } from 'vitest';
import type { MemberEvidence } from '../messages/evidence.ts';
import type { Complaint, OpenedShares } from '../messages/setup.ts';
import { opensBox } from '../evidence.ts';
import { signMessage } from '../signing.ts';
import { castOf, existing } from '../testing/cast.ts';
import { proofsIn } from '../testing/proofs.ts';
import { ClientTrial, quietly, rejection } from '../testing/refusals.ts';
import { Transcript } from '../testing/transcript.ts';
import { openedSharesFor } from './keeper.ts';
import { type ClientState, withBatch } from './state.ts';
import { stepClient } from './step.ts';

const SELF = 1;
const cast = castOf(crypto, 5);
const transcript = new Transcript(cast, { rounds: 0 });
const { batchContext } = transcript;
const proofs = proofsIn(transcript);
const hash = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const now = transcript.clientNow(SELF);

function complaint(
  holder: number,
  change: Partial<Complaint> = {},
  signer = holder,
  from = now,
): ClientTrial {
  const body = { batchContext, member: holder, dealer: SELF, ...change };
  const signature = signMessage(crypto, existing(cast.identities[signer]), 'complaint', body);
  return ClientTrial.of(cast, from, 'relayed-complaint', { complaint: { body, signature } });
}

describe('a complaint about a box that this member dealt', () => {
  it('is answered by opening the shares of who complains: they are those of its box', () => {
    const { state, effects } = complaint(3).take();
    expect(effects).toEqual([{ kind: 'open-shares', batchContext, holder: 3 }]);
    expect(state.batches[0]?.openedTo).toEqual(new Set([3]));
    const [effect] = effects;
    if (effect?.kind !== 'open-shares') throw new Error('nothing is opened');
    const { payload } = existing(openedSharesFor(existing(transcript.keepers[SELF]), effect));
    const dealt = existing(transcript.coordinatorNow.batches[0]?.dealt.get(SELF));
    expect(opensBox(crypto, existing(dealt.boxes.get(3)).body, payload)).toBe(true);
    expect(opensBox(crypto, existing(dealt.boxes.get(4)).body, payload)).toBe(false);
  });

  it('that comes again is answered again, and counts once', () => {
    const { state } = complaint(3).take();
    const again = complaint(3, {}, 3, state).take();
    expect(again.effects).toEqual([{ kind: 'open-shares', batchContext, holder: 3 }]);
    expect(again.state).toBe(state);
  });

  it('is answered to no more holders than may collude', () => {
    // c = 2 of five.
    const { state } = complaint(4, {}, 4, complaint(3).take().state).take();
    expect(complaint(0, {}, 0, state).outcome()).toEqual(quietly('UNSAFE_TERMS', /^3 holders complain/));
    expect(complaint(3, {}, 3, state).take().effects).toHaveLength(1);
  });

  it('of another than the holder itself is refused', () => {
    expect(complaint(3, {}, 4).outcome()).toEqual(quietly('BAD_SIGNATURE', /member 3/));
    expect(complaint(SELF).outcome()).toEqual(quietly('NOT_A_MEMBER', /member 1/));
    expect(complaint(3, { member: 77 }).outcome()).toEqual(quietly('NOT_A_MEMBER', /member 77/));
    expect(complaint(3, { dealer: 4 }).outcome()).toEqual(quietly('NOT_A_MEMBER'));
    expect(complaint(3, { batchContext: hash(1) }).outcome()).toEqual(quietly('WRONG_CONTEXT'));
  });

  it('of a member of the cohort to which nothing was dealt is refused', () => {
    const batch = existing(now.batches[0]);
    const adverts = new Map(batch.adverts);
    adverts.delete(3);
    const without = withBatch(now, { ...batch, adverts });
    expect(complaint(3, {}, 3, without).outcome()).toEqual(quietly('NOT_A_MEMBER', /member 3/));
  });

  it('before anything was dealt is refused', () => {
    const [early] = transcript.clientBefore(SELF, 'key-roster');
    expect(complaint(3, {}, 3, early).outcome()).toEqual(quietly('NOT_A_MEMBER'));
  });
});

describe('shares that a dealer opened', () => {
  const [before, held] = transcript.clientBefore(2, 'held-shares');
  const badBox = existing(held.body.boxes.find(({ body }) => body.dealer === 3));
  const taken = new ClientTrial(cast, before, held).take().state;
  const { state } = stepClient(crypto, taken, { kind: 'shares-held', batchContext, badBoxes: [badBox] });
  const honest = existing(
    openedSharesFor(existing(transcript.keepers[3]), { kind: 'open-shares', batchContext, holder: 2 }),
  );

  function opened(change: Partial<OpenedShares> = {}, signer = 3, from: ClientState = state): ClientTrial {
    const body = { ...honest, ...change };
    const signature = signMessage(crypto, existing(cast.identities[signer]), 'opened-shares', body);
    return ClientTrial.of(cast, from, 'relayed-shares', { opened: { body, signature } });
  }

  it('as it committed to them are kept, and settle the complaint', () => {
    const { state: after, effects } = opened().take();
    expect(effects).toEqual([{ kind: 'hold-opened', batchContext, dealer: 3, payload: honest.payload }]);
    expect(after.batches[0]?.complaints).toEqual(new Map());
    expect(after.culprits).toEqual(new Set());
    expect(opened({}, 3, after).outcome()).toEqual(quietly('WRONG_CONTEXT'));
  });

  it('otherwise prove its guilt: the member keeps the proof, and shuns the dealer', () => {
    for (const payload of [new Uint8Array(0), honest.payload.with(9, 1 ^ existing(honest.payload[9]))]) {
      const { state: after, effects } = opened({ payload }).take();
      expect(after.culprits).toEqual(new Set([3]));
      expect(effects).toMatchObject([
        rejection('CULPRIT', 3, /^bad-opening$/),
        { kind: 'evidence', evidence: { proof: 'bad-opening', boxes: [badBox] } },
      ]);
      expect(effects).toHaveLength(2);
    }
  });

  it('that nobody asked for are refused: of another dealer, holder or batch', () => {
    expect(opened({ member: 4 }, 4).outcome()).toEqual(quietly('WRONG_CONTEXT', /did not ask for/));
    expect(opened({ holder: 4 }).outcome()).toEqual(quietly('WRONG_CONTEXT'));
    expect(opened({ batchContext: hash(1) }).outcome()).toEqual(quietly('WRONG_CONTEXT'));
    expect(opened({}, 3, transcript.clientNow(2)).outcome()).toEqual(quietly('WRONG_CONTEXT'));
  });

  it('that another than the dealer signed are refused, and the complaint stays', () => {
    expect(opened({ payload: new Uint8Array(0) }, 4).outcome()).toEqual(quietly('BAD_SIGNATURE', /member 3/));
  });
});

const show = (evidence: MemberEvidence, from: ClientState = now): ClientTrial =>
  ClientTrial.of(cast, from, 'evidence', evidence);

describe('evidence', () => {
  it.each([
    ['bad-share', proofs.badShare, 2],
    ['bad-dealer', proofs.badDealer, 3],
    ['bad-opening', proofs.badOpening, 3],
  ] as const)('of %s makes the member shun the culprit, once', (proof, evidence, culprit) => {
    const { state, effects } = show(evidence).take();
    expect(state).toEqual({ ...now, culprits: new Set([culprit]) });
    expect(effects).toEqual([
      rejection('CULPRIT', culprit, new RegExp(proof)),
      { kind: 'evidence', evidence: expect.objectContaining({ proof }) as object },
    ]);
    expect(show(evidence, state).outcome()).toEqual({ state: 'same', effects: [] });
  });

  it('that proves nothing is refused', () => {
    expect(show({ ...proofs.badShare, releases: [] }).outcome()).toEqual(
      quietly('BAD_EVIDENCE', /bad-share/),
    );
    expect(show({ ...proofs.badDealer, adverts: [] }).outcome()).toEqual(quietly('BAD_EVIDENCE'));
  });

  it('about a batch that the member does not have is refused', () => {
    expect(show(proofs.badShare, { ...now, batches: [] }).outcome()).toEqual(quietly('WRONG_CONTEXT'));
  });

  it('about a batch that has no members yet convicts no dealer', () => {
    const [early] = transcript.clientBefore(SELF, 'key-roster');
    expect(show(proofs.badDealer, early).outcome()).toEqual(quietly('BAD_EVIDENCE'));
  });
});
