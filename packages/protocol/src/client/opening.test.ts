import { nodeBackend as crypto } from '@tributary/crypto/node';
import { describe, expect, it } from 'vitest';
import type { Survivors, SurvivorUpload, UnmaskRequest } from '../messages/round.ts';
import { provesTwoSurvivorSets } from '../evidence.ts';
import { signMessage, survivorsDigest } from '../signing.ts';
import { summationChallenge } from '../summation/summation-check.ts';
import { castOf, existing, expectedRound } from '../testing/cast.ts';
import { aloud, ClientTrial, quietly } from '../testing/refusals.ts';
import { Transcript, uploadDigest } from '../testing/transcript.ts';
import { packedLengthOf } from '../vector-length.ts';
import { stepClient } from './step.ts';
import { type ClientState, withBatch } from './state.ts';

const SELF = 1;
const cast = castOf(crypto, 6);
// t = 5 of 6. Member 5 takes no part in the round, so all five others must come to its end.
const transcript = new Transcript(cast, { withholds: (member, kind) => member === 5 && kind === 'ready' });
const hash = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const [asked, { body: honestSurvivors }] = transcript.clientBefore(SELF, 'survivors');
const [signedState, { body: honestRequest }] = transcript.clientBefore(SELF, 'unmask-request');
const [released] = transcript.clientBefore(SELF, 'round-result');
const roundContext = honestSurvivors.roundContext;
const secretOf = (id: number): Uint8Array => existing(cast.identities[id]);

/** The upload of a member as that member signed it; `signer` may be another. */
function uploadOf(id: number, digest = uploadDigest(id), signer = id): SurvivorUpload {
  const length = packedLengthOf(expectedRound(1));
  const body = { roundContext, member: id, length, digest };
  return { member: id, digest, signature: signMessage(crypto, secretOf(signer), 'upload-end', body) };
}

const survivors = (uploads: Survivors['uploads'], from: ClientState = asked): ClientTrial =>
  ClientTrial.of(cast, from, 'survivors', { roundContext, uploads });

const request = (change: Partial<UnmaskRequest>, from: ClientState = signedState): ClientTrial =>
  ClientTrial.of(cast, from, 'unmask-request', { ...honestRequest, ...change });

/** The survivors with the upload of member 3 replaced. */
const replace = (entry: SurvivorUpload): readonly SurvivorUpload[] =>
  honestSurvivors.uploads.map((upload) => (upload.member === 3 ? entry : upload));

describe('an upload that was masked', () => {
  const [before, message] = transcript.clientBefore(SELF, 'round-start');
  const { state } = new ClientTrial(cast, before, message).take();
  const event = { kind: 'input-masked', roundContext, digest: hash(3), length: 20 } as const;

  it('ends with its signed digest', () => {
    const step = stepClient(crypto, state, event);
    const body = { roundContext, member: SELF, length: 20, digest: hash(3) };
    expect(step.effects).toEqual([{ kind: 'send', message: 'upload-end', body }]);
    expect(step.state.round).toMatchObject({ stage: 'consistency', uploadDigest: hash(3) });
  });

  it('and is sent again ends with the same', () => {
    const once = stepClient(crypto, state, event);
    const again = stepClient(crypto, once.state, event);
    expect(again).toEqual(once);
    expect(again.state).toBe(once.state);
  });

  it('for another round, with other bytes, or once the survivors are signed, is dropped', () => {
    const late = { ...event, roundContext: hash(1) };
    expect(stepClient(crypto, state, late)).toEqual({ state, effects: [] });
    // `asked` has uploaded: its digest is another one.
    for (const from of [before, asked, signedState, transcript.clientNow(SELF)]) {
      expect(stepClient(crypto, from, event)).toEqual({ state: from, effects: [] });
    }
  });
});

