import { nodeBackend as crypto } from '@tributary/crypto/node';
import { describe, expect, it } from 'vitest';
import type { RoundResult } from '../messages/round.ts';
import { roundContextOf, roundTermsDigest } from '../messages/terms.ts';
import { roundTermsFor } from '../parameters/terms.ts';
import { signMessage, survivorsDigestOf } from '../signing.ts';
import { castOf, existing, expectedRound } from '../testing/cast.ts';
import { aloud, ClientTrial, quietly } from '../testing/refusals.ts';
import { Transcript } from '../testing/transcript.ts';
import { stepClient } from './step.ts';
import { type ClientState, withBatch } from './state.ts';

const SELF = 1;
const cast = castOf(crypto, 5);
const transcript = new Transcript(cast);
const hash = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const [released, { body: honest }] = transcript.clientBefore(SELF, 'round-result');
const [signedOnly] = transcript.clientBefore(SELF, 'unmask-request');
const [uploaded] = transcript.clientBefore(SELF, 'survivors');
const [announced] = transcript.clientBefore(SELF, 'round-start');
const away: ClientState = { ...released, round: undefined };

/** What a result says of an attempt after the one of the transcript, which had the same survivors. */
function laterAttempt(): Partial<RoundResult> {
  const attempt = honest.attempt + 1;
  const { batchContext, keyIndex, step, deadlines, auditHead, readyDigest, uploadsDigest } = honest.proof;
  const choice = { batchContext, keyIndex: keyIndex + 1, attempt, step, deadlines, auditHead };
  const terms = roundTermsFor(existing(away.expected), choice);
  const roundContext = roundContextOf(crypto, roundTermsDigest(crypto, terms), readyDigest);
  const survivorsDigest = survivorsDigestOf(crypto, roundContext, honest.survivors, uploadsDigest);
  const signatures = [0, 4].map((member) => {
    const body = { roundContext, member, survivorsDigest };
    return {
      member,
      signature: signMessage(crypto, existing(cast.identities[member]), 'survivors-signature', body),
    };
  });
  const proof = { ...honest.proof, keyIndex: keyIndex + 1, signatures };
  return { attempt, roundContext, survivorsDigest, proof };
}

