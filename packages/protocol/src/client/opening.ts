/**
 * The member's side of consistency and unmask: agree to one survivor set, then release for each participant
 * one secret's share, never both.
 *
 * @source Bonawitz et al. 2017, section 6 (active adversary); the rule 2t > H + c keeps either secret of an
 *   owner out of reach even where c organisations release whatever they are asked for
 */
import type { CryptoBackend } from '@tributary/crypto';
import type { Survivors, UnmaskRequest } from '../messages/round.ts';
import { belowFloors } from '../parameters/batch-rules.ts';
import { sameBytes } from '../public-bytes.ts';
import { ascending } from '../roster.ts';
import { survivorsDigest, verifyMessage } from '../signing.ts';
import { packedLengthOf } from '../vector-length.ts';
import { clipDetail } from '../wire/detail.ts';
import { refuse, refuseAloud, refuseUnknownRound } from './refusal.ts';
import type { ClientEvent, ClientState, ClientStep } from './state.ts';

export function inputMasked(
  state: ClientState,
  event: Extract<ClientEvent, { kind: 'input-masked' }>,
): ClientStep {
  const { round, self } = state;
  if (round?.stage !== 'masked-input' || !sameBytes(event.roundContext, round.context)) {
    return { state, effects: [] };
  }
  const { digest, length } = event;
  return {
    state: { ...state, round: { ...round, stage: 'consistency', uploadDigest: digest } },
    effects: [
      {
        kind: 'send',
        message: 'upload-end',
        body: { roundContext: round.context, member: self, length, digest },
      },
    ],
  };
}

/**
 * The member has no vector to give: it leaves the round, and what was sent of its upload counts for nothing.
 */
export function inputFailed(
  state: ClientState,
  event: Extract<ClientEvent, { kind: 'input-failed' }>,
): ClientStep {
  const { round, self: member } = state;
  if (round?.stage !== 'masked-input' || !sameBytes(event.roundContext, round.context)) {
    return { state, effects: [] };
  }
  const detail = clipDetail(event.detail);
  return {
    state: { ...state, round: undefined },
    effects: [
      {
        kind: 'send',
        message: 'refusal',
        body: { member, round: round.terms.round, code: 'INPUT_FAILED', detail },
      },
    ],
  };
}

/**
 * The session ended; batch and round stay. An upload in progress is cut off, but the member can still sign
 * and release for the others, and what it signed before binds the result.
 */
export function connectionLost(state: ClientState): ClientStep {
  const { round } = state;
  if (round?.stage !== 'masked-input') return { state, effects: [] };
  return { state: { ...state, round: { ...round, stage: 'consistency' } }, effects: [] };
}

export function acceptSurvivors(crypto: CryptoBackend, state: ClientState, message: Survivors): ClientStep {
  const { batch, round, self } = state;
  if (batch === undefined || round === undefined || !sameBytes(message.roundContext, round.context)) {
    return refuseUnknownRound(state, 'survivors of another round');
  }
  if (round.stage === 'unmask' || round.stage === 'released') {
    return refuse(state, 'EQUIVOCATION', 'a second survivor set for one key index');
  }
  const ids = message.uploads.map(({ member }) => member);
  if (!ascending(ids)) {
    return refuseAloud(state, 'MALFORMED', 'survivors are not in ascending order', round.terms.round);
  }
  const participants = new Set(round.participants);
  const length = packedLengthOf(round.terms);
  for (const { member: id, digest, signature } of message.uploads) {
    const member = state.roster.members[id];
    if (member === undefined || !participants.has(id)) {
      const detail = `survivor ${id} takes no part in the round`;
      return refuseAloud(state, 'NOT_A_MEMBER', detail, round.terms.round);
    }
    const body = { roundContext: round.context, member: id, length, digest };
    if (!verifyMessage(crypto, member.publicKey, 'upload-end', body, signature)) {
      return refuseAloud(state, 'BAD_SIGNATURE', `upload of ${member.name}`, round.terms.round);
    }
    if (id === self && (round.uploadDigest === undefined || !sameBytes(digest, round.uploadDigest))) {
      return refuseAloud(state, 'DIGEST_MISMATCH', 'this member sent another upload', round.terms.round);
    }
  }
  const floor = belowFloors(state.roster, batch.terms, ids);
  if (floor !== undefined) return refuseAloud(state, 'BELOW_FLOOR', floor, round.terms.round);
  const digest = survivorsDigest(crypto, round.context, message.uploads);
  return {
    state: { ...state, round: { ...round, stage: 'unmask', survivors: ids, survivorsDigest: digest } },
    effects: [
      { kind: 'enter-phase', phase: 'consistency', round: round.terms.round },
      {
        kind: 'send',
        message: 'survivors-signature',
        body: { roundContext: round.context, member: self, survivorsDigest: digest },
      },
    ],
  };
}

export function acceptUnmaskRequest(
  crypto: CryptoBackend,
  state: ClientState,
  message: UnmaskRequest,
): ClientStep {
  const { batch, round } = state;
  if (batch === undefined || round === undefined || !sameBytes(message.roundContext, round.context)) {
    return refuseUnknownRound(state, 'unmask request of another round');
  }
  if (round.stage === 'released') {
    return refuse(state, 'EQUIVOCATION', 'an unmask request for a key index that is closed');
  }
  if (round.stage !== 'unmask') return refuse(state, 'WRONG_PHASE', 'unmask request before the survivors');
  if (!sameBytes(message.survivorsDigest, round.survivorsDigest)) {
    return refuseAloud(state, 'EQUIVOCATION', 'unmask request for another survivor set', round.terms.round);
  }
  const ids = message.signatures.map(({ member }) => member);
  if (!ascending(ids)) {
    return refuseAloud(state, 'MALFORMED', 'signers are not in ascending order', round.terms.round);
  }
  const participants = new Set(round.participants);
  const signers = message.signatures.filter(({ member: id, signature }) => {
    const member = state.roster.members[id];
    const body = { roundContext: round.context, member: id, survivorsDigest: round.survivorsDigest };
    return (
      member !== undefined &&
      participants.has(id) &&
      verifyMessage(crypto, member.publicKey, 'survivors-signature', body, signature)
    );
  }).length;
  const { threshold } = batch.terms;
  if (signers < threshold) {
    const detail = `${signers} members signed the survivor set, the threshold is ${threshold}`;
    return refuseAloud(state, 'NOT_ENOUGH_SIGNATURES', detail, round.terms.round);
  }
  const survivors = new Set(round.survivors);
  const choices = round.participants.map((owner) => ({
    owner,
    kind: survivors.has(owner) ? ('self' as const) : ('pair' as const),
  }));
  return {
    state: { ...state, round: { ...round, stage: 'released' } },
    effects: [
      { kind: 'enter-phase', phase: 'unmask', round: round.terms.round },
      {
        kind: 'release',
        batchContext: batch.context,
        roundContext: round.context,
        keyIndex: round.terms.keyIndex,
        choices,
      },
    ],
  };
}