describe('an input that failed', () => {
  const [before, message] = transcript.clientBefore(SELF, 'round-start');
  const { state } = new ClientTrial(cast, before, message).take();
  const event = { kind: 'input-failed', roundContext, detail: 'x'.repeat(500) } as const;

  it('makes the member leave the round, and say so', () => {
    const step = stepClient(crypto, state, event);
    const body = { member: SELF, round: 1, code: 'INPUT_FAILED', detail: 'x'.repeat(400) };
    expect(step.effects).toEqual([{ kind: 'send', message: 'refusal', body }]);
    expect(step.state).toEqual({ ...state, round: undefined });
  });

  it('after the upload, when it is to be sent again and is lost, does the same', () => {
    const step = stepClient(crypto, asked, event);
    expect(step.effects).toMatchObject([
      { kind: 'send', message: 'refusal', body: { code: 'INPUT_FAILED' } },
    ]);
    expect(step.state).toEqual({ ...asked, round: undefined });
  });

  it('for another round, or once the survivors are signed, ends nothing', () => {
    const late = { ...event, roundContext: hash(1) };
    for (const from of [state, asked]) {
      expect(stepClient(crypto, from, late)).toEqual({ state: from, effects: [] });
    }
    for (const from of [before, signedState, transcript.clientNow(SELF)]) {
      expect(stepClient(crypto, from, event)).toEqual({ state: from, effects: [] });
    }
  });
});