describe('the result of a round', () => {
  const result = (change: Partial<RoundResult>, from: ClientState = released): ClientTrial =>
    ClientTrial.of(cast, from, 'round-result', { ...honest, ...change });

  it.each<[string, ClientState, boolean]>([
    ['that released its shares', released, true],
    ['that signed the survivors', signedOnly, true],
    ['that only uploaded', uploaded, false],
    ['that was left out', announced, false],
    ['that was away', away, false],
  ])('is taken by a member %s', (_, from, participated) => {
    const { state, effects } = result({}, from).take();
    expect(effects).toEqual([{ kind: 'accept-result', result: honest, participated }]);
    expect(state).toEqual({ ...from, round: undefined, expected: undefined });
  });

  it('is taken once', () => {
    expect(result({}, result({}).take().state).outcome()).toEqual(quietly('WRONG_CONTEXT'));
  });

  it('of a round that is not the next is refused', () => {
    for (const from of [released, away]) {
      for (const round of [0, 2])
        expect(result({ round }, from).outcome()).toEqual(
          quietly('WRONG_CONTEXT', new RegExp(`round ${round}`)),
        );
    }
    expect(result({}, { ...away, expected: undefined }).outcome()).toEqual(quietly('WRONG_CONTEXT'));
  });

  it('of another length than the expected sum is refused, before anything is allocated for it', () => {
    for (const length of [0, 19, 21, 2 ** 32 - 1]) {
      for (const from of [released, away])
        expect(result({ length }, from).outcome()).toEqual(quietly('LENGTH_MISMATCH', /20 are due/));
    }
  });

  it('with survivors out of order, or outside the roster, is refused', () => {
    for (const from of [released, away]) {
      expect(result({ survivors: [1, 0, 2, 3, 4] }, from).outcome()).toEqual(quietly('MALFORMED'));
      expect(result({ survivors: [0, 0, 1, 2, 3] }, from).outcome()).toEqual(quietly('MALFORMED'));
      expect(result({ survivors: [0, 1, 2, 3, 5] }, from).outcome()).toEqual(quietly('NOT_A_MEMBER'));
    }
  });

  it('of another context than that in which the member took part is refused', () => {
    for (const from of [released, signedOnly, uploaded]) {
      expect(result({ roundContext: hash(1) }, from).outcome()).toEqual(
        quietly('WRONG_CONTEXT', /another context/),
      );
    }
  });

  it('of a later attempt is taken by a member that was away when its own failed, of an earlier one by none', () => {
    const later = laterAttempt();
    for (const from of [released, signedOnly, uploaded]) {
      const { state, effects } = result(later, from).take();
      expect(effects).toEqual([
        { kind: 'accept-result', result: { ...honest, ...later }, participated: false },
      ]);
      expect(state).toEqual({ ...from, round: undefined, expected: undefined });
      const earlier = { ...later, attempt: honest.attempt - 1 };
      expect(result(earlier, from).outcome()).toEqual(quietly('WRONG_CONTEXT', /another context/));
    }
  });

  it('over another survivor set than the member signed is refused, by digest and by list', () => {
    for (const from of [released, signedOnly]) {
      expect(result({ survivorsDigest: hash(1) }, from).outcome()).toEqual(quietly('EQUIVOCATION'));
      expect(result({ survivors: [0, 1, 2, 3] }, from).outcome()).toEqual(quietly('EQUIVOCATION'));
      expect(result({ survivors: [0, 1, 2, 4] }, from).outcome()).toEqual(quietly('EQUIVOCATION'));
    }
  });

  it('over another set stays refused after a lost connection, an abort or a new batch', () => {
    const batch = { ...transcript.batchTerms, batch: 2 };
    const { batchContext } = transcript;
    const abort = { keyIndex: 0, phase: 'unmask', code: 'X', detail: '', asks: 'nothing' as const };
    for (const from of [released, signedOnly]) {
      const evasions = [
        stepClient(crypto, from, { kind: 'connection-lost' }).state,
        ClientTrial.of(cast, from, 'round-aborted', { ...abort, batchContext }).take().state,
        ClientTrial.of(cast, from, 'batch-start', batch).take().state,
      ];
      for (const state of evasions) {
        expect(result({ survivorsDigest: hash(1) }, state).outcome()).toEqual(quietly('EQUIVOCATION'));
        expect(result({ roundContext: hash(1) }, state).outcome()).toEqual(quietly('WRONG_CONTEXT'));
      }
    }
  });
});

