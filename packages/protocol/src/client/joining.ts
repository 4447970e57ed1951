/**
 * The member's side of ready and round start: take part only in the round that follows from the sums so far.
 */
import type { CryptoBackend } from '@tributary/crypto';
import { headConflict, verifyHead } from '../audit-head.ts';
import type { RejectionCode } from '../errors.ts';
import type { RoundAnnounce, RoundStart } from '../messages/round.ts';
import { type RoundTerms, roundContext, roundTermsDigest } from '../messages/terms.ts';
import { belowFloors, promisesNeeded } from '../parameters/batch-rules.ts';
import { overflowRisk } from '../parameters/ring.ts';
import { sameBytes } from '../public-bytes.ts';
import { ascending } from '../roster.ts';
import { promisedBy } from '../promises.ts';
import { verifyMessage } from '../signing.ts';
import { refuse, refuseAloud, refuseUnknownRound } from './refusal.ts';
import {
  batchOf,
  type ClientBatch,
  type ClientEffect,
  type ClientRound,
  type ClientState,
  type ClientStep,
  type Contribution,
  type ExpectedRound,
  roundKeyOf,
} from './state.ts';

const NOTHING = new Uint8Array(0);

/**
 * An announcement supersedes a round that is still open: the coordinator gave that one up, perhaps while this
 * member was away. What was signed under the old context is worth nothing under the new one. The first
 * announcement on a newer batch ends the older one.
 */
export function acceptAnnounce(
  crypto: CryptoBackend,
  state: ClientState,
  { terms, promises }: RoundAnnounce,
): ClientStep {
  const { expected } = state;
  const { round } = terms;
  const batch = batchOf(state, terms.batchContext);
  if (batch === undefined || batch.stage !== 'open') {
    const detail = 'the round belongs to a batch this member does not have';
    return refuseAloud(state, 'WRONG_CONTEXT', detail, round);
  }
  const termsDigest = roundTermsDigest(crypto, terms);
  if (state.round !== undefined && sameBytes(termsDigest, state.round.termsDigest)) {
    return answerAgain(state, state.round);
  }
  if (terms.keyIndex < batch.nextKeyIndex || terms.keyIndex >= batch.terms.keyCount) {
    return refuseAloud(state, 'KEY_INDEX_USED', `key index ${terms.keyIndex} is used or unknown`, round);
  }
  if (expected === undefined) {
    return refuseAloud(state, 'UNEXPECTED_PLAN', 'this member expects no further sum', round);
  }
  const difference = differenceFromExpected(terms, expected);
  if (difference !== undefined) return refuseAloud(state, 'UNEXPECTED_PLAN', difference, round);
  if (terms.attempt < 1 || terms.attempt > batch.terms.maxAttempts) {
    const detail = `attempt ${terms.attempt} of a round that is tried ${batch.terms.maxAttempts} times at most`;
    return refuseAloud(state, 'UNSAFE_TERMS', detail, round);
  }
  const before = earlierAttempt(crypto, state, terms, promises);
  if ('code' in before) return refuseAloud(state, before.code, before.detail, round);
  const overflow = overflowRisk(batch.members.length, terms);
  if (overflow !== undefined) return refuseAloud(state, 'UNSAFE_TERMS', overflow, round);
  const forked = headFault(crypto, state, terms);
  if (forked !== undefined) return forked;
  // Whatever follows, this key index is never used for another announcement.
  const used: ClientBatch = { ...batch, nextKeyIndex: terms.keyIndex + 1 };
  const at = state.batches.indexOf(batch);
  const older = state.batches.slice(0, at);
  return {
    state: {
      ...state,
      auditHead: terms.auditHead,
      batches: [used, ...state.batches.slice(at + 1)],
      round: {
        terms,
        termsDigest,
        batch: used,
        stage: 'nonce',
        nonce: NOTHING,
        participants: [],
        context: NOTHING,
        uploadDigest: undefined,
        survivors: [],
        survivorsDigest: NOTHING,
        answered: undefined,
        survivorsSignature: NOTHING,
      },
    },
    effects: [
      ...older.map(({ context }) => ({ kind: 'forget-batch', batchContext: context }) as const),
      ...before.voided,
      { kind: 'enter-phase', phase: 'ready', round },
      { kind: 'note-head', round, head: terms.auditHead },
      { kind: 'draw-nonce', termsDigest },
    ],
  };
}

/** The audit log only grows. Two heads of one size are proof that the coordinator keeps two logs. */
function headFault(
  crypto: CryptoBackend,
  state: ClientState,
  { auditHead, round }: RoundTerms,
): ClientStep | undefined {
  const { roster, run, auditHead: seen } = state;
  const head = { run, ...auditHead };
  if (!verifyHead(crypto, roster.coordinatorKey, head)) {
    return refuseAloud(state, 'BAD_SIGNATURE', 'the head of the audit log is not signed', round);
  }
  const conflict = seen && headConflict(seen, auditHead);
  if (conflict === undefined) return undefined;
  if (seen === undefined || conflict === 'shrunk') {
    return refuseAloud(state, 'EQUIVOCATION', 'the audit log is shorter than it was', round);
  }
  const refused = refuseAloud(state, 'EQUIVOCATION', 'the audit log is another one than before', round);
  const evidence = { proof: 'forked-log', heads: [{ run, ...seen }, head] } as const;
  return { state: refused.state, effects: [...refused.effects, { kind: 'evidence', evidence }] };
}

