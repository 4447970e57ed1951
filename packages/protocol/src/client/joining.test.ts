import { nodeBackend as crypto } from '@tributary/crypto/node';
import { describe, expect, it } from 'vitest';
import { type AuditHead, signHead } from '../audit-head.ts';
import { provesForkedLog } from '../evidence.ts';
import type { Message } from '../messages/index.ts';
import type { RoundStart } from '../messages/round.ts';
import type { EncodingTerms, RoundTerms } from '../messages/terms.ts';
import { signMessage } from '../signing.ts';
import { castOf, existing, expectedRound } from '../testing/cast.ts';
import { aloud, ClientTrial, quietly } from '../testing/refusals.ts';
import { Transcript } from '../testing/transcript.ts';
import { startClient, stepClient } from './step.ts';
import { type ClientBatch, type ClientState, type ExpectedRound, withBatch } from './state.ts';

const SELF = 1;
const cast = castOf(crypto, 5);
const transcript = new Transcript(cast, { rounds: 2, keyCount: 3 });
const hash = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
/** The newest batch that a member has. */
const newest = (state: ClientState): ClientBatch => existing(state.batches.at(-1));
const fresh = startClient(crypto, { self: SELF, roster: cast.roster, run: cast.run, policy: cast.policy });

/** A signed head of the coordinator's audit log. */
const head = (size: number, byte: number): AuditHead => {
  const { run, coordinatorIdentity } = cast;
  const signedHead = signHead(crypto, coordinatorIdentity, { run, size, root: hash(byte), time: 1 });
  return { size, root: hash(byte), time: 1, signature: signedHead.signature };
};

