/** The member's side of ready and round start: take part only in the round that follows from the sums so far. */
import type { CryptoBackend } from '@tributary/crypto';
import type { RoundStart } from '../messages/round.ts';
import { type RoundTerms, roundContext, roundTermsDigest } from '../messages/terms.ts';
import { overflowRisk } from '../parameters/ring.ts';
import { verifyMessage } from '../signing.ts';
import { sameBytes } from '../public-bytes.ts';
import { refuse, refuseAloud } from './refusal.ts';
import { ascending, belowFloors } from './setup.ts';
import {
  type ClientBatch,
  type ClientState,
  type ClientStep,
  type ExpectedRound,
  roundKeyOf,
} from './state.ts';

const NOTHING = new Uint8Array(0);

export function acceptAnnounce(crypto: CryptoBackend, state: ClientState, terms: RoundTerms): ClientStep {
  const { batch, expected } = state;
  if (batch === undefined || batch.stage !== 'open' || !sameBytes(terms.batchContext, batch.context)) {
    return refuseAloud(
      state,
      'WRONG_CONTEXT',
      'the round belongs to a batch this member does not have',
      terms.round,
    );
  }
  if (state.round !== undefined && state.round.stage !== 'released') {
    return refuseAloud(state, 'WRONG_PHASE', `round ${state.round.terms.round} is still open`, terms.round);
  }
  if (terms.keyIndex < batch.nextKeyIndex || terms.keyIndex >= batch.terms.keyCount) {
    return refuseAloud(
      state,
      'KEY_INDEX_USED',
      `key index ${terms.keyIndex} is used or unknown`,
      terms.round,
    );
  }
  if (expected === undefined) {
    return refuseAloud(state, 'UNEXPECTED_PLAN', 'this member expects no further sum', terms.round);
  }
  if (terms.round <= state.contributedRound) {
    const detail = `this member has contributed to round ${terms.round} before`;
    return refuseAloud(state, 'EQUIVOCATION', detail, terms.round);
  }
  const difference = differenceFromExpected(terms, expected);
  if (difference !== undefined) return refuseAloud(state, 'UNEXPECTED_PLAN', difference, terms.round);
  const overflow = overflowRisk(batch.dealers.size, terms);
  if (overflow !== undefined) return refuseAloud(state, 'UNSAFE_TERMS', overflow, terms.round);
  const termsDigest = roundTermsDigest(crypto, terms);
  return {
    state: {
      ...state,
      // Whatever follows, this key index is never used for another announcement.
      batch: { ...batch, nextKeyIndex: terms.keyIndex + 1 },
      round: {
        terms,
        termsDigest,
        stage: 'nonce',
        nonce: NOTHING,
        participants: [],
        context: NOTHING,
        uploadDigest: undefined,
        survivors: [],
        survivorsDigest: NOTHING,
      },
    },
    effects: [
      { kind: 'enter-phase', phase: 'ready', round: terms.round },
      { kind: 'draw-nonce', termsDigest },
    ],
  };
}

/** The first public number in which the announced round differs from the one the member computed. */
function differenceFromExpected(terms: RoundTerms, expected: ExpectedRound): string | undefined {
  for (const field of ['round', 'dimension', 'bits', 'inputBound', 'noiseMargin'] as const) {
    if (terms[field] !== expected[field]) {
      return `${field} is ${terms[field]}, the sums so far give ${expected[field]}`;
    }
  }
  for (const field of ['scale', 'normBound', 'coordinateBound', 'maxRecords'] as const) {
    if (terms.encoding[field] !== expected.encoding[field]) {
      return `encoding.${field} is ${terms.encoding[field]}, the sums so far give ${expected.encoding[field]}`;
    }
  }
  for (const field of ['planHash', 'modelHash', 'privacy', 'logHead'] as const) {
    if (!sameBytes(terms[field], expected[field])) return `${field} is not the one that the sums so far give`;
  }
  return undefined;
}

export function nonceDrawn(state: ClientState, termsDigest: Uint8Array, nonce: Uint8Array): ClientStep {
  const { round } = state;
  if (round?.stage !== 'nonce' || !sameBytes(termsDigest, round.termsDigest)) return { state, effects: [] };
  return {
    state: { ...state, round: { ...round, stage: 'ready', nonce } },
    effects: [{ kind: 'send', message: 'ready', body: { termsDigest, member: state.self, nonce } }],
  };
}

export function acceptRoundStart(crypto: CryptoBackend, state: ClientState, message: RoundStart): ClientStep {
  const { batch, round, self } = state;
  if (batch === undefined || round === undefined || !sameBytes(message.termsDigest, round.termsDigest)) {
    return refuse(state, 'WRONG_CONTEXT', 'start of another round');
  }
  if (round.stage !== 'ready') return refuse(state, 'WRONG_PHASE', 'a second round start');
  const participants = message.ready.map(({ member }) => member);
  if (!ascending(participants))
    return refuseRound(state, 'MALFORMED', 'participants are not in ascending order');
  for (const { member: id, nonce, signature } of message.ready) {
    const member = state.roster.members[id];
    if (member === undefined || !batch.dealers.has(id)) {
      return refuseRound(state, 'NOT_A_MEMBER', `participant ${id} dealt no shares in this batch`);
    }
    const body = { termsDigest: message.termsDigest, member: id, nonce };
    if (!verifyMessage(crypto, member.publicKey, 'ready', body, signature)) {
      return refuseRound(state, 'BAD_SIGNATURE', `ready of ${member.name}`);
    }
  }
  const own = message.ready.find(({ member }) => member === self);
  if (own === undefined || !sameBytes(own.nonce, round.nonce)) {
    return refuseRound(state, 'NOT_A_MEMBER', 'round start leaves this member or its nonce out');
  }
  const floor = belowFloors(state, participants);
  if (floor !== undefined) return refuseRound(state, 'BELOW_FLOOR', floor);
  const context = roundContext(crypto, round.termsDigest, message.ready);
  const request = maskRequest(batch, round.terms.keyIndex, context, self, participants);
  if (request === undefined) return refuseRound(state, 'NOT_A_MEMBER', 'a participant advertised no key');
  return {
    state: {
      ...state,
      contributedRound: round.terms.round,
      round: { ...round, stage: 'masked-input', participants, context },
    },
    effects: [
      { kind: 'enter-phase', phase: 'masked-input', round: round.terms.round },
      { kind: 'upload-input', batchContext: batch.context, request, terms: round.terms },
    ],
  };
}

function maskRequest(
  batch: ClientBatch,
  keyIndex: number,
  context: Uint8Array,
  self: number,
  participants: readonly number[],
): Extract<ClientStep['effects'][number], { kind: 'upload-input' }>['request'] | undefined {
  const own = roundKeyOf(batch, self, keyIndex);
  const partners = participants.filter((id) => id !== self).map((id) => roundKeyOf(batch, id, keyIndex));
  if (own === undefined || partners.includes(undefined)) return undefined;
  return {
    roundContext: context,
    keyIndex,
    self: own,
    partners: partners.filter((partner) => partner !== undefined),
  };
}

/** Leaves the round: nothing of it was uploaded or released, and its key index stays burnt. */
function refuseRound(state: ClientState, code: Parameters<typeof refuse>[1], detail: string): ClientStep {
  const round = state.round?.terms.round ?? 0;
  return refuseAloud({ ...state, round: undefined }, code, detail, round);
}