describe('survivors', () => {
  it('are signed as one digest', () => {
    const { state, effects } = survivors(honestSurvivors.uploads).take();
    const digest = survivorsDigest(crypto, roundContext, honestSurvivors.uploads);
    expect(effects).toEqual([
      { kind: 'enter-phase', phase: 'consistency', round: 1 },
      {
        kind: 'send',
        message: 'survivors-signature',
        body: { roundContext, member: SELF, survivorsDigest: digest },
      },
    ]);
    expect(state.round).toMatchObject({
      stage: 'unmask',
      survivors: [0, 1, 2, 3, 4],
      survivorsDigest: digest,
    });
  });

  it('of another round are refused: quietly where the member is in one, aloud where it is awaited in vain', () => {
    const other = ClientTrial.of(cast, asked, 'survivors', { ...honestSurvivors, roundContext: hash(1) });
    expect(other.outcome()).toEqual(quietly('WRONG_CONTEXT'));
    const [announced] = transcript.clientBefore(SELF, 'round-start');
    const missed = survivors(honestSurvivors.uploads, announced).outcome();
    expect(missed).toEqual(aloud('WRONG_CONTEXT', { round: 1 }));
    expect(survivors(honestSurvivors.uploads, { ...asked, round: undefined }).outcome()).toEqual(
      aloud('WRONG_CONTEXT', {
        round: 1,
      }),
    );
  });

  it('that come again are signed again, with the same digest', () => {
    const sign = survivors(honestSurvivors.uploads).take().effects[1];
    for (const from of [signedState, released]) {
      expect(survivors(honestSurvivors.uploads, from).outcome()).toEqual({ state: 'same', effects: [sign] });
    }
  });

  it('of a second set are refused, and prove that the coordinator signed two', () => {
    const smaller = honestSurvivors.uploads.slice(0, 4);
    for (const from of [signedState, released]) {
      const { state, effects } = survivors(smaller, from).take();
      expect(state).toBe(from);
      expect(effects.slice(0, 2)).toEqual(aloud('EQUIVOCATION', { round: 1 }).effects);
      const [evidence] = effects.slice(2);
      if (evidence?.kind !== 'evidence' || evidence.evidence.proof !== 'two-survivor-sets')
        throw new Error('there is no evidence');
      expect(provesTwoSurvivorSets(crypto, cast.roster.coordinatorKey, evidence.evidence)).toBe(true);
    }
  });

  it('are not signed again once the round is given up, and prove nothing', () => {
    const given = { ...signedState, round: { ...existing(signedState.round), stage: 'released' as const } };
    expect(survivors(honestSurvivors.uploads, given).outcome()).toEqual(aloud('EQUIVOCATION', { round: 1 }));
  });

  it('out of order, or with one twice, are refused', () => {
    const { uploads } = honestSurvivors;
    for (const broken of [uploads.toReversed(), [existing(uploads[0]), ...uploads]]) {
      expect(survivors(broken).outcome()).toEqual(aloud('MALFORMED', { round: 1 }));
    }
  });

  it('with a member that takes no part, or with a stranger, are refused', () => {
    const { uploads } = honestSurvivors;
    expect(survivors([...uploads, uploadOf(5)]).outcome()).toEqual(
      aloud('NOT_A_MEMBER', { round: 1, detail: /survivor 5/ }),
    );
    const stranger = { ...uploadOf(5), member: 6 };
    expect(survivors([...uploads, stranger]).outcome()).toEqual(
      aloud('NOT_A_MEMBER', { round: 1, detail: /survivor 6/ }),
    );
  });

  it('with an upload that its member did not sign are refused', () => {
    const refused = { round: 1, detail: /upload of member-3/ };
    expect(survivors(replace({ ...uploadOf(3), digest: hash(9) })).outcome()).toEqual(
      aloud('BAD_SIGNATURE', refused),
    );
    expect(survivors(replace(uploadOf(3, uploadDigest(3), 2))).outcome()).toEqual(
      aloud('BAD_SIGNATURE', refused),
    );
  });

  it('with another upload of this member than it sent are refused, and with any before it sent one', () => {
    const replaced = honestSurvivors.uploads.map((upload) =>
      upload.member === SELF ? uploadOf(SELF, hash(9)) : upload,
    );
    expect(survivors(replaced).outcome()).toEqual(aloud('DIGEST_MISMATCH', { round: 1 }));
    const [before, start] = transcript.clientBefore(SELF, 'round-start');
    const { state: uploading } = new ClientTrial(cast, before, start).take();
    expect(survivors(honestSurvivors.uploads, uploading).outcome()).toEqual(
      aloud('DIGEST_MISMATCH', { round: 1 }),
    );
  });

  it('below the floor are refused', () => {
    const detail = /^4 of 6 members are left, 5 are needed/;
    expect(survivors(honestSurvivors.uploads.slice(0, 4)).outcome()).toEqual(
      aloud('BELOW_FLOOR', { round: 1, detail }),
    );
    expect(survivors([]).outcome()).toEqual(aloud('BELOW_FLOOR', { round: 1 }));
  });

  it('without this member are signed all the same, and end its upload', () => {
    const lenient = withLowerFloors(asked);
    const [before, start] = transcript.clientBefore(SELF, 'round-start');
    const { state: uploading } = new ClientTrial(cast, before, start).take();
    const others = honestSurvivors.uploads.filter(({ member }) => member !== SELF);
    for (const from of [lenient, withLowerFloors(uploading)]) {
      const { state, effects } = survivors(others, from).take();
      expect(effects).toMatchObject([
        { kind: 'enter-phase' },
        { kind: 'send', message: 'survivors-signature' },
      ]);
      const masked = { kind: 'input-masked', roundContext, digest: hash(3), length: 20 } as const;
      expect(stepClient(crypto, state, masked)).toEqual({ state, effects: [] });
    }
  });
});

/** The state as it would be with floors that four members meet. */
function withLowerFloors(state: ClientState): ClientState {
  const { batch } = existing(state.round);
  return withBatch(state, { ...batch, terms: { ...batch.terms, minSurvivors: 4, minCohort: 4 } });
}

