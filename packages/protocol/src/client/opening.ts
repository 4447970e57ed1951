/**
 * The member's side of consistency and unmask: agree to one survivor set, then release for each participant
 * one secret's share, never both.
 *
 * @source Bonawitz et al. 2017, section 6 (active adversary); the rule 2t > H + c keeps either secret of an
 *   owner out of reach even where c organisations release whatever they are asked for
 */
import type { CryptoBackend } from '@tributary/crypto';
import type { SignedSurvivors } from '../evidence.ts';
import type { Message } from '../messages/index.ts';
import type { MemberSignature } from '../messages/round.ts';
import { belowFloors } from '../parameters/batch-rules.ts';
import { sameBytes } from '../public-bytes.ts';
import { ascending } from '../roster.ts';
import { survivorsDigest, verifyMessage } from '../signing.ts';
import { summationChallenge } from '../summation/summation-check.ts';
import { loneMember } from '../topology.ts';
import { packedLengthOf } from '../vector-length.ts';
import { clipDetail } from '../wire/detail.ts';
import { topologyOfBatch } from './key-roster.ts';
import { refuse, refuseAloud, refuseUnknownRound } from './refusal.ts';
import {
  batchOf,
  type ClientBatch,
  type ClientEffect,
  type ClientEvent,
  type ClientRound,
  type ClientState,
  type ClientStep,
  withBatch,
} from './state.ts';

const NOTHING = new Uint8Array(0);