describe('the proof in a result', () => {
  const proven = (change: Partial<RoundResult['proof']>, from: ClientState, other = {}): ClientTrial =>
    ClientTrial.of(cast, from, 'round-result', {
      ...honest,
      proof: { ...honest.proof, ...change },
      ...other,
    });
  const { signatures } = honest.proof;
  const signed = (member: number, change: object = {}): { member: number; signature: Uint8Array } => {
    const { roundContext, survivorsDigest } = honest;
    const body = { roundContext, member, survivorsDigest, ...change };
    const identity = existing(cast.identities[member]);
    return { member, signature: signMessage(crypto, identity, 'survivors-signature', body) };
  };

  it('has signatures of c + 1 organisations', () => {
    expect(signatures.map(({ member }) => member)).toEqual([0, 1, 2]);
  });

  it.each<[string, Partial<RoundResult['proof']>, RegExp]>([
    ['another key index', { keyIndex: 3 }, /of another round/],
    ['another batch', { batchContext: hash(1) }, /of another round/],
    ['another step', { step: 'other' }, /of another round/],
    ['other deadlines', { deadlines: { ...honest.proof.deadlines, unmask: 1 } }, /of another round/],
    [
      'another head of the audit log',
      { auditHead: { ...honest.proof.auditHead, size: 9 } },
      /of another round/,
    ],
    ['other nonces', { readyDigest: hash(1) }, /of another round/],
    ['other uploads', { uploadsDigest: hash(1) }, /not over these survivors/],
    ['no signature', { signatures: [] }, /^.*: 0 organisations signed its survivors, 2 are needed$/],
    ['one signature', { signatures: [signed(3)] }, /1 organisations signed its survivors, 2 are needed/],
    ['one signature twice', { signatures: [signed(3), signed(3)] }, /not in ascending order/],
    ['signatures out of order', { signatures: signatures.toReversed() }, /not in ascending order/],
    [
      'the signature of a stranger',
      { signatures: [signed(1), { ...signed(2), member: 7 }] },
      /of 7 does not/,
    ],
    [
      'the signature of another member',
      { signatures: [signed(1), { ...signed(2), member: 3 }] },
      /of member-3/,
    ],
    [
      'a signature over another set',
      { signatures: [signed(1), signed(2, { survivorsDigest: hash(4) })] },
      /member-2/,
    ],
    [
      'a signature for another round',
      { signatures: [signed(1), signed(2, { roundContext: hash(4) })] },
      /member-2/,
    ],
  ])('is none with %s', (_, change, detail) => {
    for (const from of [away, announced, uploaded, signedOnly, released]) {
      expect(proven(change, from).outcome()).toEqual(quietly('NOT_PROVEN', detail));
    }
  });

  it('is none for a member that expects another plan, or insists on more colluders', () => {
    const expected = { ...existing(away.expected), planHash: hash(9) };
    expect(proven({}, { ...away, expected }).outcome()).toEqual(quietly('NOT_PROVEN', /of another round/));
    const policy = { ...away.policy, minColluders: 3 };
    expect(proven({}, { ...away, policy }).outcome()).toEqual(quietly('NOT_PROVEN', /4 are needed/));
    expect(
      proven({ signatures: [0, 1, 2, 4].map((id) => signed(id)) }, { ...away, policy }).take().effects,
    ).toHaveLength(1);
  });

  it('counts organisations, not members', () => {
    const members = away.roster.members.map((member) => ({ ...member, organisation: 'one' }));
    const from = { ...away, roster: { ...away.roster, members } };
    expect(proven({}, from).outcome()).toEqual(quietly('NOT_PROVEN', /1 organisations/));
  });

  it('is none over other survivors than were signed, nor for an attempt that was not', () => {
    expect(proven({}, away, { survivors: [0, 1, 2, 3] }).outcome()).toEqual(
      quietly('NOT_PROVEN', /these survivors/),
    );
    expect(proven({}, away, { attempt: 2 }).outcome()).toEqual(quietly('NOT_PROVEN', /of another round/));
  });
});