describe('an announcement', () => {
  const [state, { body: honest }] = transcript.clientBefore(SELF, 'round-announce');
  const { terms, promises } = honest;
  const announce = (change: Partial<RoundTerms>, from: ClientState = state): ClientTrial =>
    ClientTrial.of(cast, from, 'round-announce', { terms: { ...terms, ...change }, promises });

  it('of the expected sum makes the member draw a nonce, and burns the key index', () => {
    const { state: after, effects } = announce({}).take();
    expect(effects).toMatchObject([
      { kind: 'enter-phase', phase: 'ready', round: 1 },
      { kind: 'note-head', round: 1, head: terms.auditHead },
      { kind: 'draw-nonce' },
    ]);
    expect(after).toMatchObject({
      batches: [{ nextKeyIndex: 1 }],
      round: { stage: 'nonce', batch: { nextKeyIndex: 1 } },
      contribution: undefined,
    });
  });

  it('for a batch that the member does not have, or has not opened, is refused', () => {
    const refused = { round: 1, detail: /batch this member does not have/ };
    expect(announce({ batchContext: hash(1) }).outcome()).toEqual(aloud('WRONG_CONTEXT', refused));
    expect(announce({}, { ...fresh, expected: expectedRound(1) }).outcome()).toEqual(
      aloud('WRONG_CONTEXT', refused),
    );
    const [unopened] = transcript.clientBefore(SELF, 'held-shares');
    expect(announce({}, { ...unopened, expected: expectedRound(1) }).outcome()).toEqual(
      aloud('WRONG_CONTEXT', refused),
    );
  });

  it('that comes again draws a nonce again until there is one, and then gets the same', () => {
    const announced = announce({}).take().state;
    const draw = [{ kind: 'draw-nonce', termsDigest: existing(announced.round).termsDigest }];
    expect(announce({}, announced).outcome()).toEqual({ state: 'same', effects: draw });
    const [ready] = transcript.clientBefore(SELF, 'round-start');
    const { termsDigest, nonce } = existing(ready.round);
    const answer = { kind: 'send', message: 'ready', body: { termsDigest, member: SELF, nonce } };
    expect(announce({}, ready).outcome()).toEqual({ state: 'same', effects: [answer] });
  });

  it('that comes again once the round has begun changes nothing', () => {
    for (const kind of ['survivors', 'unmask-request', 'round-result'] as const) {
      const [begun] = transcript.clientBefore(SELF, kind);
      expect(announce({}, begun).outcome()).toEqual({ state: 'same', effects: [] });
    }
  });

  describe('with a head of the audit log', () => {
    const seen: ClientState = { ...state, auditHead: head(5, 1) };

    it('that goes on from the one before is joined, and the head is kept', () => {
      for (const auditHead of [head(5, 1), head(6, 2)]) {
        const { state: after, effects } = announce({ auditHead }, seen).take();
        expect(after.auditHead).toEqual(auditHead);
        expect(effects).toContainEqual({ kind: 'note-head', round: 1, head: auditHead });
      }
    });

    it('that nobody signed is refused', () => {
      const auditHead = { ...head(6, 1), size: 7 };
      expect(announce({ auditHead }, seen).outcome()).toEqual(
        aloud('BAD_SIGNATURE', { round: 1, detail: /head of the audit log/ }),
      );
    });

    it('that is shorter than the one before is refused', () => {
      expect(announce({ auditHead: head(4, 1) }, seen).outcome()).toEqual(
        aloud('EQUIVOCATION', { round: 1, detail: /shorter/ }),
      );
    });

    it('of the same size over another log is refused, and is proof that there are two', () => {
      const { state: after, effects } = announce({ auditHead: head(5, 2) }, seen).take();
      expect(after).toBe(seen);
      const proof = effects.find((effect) => effect.kind === 'evidence');
      if (proof?.kind !== 'evidence' || proof.evidence.proof !== 'forked-log') throw new Error('no proof');
      expect(provesForkedLog(crypto, cast.roster.coordinatorKey, proof.evidence)).toBe(true);
    });
  });

  it('of an attempt beyond those that the batch allows, or of none, is refused', () => {
    for (const attempt of [0, 2]) {
      expect(announce({ attempt }).outcome()).toEqual(
        aloud('UNSAFE_TERMS', { round: 1, detail: new RegExp(`^attempt ${attempt}`) }),
      );
    }
  });

  it('with a key index that is used, burnt or unknown is refused', () => {
    const [second, { body }] = transcript.clientBefore(SELF, 'round-announce', 1);
    expect(newest(second).nextKeyIndex).toBe(1);
    const again = ClientTrial.of(cast, second, 'round-announce', {
      ...body,
      terms: { ...body.terms, keyIndex: 0 },
    });
    expect(again.outcome()).toEqual(aloud('KEY_INDEX_USED', { round: 2, detail: /key index 0/ }));
    expect(announce({ keyIndex: 3 }).outcome()).toEqual(
      aloud('KEY_INDEX_USED', { round: 1, detail: /key index 3/ }),
    );
    // Burnt by the announcement alone, though nothing was uploaded.
    const { state: announced } = announce({ keyIndex: 1 }).take();
    expect(announce({}, announced).outcome()).toEqual(
      aloud('KEY_INDEX_USED', { round: 1, detail: /key index 0/ }),
    );
    expect(announce({ keyIndex: 1, attempt: 2 }, announced).outcome()).toEqual(
      aloud('KEY_INDEX_USED', { round: 1 }),
    );
  });

  it('is refused where the member expects no further sum', () => {
    expect(announce({}, { ...state, expected: undefined }).outcome()).toEqual(
      aloud('UNEXPECTED_PLAN', { round: 1 }),
    );
  });

  it('of a round to which the member has contributed is refused, at any key index', () => {
    const [after] = transcript.clientBefore(SELF, 'survivors');
    expect(after.contribution).toMatchObject({ round: 1, attempt: 1, keyIndex: 0 });
    for (const keyIndex of [1, 2]) {
      expect(announce({ keyIndex }, after).outcome()).toEqual(
        aloud('EQUIVOCATION', {
          round: 1,
          detail: /has contributed to attempt 1 of round 1/,
        }),
      );
    }
  });

  // By the type, so that a new public number cannot be left unchecked.
  const OTHER: { readonly [K in Exclude<keyof ExpectedRound, 'encoding'>]: ExpectedRound[K] } = {
    round: 2,
    planHash: hash(9),
    modelHash: hash(9),
    dimension: 11,
    bits: 17,
    inputBound: 999,
    noiseMargin: 1,
    privacy: new Uint8Array(1),
    logHead: hash(9),
  };
  const OTHER_ENCODING: EncodingTerms = { scale: 2, normBound: 999, coordinateBound: 999, maxRecords: 2 };

  it.each(Object.entries(OTHER))('with another %s than the sums so far give is refused', (field, value) => {
    const { round = 1 }: { round?: number } = field === 'round' ? { round: value as number } : {};
    expect(announce({ [field]: value }).outcome()).toEqual(
      aloud('UNEXPECTED_PLAN', {
        round,
        detail: new RegExp(`^${field} is`),
      }),
    );
  });

  it.each(Object.entries(OTHER_ENCODING))('with another encoding.%s is refused', (field, value) => {
    const encoding = { ...terms.encoding, [field]: value };
    const detail = new RegExp(`^encoding.${field} is`);
    expect(announce({ encoding }).outcome()).toEqual(aloud('UNEXPECTED_PLAN', { round: 1, detail }));
  });

  it('of a sum that could overflow the ring is refused, though the plan asks for it', () => {
    // 5 dealers: 5 * 6553 = 32765 < 2^15, 5 * 6554 = 32770.
    const bounded = (inputBound: number): ClientTrial =>
      announce({ inputBound }, { ...state, expected: expectedRound(1, { inputBound }) });
    expect(bounded(6553).take().effects.at(-1)).toMatchObject({ kind: 'draw-nonce' });
    const detail = /^5 vectors of at most 6554/;
    expect(bounded(6554).outcome()).toEqual(aloud('UNSAFE_TERMS', { round: 1, detail }));
    const ring = announce({ bits: 33 }, { ...state, expected: expectedRound(1, { bits: 33 }) });
    expect(ring.outcome()).toEqual(aloud('UNSAFE_TERMS', { round: 1, detail: /33 bits/ }));
  });

  it('supersedes a round that its coordinator gave up: nothing of the old context is answered any more', () => {
    const [open, survivors] = transcript.clientBefore(SELF, 'survivors');
    const waiting = { ...open, expected: expectedRound(2) };
    const { state: next } = announce({ round: 2, keyIndex: 1 }, waiting).take();
    expect(next.round).toMatchObject({ stage: 'nonce', terms: { round: 2 } });
    const [, request] = transcript.clientBefore(SELF, 'unmask-request');
    for (const stale of [survivors, request]) {
      expect(new ClientTrial(cast, next, stale as Message).outcome()).toEqual(
        aloud('WRONG_CONTEXT', { round: 2 }),
      );
    }
  });
});

