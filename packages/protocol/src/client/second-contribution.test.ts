/** When a member contributes once more to a round in which it has uploaded before. */
import { nodeBackend as crypto } from '@tributary/crypto/node';
import { describe, expect, it } from 'vitest';
import type { MemberSignature, NothingReleased } from '../messages/round.ts';
import type { RoundTerms } from '../messages/terms.ts';
import { signMessage } from '../signing.ts';
import { castOf, existing, expectedRound } from '../testing/cast.ts';
import { aloud, ClientTrial, quietly } from '../testing/refusals.ts';
import { Transcript } from '../testing/transcript.ts';
import type { ClientState } from './state.ts';

const SELF = 1;
const cast = castOf(crypto, 5);
// In the first attempt two members do not sign the survivors, one fewer than t = 4 can spare.
let attempt = 1;
const transcript = new Transcript(cast, {
  rounds: 0,
  keyCount: 4,
  maxAttempts: 2,
  withholds: (member, kind) => attempt === 1 && kind === 'survivors-signature' && member > 2,
});
transcript.playRound(1, 1);
attempt = 2;
transcript.playRound(1, 2);

const [state, { body: honest }] = transcript.clientBefore(SELF, 'round-announce', 1);
const hash = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const { batchContext } = transcript;

function promise(member: number, change: Partial<NothingReleased> = {}, signer = member): MemberSignature {
  const body = { batchContext, keyIndex: 0, member, ...change };
  const secret = existing(cast.identities[signer]);
  return { member, signature: signMessage(crypto, secret, 'nothing-released', body) };
}

const promisesAbout = (keyIndex: number): MemberSignature[] =>
  [0, 1, 2, 3].map((id) => promise(id, { keyIndex }));

const announce = (
  promises: readonly MemberSignature[],
  change: Partial<RoundTerms> = {},
  from: ClientState = state,
): ClientTrial =>
  ClientTrial.of(cast, from, 'round-announce', { terms: { ...honest.terms, ...change }, promises });

/** Promises that seal nothing of the first attempt beside those of members 0, 1 and 2. */
const WORTHLESS: [string, MemberSignature][] = [
  ['the same promise twice', promise(0)],
  ['one that another signed', promise(3, {}, 4)],
  ['one about another key index', promise(3, { keyIndex: 1 })],
  ['one about another batch, or another run', promise(3, { batchContext: hash(1) })],
  ['one in the name of a stranger', { ...promise(3), member: 77 }],
  ['one in the name of another', { ...promise(3), member: 4 }],
  ['one without a signature', { member: 3, signature: new Uint8Array(64) }],
];

const drawsNonce = [{ kind: 'enter-phase', phase: 'ready' }, { kind: 'note-head' }, { kind: 'draw-nonce' }];
const refused = (promised: number): object =>
  aloud('NOT_PROMISED', { round: 1, detail: new RegExp(`^${promised} holders promised .* 4 are needed`) });