describe('an aborted round', () => {
  const { batchContext } = transcript;
  const aborted = (
    keyIndex: number,
    from: ClientState,
    context = batchContext,
    asks: 'nothing' | 'promise' = 'nothing',
  ): ClientTrial =>
    ClientTrial.of(cast, from, 'round-aborted', {
      batchContext: context,
      keyIndex,
      phase: 'masked-input',
      code: 'BELOW_FLOOR',
      detail: 'too few',
      asks,
    });

  const promise = (keyIndex: number): object => ({
    kind: 'send',
    message: 'nothing-released',
    body: { batchContext, keyIndex, member: SELF },
  });

  const asked = (from: ClientState, keyIndex = 0): ClientTrial =>
    aborted(keyIndex, from, batchContext, 'promise');

  it('is forgotten where nothing was signed', () => {
    for (const from of [announced, uploaded]) {
      expect(aborted(0, from).take()).toEqual({ state: { ...from, round: undefined }, effects: [] });
    }
  });

  describe('that asks for a promise', () => {
    it.each<[string, ClientState]>([
      ['that was away', { ...away, batches: announced.batches }],
      ['that was announced the round', announced],
      ['that uploaded', uploaded],
      ['that signed the survivors', signedOnly],
    ])('gets one of a member %s, and the same one again', (_, from) => {
      const { state, effects } = asked(from).take();
      expect(effects).toEqual([promise(0)]);
      const again = asked(state).take();
      expect(again.effects).toEqual([promise(0)]);
      expect(again.state).toBe(state);
    });

    it('gets none of a member that released, however often it asks', () => {
      const { state, effects } = asked(released).take();
      expect(effects).toEqual([]);
      expect(asked(state).take().effects).toEqual([]);
      // Nor from one that has heard the result since, and forgot the round.
      expect(asked(away).take().effects).toEqual([]);
    });

    it('leaves nothing to release: not on the request for the round, nor on another announcement', () => {
      const [, request] = transcript.clientBefore(SELF, 'unmask-request');
      const [, announce] = transcript.clientBefore(SELF, 'round-announce');
      for (const from of [announced, uploaded, signedOnly]) {
        const { state } = asked(from).take();
        for (const message of [request, announce]) {
          const { effects } = new ClientTrial(cast, state, message).take();
          expect(effects.filter(({ kind }) => kind === 'release' || kind === 'draw-nonce')).toEqual([]);
        }
      }
    });

    it('about a later key index burns that one, and ends the round before it', () => {
      const { state, effects } = asked(signedOnly, 1).take();
      expect(effects).toEqual([promise(1)]);
      expect(state.round).toEqual({ ...signedOnly.round, stage: 'released', batch: state.batches[0] });
      expect(state.batches[0]?.nextKeyIndex).toBe(2);
      const [, request] = transcript.clientBefore(SELF, 'unmask-request');
      expect(new ClientTrial(cast, state, request).outcome()).toEqual(quietly('EQUIVOCATION'));
    });

    it('about a key index that the batch does not have gets none, and leaves nothing to remember', () => {
      expect(asked(uploaded, transcript.batchTerms.keyCount).outcome()).toEqual(quietly('KEY_INDEX_USED'));
    });

    it('of another batch gets none', () => {
      expect(aborted(0, uploaded, hash(1), 'promise').outcome()).toEqual(quietly('WRONG_CONTEXT'));
    });
  });

  it('is closed where the survivors were signed: no share is released any more', () => {
    const { state } = aborted(0, signedOnly).take();
    expect(state.round).toEqual({ ...signedOnly.round, stage: 'released' });
    const [, request] = transcript.clientBefore(SELF, 'unmask-request');
    expect(new ClientTrial(cast, state, request).outcome()).toEqual(quietly('EQUIVOCATION'));
    expect(aborted(0, released).take().state).toEqual(released);
  });

  it('burns its key index for a member that was not in it, too', () => {
    const terms = { ...existing(transcript.roundTerms[0]), keyIndex: 1, round: 2 };
    const { state } = aborted(1, { ...away, expected: expectedRound(2) }).take();
    expect(state.batches[0]?.nextKeyIndex).toBe(2);
    const again = ClientTrial.of(cast, state, 'round-announce', { terms, promises: [] });
    expect(again.outcome()).toEqual(aloud('KEY_INDEX_USED', { round: 2 }));
  });

  it('of an earlier key index ends nothing', () => {
    const round = existing(uploaded.round);
    const terms = { ...round.terms, keyIndex: 1 };
    const later = withBatch({ ...uploaded, round: { ...round, terms } }, { ...round.batch, nextKeyIndex: 2 });
    expect(aborted(0, later).take()).toEqual({ state: later, effects: [] });
  });

  it('of another batch, or of none, is refused', () => {
    expect(aborted(0, uploaded, hash(1)).outcome()).toEqual(quietly('WRONG_CONTEXT'));
    expect(aborted(0, { ...away, batches: [] }).outcome()).toEqual(quietly('WRONG_CONTEXT'));
  });
});