/** The announcement came again: the same nonce answers it, for as long as the round has not begun. */
function answerAgain(state: ClientState, round: ClientRound): ClientStep {
  const { termsDigest, stage, nonce } = round;
  if (stage === 'nonce') return { state, effects: [{ kind: 'draw-nonce', termsDigest }] };
  if (stage !== 'ready') return { state, effects: [] };
  return {
    state,
    effects: [{ kind: 'send', message: 'ready', body: { termsDigest, member: state.self, nonce } }],
  };
}

/**
 * What the promises say of this member's last contribution, where it was to the same round. Without noise two sums
 * of one round over different members differ by the members that left, so the first must be sealed before there is a
 * second. With noise each attempt is charged on its own, and one that is sealed is charged no more.
 * @returns why this member does not contribute once more, or the attempt that can never be opened
 */
function earlierAttempt(
  crypto: CryptoBackend,
  { contribution, roster }: ClientState,
  { round, attempt, privacy }: RoundTerms,
  promises: RoundAnnounce['promises'],
):
  | { readonly code: RejectionCode; readonly detail: string }
  | { readonly voided: readonly Extract<ClientEffect, { kind: 'attempt-void' }>[] } {
  if (contribution === undefined || round > contribution.round) return { voided: [] };
  const { attempt: last, holders, promisesNeeded: needed } = contribution;
  if (round < contribution.round || attempt <= last) {
    const detail = `this member has contributed to attempt ${last} of round ${contribution.round}`;
    return { code: 'EQUIVOCATION', detail };
  }
  const { size: promised } = promisedBy(crypto, roster, contribution, holders, promises);
  const isVoid = promised >= needed;
  if (privacy.length > 0) return { voided: isVoid ? [{ kind: 'attempt-void', round, attempt: last }] : [] };
  if (isVoid) return { voided: [] };
  const detail = `${promised} holders promised to release nothing of attempt ${last}, ${needed} are needed`;
  return { code: 'NOT_PROMISED', detail };
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
  const { round, self } = state;
  if (round === undefined || !sameBytes(message.termsDigest, round.termsDigest)) {
    return refuseUnknownRound(state, 'start of another round');
  }
  if (round.stage === 'nonce') return refuse(state, 'WRONG_PHASE', 'round start is not awaited');
  const participants = message.ready.map(({ member }) => member);
  if (!ascending(participants))
    return refuseRound(state, 'MALFORMED', 'participants are not in ascending order');
  const context = roundContext(crypto, round.termsDigest, message.ready);
  if (round.stage !== 'ready') return startAgain(state, round, context);
  const { batch } = round;
  const members = new Set(batch.members);
  const neighbours = new Set(batch.neighbours);
  for (const { member: id, nonce, signature } of message.ready) {
    const member = state.roster.members[id];
    const dealt = !neighbours.has(id) || batch.dealers.has(id);
    if (member === undefined || !members.has(id) || !dealt) {
      return refuseRound(state, 'NOT_A_MEMBER', `participant ${id} dealt no shares in this batch`);
    }
    if (state.culprits.has(id)) {
      return refuseRound(state, 'CULPRIT', `${member.name} is proven to have cheated`);
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
  const started: ClientRound = { ...round, stage: 'masked-input', participants, context };
  const { terms } = round;
  return {
    state: { ...state, contribution: contributionTo(state, terms, batch), round: started },
    effects: [
      { kind: 'enter-phase', phase: 'masked-input', round: terms.round },
      uploadEffect(self, started, false),
    ],
  };
}

/** The same start again: the coordinator misses the upload. */
function startAgain(state: ClientState, round: ClientRound, context: Uint8Array): ClientStep {
  if (!sameBytes(context, round.context)) {
    return refuse(state, 'EQUIVOCATION', 'a second start of the round with other participants');
  }
  const awaited = round.stage === 'masked-input' || round.stage === 'consistency';
  return { state, effects: awaited ? [uploadEffect(state.self, round, true)] : [] };
}

function uploadEffect(self: number, round: ClientRound, resume: boolean): ClientEffect {
  const { batch, participants, context, terms } = round;
  const { keyIndex } = terms;
  const present = new Set(participants);
  const request = {
    roundContext: context,
    keyIndex,
    self: roundKeyOf(batch, self, keyIndex),
    partners: batch.neighbours.filter((id) => present.has(id)).map((id) => roundKeyOf(batch, id, keyIndex)),
  };
  return { kind: 'upload-input', batchContext: batch.context, request, terms, resume };
}

function contributionTo(
  { roster }: ClientState,
  { round, attempt, keyIndex, batchContext }: RoundTerms,
  { terms, holders }: ClientBatch,
): Contribution {
  const needed = promisesNeeded(roster, terms);
  return { round, attempt, batchContext, keyIndex, holders, promisesNeeded: needed };
}

/** Leaves the round: nothing of it was uploaded or released, and its key index stays burnt. */
function refuseRound(state: ClientState, code: Parameters<typeof refuse>[1], detail: string): ClientStep {
  const round = state.round?.terms.round ?? 0;
  return refuseAloud({ ...state, round: undefined }, code, detail, round);
}