describe('an unmask request', () => {
  it('with t signatures makes the member release one share of each participant, never two', () => {
    const { state, effects } = request({}).take();
    expect(effects).toMatchObject([
      { kind: 'enter-phase', phase: 'unmask' },
      { kind: 'release', keyIndex: 0 },
    ]);
    const [, release] = effects;
    if (release?.kind !== 'release') throw new Error('nothing is released');
    expect(release.choices).toEqual([0, 1, 2, 3, 4].map((owner) => ({ owner, kind: 'self' })));
    expect(state.round?.stage).toBe('released');
  });

  it('releases the round key of a dropout and the self seed of a survivor', () => {
    const lost = new Transcript(castOf(crypto, 6), {
      withholds: (member, kind) => member === 3 && kind === 'upload-end',
    });
    for (const member of [0, 3]) {
      const release = lost.clients
        .filter((record) => record.member === member)
        .flatMap(({ step }) => step.effects.filter((effect) => effect.kind === 'release'));
      expect(release).toHaveLength(1);
      expect(release[0]?.choices.map(({ kind }) => kind)).toEqual([
        'self',
        'self',
        'self',
        'pair',
        'self',
        'self',
      ]);
    }
  });

  it('of another round is refused: quietly where the member is in one, aloud where it is awaited in vain', () => {
    expect(request({ roundContext: hash(1) }).outcome()).toEqual(quietly('WRONG_CONTEXT'));
    expect(request({}, { ...signedState, round: undefined }).outcome()).toEqual(
      aloud('WRONG_CONTEXT', { round: 1 }),
    );
  });

  it('before the survivors is refused', () => {
    expect(request({}, asked).outcome()).toEqual(quietly('WRONG_PHASE'));
    const [before, start] = transcript.clientBefore(SELF, 'round-start');
    expect(request({}, new ClientTrial(cast, before, start).take().state).outcome()).toEqual(
      quietly('WRONG_PHASE'),
    );
  });

  it('that comes again gets the same release: of each owner the same one of its two secrets', () => {
    const first = request({}).take();
    const again = request({}, first.state).take();
    expect(again.effects).toEqual(first.effects);
    expect(again.state).toBe(first.state);
    expect(again.state.round?.batch.releasedFor).toEqual(new Set([0]));
  });

  it('gets nothing any more once the round was given up', () => {
    const given = { ...signedState, round: { ...existing(signedState.round), stage: 'released' as const } };
    expect(request({}, given).outcome()).toEqual(quietly('EQUIVOCATION', /closed/));
  });

  it('for another survivor set is refused, though t members signed that one', () => {
    const digest = survivorsDigest(crypto, roundContext, honestSurvivors.uploads.slice(0, 4));
    const signatures = [0, 1, 2, 3, 4].map((member) => ({
      member,
      signature: signMessage(crypto, secretOf(member), 'survivors-signature', {
        roundContext,
        member,
        survivorsDigest: digest,
      }),
    }));
    for (const from of [signedState, released]) {
      const { state, effects } = request({ survivorsDigest: digest, signatures }, from).take();
      expect(state).toBe(from);
      expect(effects.slice(0, 2)).toEqual(aloud('EQUIVOCATION', { round: 1 }).effects);
      expect(effects.slice(2)).toMatchObject([
        { kind: 'evidence', evidence: { sets: [{ kind: 'survivors' }, { kind: 'unmask-request' }] } },
      ]);
    }
  });

  it('asks a survivor, and nobody else, for the inner product with the vector of set and masked sum', () => {
    const { maskedSum, survivorsDigest: digest } = honestRequest;
    const [release] = request({})
      .take()
      .effects.filter((effect) => effect.kind === 'release');
    const { dimension, bits } = existing(signedState.round).terms;
    const challenge = summationChallenge(crypto, digest, maskedSum);
    expect(release).toMatchObject({ maskedSum, summation: { challenge, dimension, bits } });
    const lost = new Transcript(castOf(crypto, 6), {
      withholds: (member, kind) => member === 3 && kind === 'upload-end',
    });
    const [ofLost] = lost.clients
      .filter(({ member }) => member === 3)
      .flatMap(({ step }) => step.effects.filter((effect) => effect.kind === 'release'));
    expect(existing(ofLost).summation).toBeUndefined();
  });

  it('for a second masked sum is refused, and is proof that the coordinator asked for two', () => {
    const answered = request({}).take().state;
    const { state, effects } = request({ maskedSum: hash(77) }, answered).take();
    expect(state).toBe(answered);
    expect(effects.slice(0, 2)).toEqual(aloud('EQUIVOCATION', { round: 1, detail: /masked sum/ }).effects);
    const [proof] = effects.flatMap((effect) => (effect.kind === 'evidence' ? [effect.evidence] : []));
    if (proof?.proof !== 'two-survivor-sets') throw new Error('no proof');
    expect(provesTwoSurvivorSets(crypto, cast.roster.coordinatorKey, proof)).toBe(true);
  });

  it('with signers out of order, or with one twice, is refused', () => {
    const { signatures } = honestRequest;
    const first = existing(signatures[0]);
    for (const broken of [signatures.toReversed(), [first, ...signatures]]) {
      expect(request({ signatures: broken }).outcome()).toEqual(aloud('MALFORMED', { round: 1 }));
    }
  });

  it('with fewer than t valid signatures of participants is refused', () => {
    const { signatures, survivorsDigest: digest } = honestRequest;
    const body = { roundContext, member: 5, survivorsDigest: digest };
    const outsider = { member: 5, signature: signMessage(crypto, secretOf(5), 'survivors-signature', body) };
    const four = signatures.slice(0, 4);
    const refused = { round: 1, detail: /^4 holders signed the survivor set, the threshold is 5/ };
    for (const some of [
      four,
      [...four, outsider],
      [...four, { ...outsider, member: 77 }],
      [...four, { member: 4, signature: hash(0) }],
      [...four, { member: 4, signature: existing(signatures[3]).signature }],
    ]) {
      expect(request({ signatures: some }).outcome()).toEqual(aloud('NOT_ENOUGH_SIGNATURES', refused));
    }
  });
});