describe('a nonce that was drawn', () => {
  const [before, message] = transcript.clientBefore(SELF, 'round-announce');
  const { state } = new ClientTrial(cast, before, message).take();
  const termsDigest = existing(state.round?.termsDigest);

  it('is sent with the digest of the terms', () => {
    const step = stepClient(crypto, state, { kind: 'nonce-drawn', termsDigest, nonce: hash(3) });
    expect(step.effects).toEqual([
      { kind: 'send', message: 'ready', body: { termsDigest, member: SELF, nonce: hash(3) } },
    ]);
    expect(step.state.round).toMatchObject({ stage: 'ready', nonce: hash(3) });
    const again = stepClient(crypto, step.state, { kind: 'nonce-drawn', termsDigest, nonce: hash(4) });
    expect(again).toEqual({ state: step.state, effects: [] });
  });

  it('for another round is dropped', () => {
    const event = { kind: 'nonce-drawn', termsDigest: hash(1), nonce: hash(3) } as const;
    for (const from of [state, before])
      expect(stepClient(crypto, from, event)).toEqual({ state: from, effects: [] });
  });
});

describe('the start of a round', () => {
  const [state, { body: honest }] = transcript.clientBefore(SELF, 'round-start');
  const start = (change: Partial<RoundStart>, from: ClientState = state): ClientTrial =>
    ClientTrial.of(cast, from, 'round-start', { ...honest, ...change });
  const left = { round: 1, leaves: true } as const;

  /** The ready of member `id`, with another nonce that it signed itself. */
  function readyOf(id: number, nonce: Uint8Array): RoundStart['ready'][number] {
    const body = { termsDigest: honest.termsDigest, member: id, nonce };
    return {
      member: id,
      nonce,
      signature: signMessage(crypto, existing(cast.identities[id]), 'ready', body),
    };
  }

  const without = (id: number): RoundStart['ready'] => honest.ready.filter(({ member }) => member !== id);

  it('makes the member upload, masked towards every other participant, once', () => {
    const { state: after, effects } = start({}).take();
    const [, upload] = effects;
    if (upload?.kind !== 'upload-input') throw new Error('nothing is uploaded');
    expect(upload.request.partners.map(({ member }) => member)).toEqual([0, 2, 3, 4]);
    expect(upload.request.self.member).toBe(SELF);
    expect(upload.resume).toBe(false);
    const batchContext = transcript.batchContext;
    expect(after).toMatchObject({
      // All five hold shares of this member: H - t + 1 + c = 5 - 4 + 1 + 2.
      contribution: { round: 1, attempt: 1, keyIndex: 0, batchContext, promisesNeeded: 4 },
      round: { stage: 'masked-input' },
    });
  });

  it('that comes again makes the member send what it masked once more, and never mask again', () => {
    const begun = start({}).take();
    const [uploaded] = transcript.clientBefore(SELF, 'survivors');
    for (const from of [begun.state, uploaded]) {
      const { state: same, effects } = start({}, from).take();
      expect(same).toBe(from);
      expect(effects).toEqual([{ ...begun.effects[1], resume: true }]);
    }
    for (const kind of ['unmask-request', 'round-result'] as const) {
      const [signedState] = transcript.clientBefore(SELF, kind);
      expect(start({}, signedState).outcome()).toEqual({ state: 'same', effects: [] });
    }
  });

  it('that comes again with other participants or nonces is refused: no key masks twice', () => {
    const [uploaded] = transcript.clientBefore(SELF, 'survivors');
    const other = honest.ready.map((entry) => (entry.member === 3 ? readyOf(3, hash(9)) : entry));
    for (const from of [start({}).take().state, uploaded]) {
      for (const ready of [without(3), other]) {
        expect(start({ ready }, from).outcome()).toEqual(quietly('EQUIVOCATION', /other participants/));
      }
    }
  });

  it('with a member that is proven to have cheated is refused', () => {
    const warned = { ...state, culprits: new Set([3]) };
    expect(start({}, warned).outcome()).toEqual(aloud('CULPRIT', { ...left, detail: /^member-3/ }));
    expect(start({ ready: without(3) }, warned).take().effects).toMatchObject([
      { kind: 'enter-phase' },
      { kind: 'upload-input' },
    ]);
  });

  it('of another round is refused: quietly where the member is in one, aloud where it is awaited in vain', () => {
    const other = { termsDigest: hash(1) };
    const uploading = start({}).take().state;
    expect(start(other, uploading).outcome()).toEqual(quietly('WRONG_CONTEXT'));
    expect(start(other).outcome()).toEqual(aloud('WRONG_CONTEXT', { round: 1 }));
    const none = { ...state, round: undefined };
    expect(start({}, none).outcome()).toEqual(aloud('WRONG_CONTEXT', { round: 1 }));
    expect(start({}, { ...none, expected: undefined }).outcome()).toEqual(
      aloud('WRONG_CONTEXT', { round: 0 }),
    );
    expect(start({}, { ...fresh, expected: expectedRound(1) }).outcome()).toEqual(
      aloud('WRONG_CONTEXT', { round: 1 }),
    );
  });

  it('before the nonce is drawn is refused', () => {
    const [before, announce] = transcript.clientBefore(SELF, 'round-announce');
    expect(start({}, new ClientTrial(cast, before, announce).take().state).outcome()).toEqual(
      quietly('WRONG_PHASE'),
    );
  });

  it('with participants out of order, or twice, is refused', () => {
    const first = existing(honest.ready[0]);
    for (const ready of [honest.ready.toReversed(), [first, ...honest.ready]]) {
      expect(start({ ready }).outcome()).toEqual(aloud('MALFORMED', left));
    }
  });

  it('with a participant outside the roster, or that dealt no shares to this member, is refused', () => {
    const stranger = { ...readyOf(4, hash(1)), member: 5 };
    expect(start({ ready: [...honest.ready, stranger] }).outcome()).toEqual(
      aloud('NOT_A_MEMBER', {
        ...left,
        detail: /participant 5/,
      }),
    );
    const dealers = new Set([0, 1, 2, 4]);
    expect(start({}, withBatch(state, { ...newest(state), dealers })).outcome()).toEqual(
      aloud('NOT_A_MEMBER', { ...left, detail: /participant 3/ }),
    );
  });

  it('with a nonce that its member did not sign is refused', () => {
    const ready = honest.ready.map((entry) => (entry.member === 3 ? { ...entry, nonce: hash(9) } : entry));
    expect(start({ ready }).outcome()).toEqual(aloud('BAD_SIGNATURE', { ...left, detail: /member-3/ }));
  });

  it('that leaves this member out, or takes an old nonce of it, is refused', () => {
    const detail = /leaves this member or its nonce out/;
    expect(start({ ready: without(SELF) }).outcome()).toEqual(aloud('NOT_A_MEMBER', { ...left, detail }));
    const ready = honest.ready.map((entry) => (entry.member === SELF ? readyOf(SELF, hash(9)) : entry));
    expect(start({ ready }).outcome()).toEqual(aloud('NOT_A_MEMBER', { ...left, detail }));
  });

  it('below the floor is refused', () => {
    const ready = honest.ready.slice(0, 3);
    expect(start({ ready }).outcome()).toEqual(
      aloud('BELOW_FLOOR', {
        ...left,
        detail: /^3 of 5 members are left, 4 are needed/,
      }),
    );
  });

  it('for whom a member left is refused after that: its key index stays burnt', () => {
    const { state: gone } = start({ ready: honest.ready.toReversed() }).take();
    expect(newest(gone).nextKeyIndex).toBe(1);
    expect(start({}, gone).outcome()).toEqual(aloud('WRONG_CONTEXT', { round: 1 }));
  });

  it('gives another context, and so other masks, with any other nonce', () => {
    const ready = honest.ready.map((entry) => (entry.member === 3 ? readyOf(3, hash(9)) : entry));
    const contexts = [start({}), start({ ready }), start({ ready: without(3) })].map((trial) => {
      const upload = trial.take().effects.find((effect) => effect.kind === 'upload-input');
      return upload?.request.roundContext.join();
    });
    expect(new Set(contexts).size).toBe(3);
    expect(contexts).not.toContain(undefined);
  });
});