export function inputMasked(
  state: ClientState,
  event: Extract<ClientEvent, { kind: 'input-masked' }>,
): ClientStep {
  const { round, self } = state;
  const { digest, length } = event;
  const awaited =
    round?.stage === 'masked-input' ||
    // Sent again, or kept through a lost connection: still the one upload of this round.
    (round?.stage === 'consistency' &&
      (round.uploadDigest === undefined || sameBytes(digest, round.uploadDigest)));
  if (!awaited || !sameBytes(event.roundContext, round.context)) return { state, effects: [] };
  const isNews = round.stage === 'masked-input' || round.uploadDigest === undefined;
  return {
    state: isNews ? { ...state, round: { ...round, stage: 'consistency', uploadDigest: digest } } : state,
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
  const uploads = round?.stage === 'masked-input' || round?.stage === 'consistency';
  if (!uploads || !sameBytes(event.roundContext, round.context)) return { state, effects: [] };
  const detail = clipDetail(event.detail);
  return {
    state: { ...state, round: undefined },
    effects: [
      {
        kind: 'send',
        message: 'refusal',
        body: {
          member,
          round: round.terms.round,
          code: event.refused === true ? 'POLICY_REFUSED' : 'INPUT_FAILED',
          detail,
        },
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

/**
 * Agrees to one survivor set. The same set again gets the same signature; another is refused, and proves that
 * the coordinator signed two.
 */
export function acceptSurvivors(
  crypto: CryptoBackend,
  state: ClientState,
  { body: message, signature: survivorsSignature }: Message<'survivors'>,
): ClientStep {
  const { round, self, roster } = state;
  if (round === undefined || !sameBytes(message.roundContext, round.context)) {
    return refuseUnknownRound(state, 'survivors of another round');
  }
  const { batch, terms } = round;
  const digest = survivorsDigest(crypto, round.context, message.uploads);
  const sign: ClientEffect = {
    kind: 'send',
    message: 'survivors-signature',
    body: { roundContext: round.context, member: self, survivorsDigest: digest },
  };
  if (round.stage === 'unmask' || round.stage === 'released') {
    const same = sameBytes(digest, round.survivorsDigest) && isOpen(state, round);
    const second = {
      kind: 'survivors',
      survivorsDigest: digest,
      maskedSum: NOTHING,
      signature: survivorsSignature,
    } as const;
    return same
      ? { state, effects: [sign] }
      : refuseSecondSet(state, round, second, 'a second survivor set for one key index');
  }
  const ids = message.uploads.map(({ member }) => member);
  if (!ascending(ids)) {
    return refuseAloud(state, 'MALFORMED', 'survivors are not in ascending order', terms.round);
  }
  const participants = new Set(round.participants);
  const length = packedLengthOf(terms);
  for (const { member: id, digest: uploadDigest, signature } of message.uploads) {
    const member = roster.members[id];
    if (member === undefined || !participants.has(id)) {
      return refuseAloud(state, 'NOT_A_MEMBER', `survivor ${id} takes no part in the round`, terms.round);
    }
    const body = { roundContext: round.context, member: id, length, digest: uploadDigest };
    if (!verifyMessage(crypto, member.publicKey, 'upload-end', body, signature)) {
      return refuseAloud(state, 'BAD_SIGNATURE', `upload of ${member.name}`, terms.round);
    }
    if (id === self && (round.uploadDigest === undefined || !sameBytes(uploadDigest, round.uploadDigest))) {
      return refuseAloud(state, 'DIGEST_MISMATCH', 'this member sent another upload', terms.round);
    }
  }
  const floor = belowFloors(roster, batch.terms, ids) ?? loneSurvivor(crypto, state, batch, ids);
  if (floor !== undefined) return refuseAloud(state, 'BELOW_FLOOR', floor, terms.round);
  const agreed: ClientRound = {
    ...round,
    stage: 'unmask',
    survivors: ids,
    survivorsDigest: digest,
    survivorsSignature,
  };
  return {
    state: { ...state, round: agreed },
    effects: [{ kind: 'enter-phase', phase: 'consistency', round: terms.round }, sign],
  };
}

/**
 * Whether a round is not given up: before its release, or with its release given, for as long as the secrets
 * of its batch are kept.
 */
function isOpen(state: ClientState, { stage, batch, terms }: ClientRound): boolean {
  if (batchOf(state, batch.context) === undefined) return false;
  return stage !== 'released' || batch.releasedFor.has(terms.keyIndex);
}

/**
 * On a Harary graph a set whose members fall into parts could be opened part by part. A member of a part
 * keeps too few neighbours beside the cut, so no survivor may have fewer than t surviving neighbours.
 */
function loneSurvivor(
  crypto: CryptoBackend,
  state: ClientState,
  batch: ClientBatch,
  survivors: readonly number[],
): string | undefined {
  if (batch.terms.graph === 'complete') return undefined;
  const topology = topologyOfBatch(crypto, state, batch);
  if (topology === undefined) return 'the graph of this batch cannot be drawn';
  const lone = loneMember(topology, batch.terms.threshold, survivors);
  return lone === undefined
    ? undefined
    : `survivor ${lone} has fewer than ${batch.terms.threshold} surviving neighbours`;
}

function refuseSecondSet(
  state: ClientState,
  { context: roundContext, survivorsDigest: digest, survivorsSignature, terms }: ClientRound,
  second: SignedSurvivors,
  detail: string,
): ClientStep {
  const refused = refuseAloud(state, 'EQUIVOCATION', detail, terms.round);
  const first = {
    kind: 'survivors',
    survivorsDigest: digest,
    maskedSum: NOTHING,
    signature: survivorsSignature,
  } as const;
  if (digest.length === 0 || sameBytes(digest, second.survivorsDigest)) return refused;
  const evidence = { proof: 'two-survivor-sets', roundContext, sets: [first, second] } as const;
  return { state, effects: [...refused.effects, { kind: 'evidence', evidence }] };
}

/**
 * Releases for each owner one secret's share. The same request again gets the same release; after the round
 * was given up there is none.
 */
export function acceptUnmaskRequest(
  crypto: CryptoBackend,
  state: ClientState,
  { body: message, signature }: Message<'unmask-request'>,
): ClientStep {
  const { round } = state;
  if (round === undefined || !sameBytes(message.roundContext, round.context)) {
    return refuseUnknownRound(state, 'unmask request of another round');
  }
  const { batch, terms } = round;
  if (round.stage !== 'unmask' && round.stage !== 'released') {
    return refuse(state, 'WRONG_PHASE', 'unmask request before the survivors');
  }
  if (!sameBytes(message.survivorsDigest, round.survivorsDigest)) {
    const second = {
      kind: 'unmask-request',
      survivorsDigest: message.survivorsDigest,
      maskedSum: message.maskedSum,
      signature,
    } as const;
    return refuseSecondSet(state, round, second, 'unmask request for another survivor set');
  }
  if (!isOpen(state, round)) {
    return refuse(state, 'EQUIVOCATION', 'an unmask request for a key index that is closed');
  }
  const { answered } = round;
  if (answered !== undefined && !sameBytes(message.maskedSum, answered.maskedSum)) {
    return refuseSecondSum(state, round, answered, { maskedSum: message.maskedSum, signature });
  }
  const ids = message.signatures.map(({ member }) => member);
  if (!ascending(ids)) {
    return refuseAloud(state, 'MALFORMED', 'signers are not in ascending order', terms.round);
  }
  const signers = countSigners(crypto, state, round, message.signatures);
  const { threshold } = batch.terms;
  if (signers < threshold) {
    const detail = `${signers} holders signed the survivor set, the threshold is ${threshold}`;
    return refuseAloud(state, 'NOT_ENOUGH_SIGNATURES', detail, terms.round);
  }
  const survivors = new Set(round.survivors);
  const choices = round.participants
    .filter((owner) => batch.dealers.has(owner))
    .map((owner) => ({ owner, kind: survivors.has(owner) ? ('self' as const) : ('pair' as const) }));
  const { keyIndex, dimension, bits } = terms;
  const { maskedSum } = message;
  const challenge = summationChallenge(crypto, round.survivorsDigest, maskedSum);
  const summation = survivors.has(state.self) ? { challenge, dimension, bits } : undefined;
  const { context: roundContext } = round;
  const released = { ...batch, releasedFor: new Set(batch.releasedFor).add(keyIndex) };
  const answering: ClientRound = { ...round, stage: 'released', answered: { maskedSum, signature } };
  return {
    state: answered === undefined ? withBatch({ ...state, round: answering }, released) : state,
    effects: [
      { kind: 'enter-phase', phase: 'unmask', round: terms.round },
      {
        kind: 'release',
        batchContext: batch.context,
        roundContext,
        keyIndex,
        choices,
        maskedSum,
        summation,
      },
    ],
  };
}

/** A member that answered for two masked sums would let the coordinator choose among two challenges. */
function refuseSecondSum(
  state: ClientState,
  { context: roundContext, survivorsDigest: digest, terms }: ClientRound,
  ...requests: readonly [NonNullable<ClientRound['answered']>, NonNullable<ClientRound['answered']>]
): ClientStep {
  const refused = refuseAloud(state, 'EQUIVOCATION', 'a second masked sum for one survivor set', terms.round);
  const [first, second] = requests.map(
    (request) => ({ kind: 'unmask-request', survivorsDigest: digest, ...request }) as const,
  );
  if (first === undefined || second === undefined) return refused;
  const evidence = { proof: 'two-survivor-sets', roundContext, sets: [first, second] } as const;
  return { state: refused.state, effects: [...refused.effects, { kind: 'evidence', evidence }] };
}

/**
 * Participants among the holders of this member's secrets whose signature over its survivor set is good, up to the threshold:
 * more of them entitle to nothing more.
 */
function countSigners(
  crypto: CryptoBackend,
  { roster }: ClientState,
  { batch, participants, context: roundContext, survivorsDigest: digest }: ClientRound,
  signatures: readonly MemberSignature[],
): number {
  const holders = new Set(batch.holders);
  const present = new Set(participants);
  let signers = 0;
  for (const { member: id, signature } of signatures) {
    if (signers === batch.terms.threshold) break;
    const member = roster.members[id];
    const body = { roundContext, member: id, survivorsDigest: digest };
    const isGood =
      member !== undefined &&
      holders.has(id) &&
      present.has(id) &&
      verifyMessage(crypto, member.publicKey, 'survivors-signature', body, signature);
    if (isGood) signers += 1;
  }
  return signers;
}