describe('a second attempt at a round', () => {
  it('opens what the first could not, when the holders promised that they released nothing of that', () => {
    expect(transcript.effects('round-aborted')).toMatchObject([
      { phase: 'consistency', code: 'BELOW_THRESHOLD', retryable: true },
    ]);
    expect(transcript.effects('round-completed')).toMatchObject([{ survivors: [0, 1, 2, 3, 4] }]);
    expect(honest.promises.map(({ member }) => member)).toEqual([0, 1, 2, 3, 4]);
    expect(state.contribution).toMatchObject({ round: 1, attempt: 1, keyIndex: 0, promisesNeeded: 4 });
  });

  it('is joined on the promises of H - t + 1 + c holders, and of no fewer', () => {
    const all = [0, 1, 2, 3, 4].map((id) => promise(id));
    expect(announce(all.slice(1)).take().effects).toMatchObject(drawsNonce);
    expect(announce(all.slice(2)).outcome()).toEqual(refused(3));
    expect(announce([]).outcome()).toEqual(refused(0));
  });

  it.each(WORTHLESS)('is not joined where a promise does not count: %s', (_, fourth) => {
    expect(announce([promise(0), promise(1), promise(2), fourth]).outcome()).toEqual(refused(3));
  });

  it("is not joined on the promises of members that do not hold this member's secrets", () => {
    const contribution = { ...existing(state.contribution), holders: [0, 1, 2, 4] };
    const promises = [0, 1, 2, 3].map((id) => promise(id));
    expect(announce(promises, {}, { ...state, contribution }).outcome()).toEqual(refused(3));
    const others = [0, 1, 2, 4].map((id) => promise(id));
    expect(announce(others, {}, { ...state, contribution }).take().effects).toMatchObject(drawsNonce);
  });

  it('is joined on the promises about its own attempt, among those about another', () => {
    expect(announce([...promisesAbout(1), ...promisesAbout(0)]).take().effects).toMatchObject(drawsNonce);
  });

  describe('where each attempt is charged on its own', () => {
    const privacy = new Uint8Array([1]);
    const noisy = { ...state, expected: expectedRound(1, { privacy }) };
    const all = [0, 1, 2, 3, 4].map((id) => promise(id));
    const voided = (
      promises: readonly MemberSignature[],
      from: ClientState = noisy,
      attemptNow = 2,
    ): unknown =>
      announce(promises, { privacy, attempt: attemptNow }, from)
        .take()
        .effects.filter(({ kind }) => kind === 'attempt-void');

    it('needs no promise', () => {
      expect(announce([], { privacy }, noisy).take().effects).toMatchObject(drawsNonce);
    });

    it('gives the first back on the promises of H - t + 1 + c holders, and of no fewer', () => {
      const sealed = [{ kind: 'attempt-void', round: 1, attempt: 1 }];
      expect(voided(all)).toEqual(sealed);
      expect(voided(all.slice(1))).toEqual(sealed);
      expect(voided(all.slice(2))).toEqual([]);
    });

    it.each(WORTHLESS)('keeps it charged where a promise does not count: %s', (_, fourth) => {
      expect(announce([...all.slice(0, 3), fourth], { privacy }, noisy).take().effects).toMatchObject(
        drawsNonce,
      );
    });

    it('keeps it charged on the promises of members that do not hold its secrets', () => {
      const contribution = { ...existing(state.contribution), holders: [0, 1, 2] };
      expect(voided(all, { ...noisy, contribution })).toEqual([]);
    });

    it('gives nothing back of an attempt that it did not contribute to, nor of another round', () => {
      expect(voided(all, { ...noisy, contribution: undefined })).toEqual([]);
      const contribution = { ...existing(state.contribution), round: 0 };
      expect(voided(all, { ...noisy, contribution })).toEqual([]);
    });

    it('gives nothing back on an announcement that it refuses, nor when it comes again', () => {
      expect(voided(all, noisy, 1)).toEqual([]);
      const { state: joined } = announce(all, { privacy }, noisy).take();
      expect(voided(all, joined)).toEqual([]);
    });
  });

  it('needs no promise of a member that did not upload in the first', () => {
    expect(announce([], {}, { ...state, contribution: undefined }).take().effects).toMatchObject(drawsNonce);
  });

  it('is refused under the number of the first, and beyond those that the batch allows, whoever promised', () => {
    const all = [0, 1, 2, 3, 4].map((id) => promise(id));
    expect(announce(all, { attempt: 1 }).outcome()).toEqual(
      aloud('EQUIVOCATION', { round: 1, detail: /contributed to attempt 1 of round 1/ }),
    );
    expect(announce(all, { attempt: 3 }).outcome()).toEqual(
      aloud('UNSAFE_TERMS', { round: 1, detail: /attempt 3 .* 2 times at most/ }),
    );
  });

  it('of an earlier round than the last contribution is refused', () => {
    const contribution = { ...existing(state.contribution), round: 2 };
    expect(announce([], {}, { ...state, contribution }).outcome()).toEqual(
      aloud('EQUIVOCATION', { round: 1 }),
    );
  });

  it('closes the first: nothing of it is signed or released any more', () => {
    const { state: joined } = announce([0, 1, 2, 3].map((id) => promise(id))).take();
    const [, survivors] = transcript.clientBefore(SELF, 'survivors', 0);
    const [signed, aborted] = transcript.clientBefore(SELF, 'round-aborted');
    const { context: roundContext, survivorsDigest } = existing(signed.round);
    const [, { body }] = transcript.clientBefore(SELF, 'unmask-request', 0);
    const stale = { ...body, roundContext, survivorsDigest };
    expect(new ClientTrial(cast, joined, survivors).outcome()).toEqual(aloud('WRONG_CONTEXT', { round: 1 }));
    expect(ClientTrial.of(cast, joined, 'unmask-request', stale).outcome()).toEqual(
      aloud('WRONG_CONTEXT', { round: 1 }),
    );
    // Nor in between, after the promise.
    const { state: promised, effects } = new ClientTrial(cast, signed, aborted).take();
    expect(effects).toMatchObject([{ kind: 'send', message: 'nothing-released' }]);
    expect(ClientTrial.of(cast, promised, 'unmask-request', stale).outcome()).toEqual(
      quietly('EQUIVOCATION'),
    );
  });
});