describe('a connection that is lost', () => {
  it('cuts an upload off: the member can still sign for the others, but not its own upload', () => {
    const [before, start] = transcript.clientBefore(SELF, 'round-start');
    const { state: uploading } = new ClientTrial(cast, before, start).take();
    const { state, effects } = stepClient(crypto, uploading, { kind: 'connection-lost' });
    expect(effects).toEqual([]);
    expect(state.round).toEqual({ ...uploading.round, stage: 'consistency' });
    const all = ClientTrial.of(cast, state, 'survivors', honestSurvivors);
    expect(all.outcome()).toEqual(aloud('DIGEST_MISMATCH', { round: 1 }));
  });

  it('does not undo what was masked: the upload that was begun may still be ended, as the one it is', () => {
    const [before, start] = transcript.clientBefore(SELF, 'round-start');
    const { state: uploading } = new ClientTrial(cast, before, start).take();
    const { state } = stepClient(crypto, uploading, { kind: 'connection-lost' });
    const masked = { kind: 'input-masked', roundContext, digest: uploadDigest(SELF), length: 20 } as const;
    const ended = stepClient(crypto, state, masked);
    expect(ended.effects).toMatchObject([{ kind: 'send', message: 'upload-end' }]);
    const other = { ...masked, digest: hash(9) };
    expect(stepClient(crypto, ended.state, other)).toEqual({ state: ended.state, effects: [] });
  });

  it('changes nothing else: what was announced, uploaded, signed or released stays', () => {
    const states = transcript.clients.filter(({ member }) => member === SELF).map(({ before }) => before);
    const others = states.filter(({ round }) => round?.stage !== 'masked-input');
    expect(new Set(others.map(({ round }) => round?.stage)).size).toBe(6);
    for (const state of others) {
      expect(stepClient(crypto, state, { kind: 'connection-lost' })).toEqual({ state, effects: [] });
    }
  });
});
