/**
 * The member's side of ready and round start: take part only in the round that follows from the sums so far.
 */
import type { CryptoBackend } from '@tributary/crypto';
import type { RoundStart } from '../messages/round.ts';
import { type RoundTerms, roundContext, roundTermsDigest } from '../messages/terms.ts';
import { belowFloors } from '../parameters/batch-rules.ts';
import { overflowRisk } from '../parameters/ring.ts';
import { sameBytes } from '../public-bytes.ts';
import { ascending } from '../roster.ts';
import { verifyMessage } from '../signing.ts';
import { refuse, refuseAloud, refuseUnknownRound } from './refusal.ts';
import { type ClientState, type ClientStep, type ExpectedRound, roundKeyOf } from './state.ts';

const NOTHING = new Uint8Array(0);

/**
 * An announcement supersedes a round that is still open: the coordinator gave that one up, perhaps while this
 * member was away. What was signed under the old context is worth nothing under the new one.
 */
export function acceptAnnounce(crypto: CryptoBackend, state: ClientState, terms: RoundTerms): ClientStep {
  const { batch, expected } = state;
  const { round } = terms;
  if (batch === undefined || batch.stage !== 'open' || !sameBytes(terms.batchContext, batch.context)) {
    return refuseAloud(
      state,
      'WRONG_CONTEXT',
      'the round belongs to a batch this member does not have',
      round,
    );
  }
  const termsDigest = roundTermsDigest(crypto, terms);
  if (state.round !== undefined && sameBytes(termsDigest, state.round.termsDigest)) {
    return refuse(state, 'DUPLICATE', `a second announcement of round ${round}`);
  }
  if (terms.keyIndex < batch.nextKeyIndex || terms.keyIndex >= batch.terms.keyCount) {
    return refuseAloud(state, 'KEY_INDEX_USED', `key index ${terms.keyIndex} is used or unknown`, round);
  }
  if (expected === undefined) {
    return refuseAloud(state, 'UNEXPECTED_PLAN', 'this member expects no further sum', round);
  }
  if (round <= state.contributedRound) {
    const detail = `this member has contributed to round ${round} before`;
    return refuseAloud(state, 'EQUIVOCATION', detail, round);
  }
  const difference = differenceFromExpected(terms, expected);
  if (difference !== undefined) return refuseAloud(state, 'UNEXPECTED_PLAN', difference, round);
  const overflow = overflowRisk(batch.dealers.size, terms);
  if (overflow !== undefined) return refuseAloud(state, 'UNSAFE_TERMS', overflow, round);
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
      { kind: 'enter-phase', phase: 'ready', round },
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
    return refuseUnknownRound(state, 'start of another round');
  }
  if (round.stage !== 'ready') return refuse(state, 'WRONG_PHASE', 'round start is not awaited');
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
  const floor = belowFloors(state.roster, batch.terms, participants);
  if (floor !== undefined) return refuseRound(state, 'BELOW_FLOOR', floor);
  const context = roundContext(crypto, round.termsDigest, message.ready);
  const { keyIndex } = round.terms;
  const request = {
    roundContext: context,
    keyIndex,
    self: roundKeyOf(batch, self, keyIndex),
    partners: participants.filter((id) => id !== self).map((id) => roundKeyOf(batch, id, keyIndex)),
  };
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

/** Leaves the round: nothing of it was uploaded or released, and its key index stays burnt. */
function refuseRound(state: ClientState, code: Parameters<typeof refuse>[1], detail: string): ClientStep {
  const round = state.round?.terms.round ?? 0;
  return refuseAloud({ ...state, round: undefined }, code, detail, round);
}
