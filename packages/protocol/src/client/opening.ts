/**
 * The member's side of consistency and unmask: agree to one survivor set, then release for each participant one secret's share, never both.
 *
 * @source Bonawitz et al. 2017, section 6 (active adversary); the rule 2t > H + c keeps either secret of an owner out of
 * reach even where c organisations release whatever they are asked for
 */
import type { CryptoBackend } from '@tributary/crypto';
import type { Survivors, UnmaskRequest } from '../messages/round.ts';
import { survivorsDigest, verifyMessage } from '../signing.ts';
import { packedLengthOf } from '../vector-length.ts';
import { sameBytes } from '../public-bytes.ts';
import { refuse, refuseAloud } from './refusal.ts';
import { ascending, belowFloors } from './setup.ts';
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

export function acceptSurvivors(crypto: CryptoBackend, state: ClientState, message: Survivors): ClientStep {
  const { round, self } = state;
  if (round === undefined || !sameBytes(message.roundContext, round.context)) {
    return refuse(state, 'WRONG_CONTEXT', 'survivors of another round');
  }
  if (round.stage === 'unmask' || round.stage === 'released') {
    return refuse(state, 'EQUIVOCATION', 'a second survivor set for one key index');
  }
  if (round.stage !== 'consistency' && round.stage !== 'masked-input') {
    return refuse(state, 'WRONG_PHASE', 'survivors before the round start');
  }
  const ids = message.uploads.map(({ member }) => member);
  if (!ascending(ids)) return refuse(state, 'MALFORMED', 'survivors are not in ascending order');
  const length = packedLengthOf(round.terms);
  for (const { member: id, digest, signature } of message.uploads) {
    const member = state.roster.members[id];
    if (member === undefined || !round.participants.includes(id)) {
      return refuseAloud(
        state,
        'NOT_A_MEMBER',
        `survivor ${id} takes no part in the round`,
        round.terms.round,
      );
    }
    const body = { roundContext: round.context, member: id, length, digest };
    if (!verifyMessage(crypto, member.publicKey, 'upload-end', body, signature)) {
      return refuseAloud(state, 'BAD_SIGNATURE', `upload of ${member.name}`, round.terms.round);
    }
    if (id === self && (round.uploadDigest === undefined || !sameBytes(digest, round.uploadDigest))) {
      return refuseAloud(state, 'DIGEST_MISMATCH', 'this member sent another upload', round.terms.round);
    }
  }
  const floor = belowFloors(state, ids);
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
    return refuse(state, 'WRONG_CONTEXT', 'unmask request of another round');
  }
  if (round.stage === 'released')
    return refuse(state, 'EQUIVOCATION', 'a second unmask request for one key index');
  if (round.stage !== 'unmask') return refuse(state, 'WRONG_PHASE', 'unmask request before the survivors');
  if (!sameBytes(message.survivorsDigest, round.survivorsDigest)) {
    return refuseAloud(state, 'EQUIVOCATION', 'unmask request for another survivor set', round.terms.round);
  }
  const signers = new Set<number>();
  for (const { member: id, signature } of message.signatures) {
    const member = state.roster.members[id];
    const body = { roundContext: round.context, member: id, survivorsDigest: round.survivorsDigest };
    if (
      member !== undefined &&
      round.participants.includes(id) &&
      verifyMessage(crypto, member.publicKey, 'survivors-signature', body, signature)
    ) {
      signers.add(id);
    }
  }
  if (signers.size < batch.terms.threshold) {
    return refuseAloud(
      state,
      'NOT_ENOUGH_SIGNATURES',
      `${signers.size} members signed the survivor set, the threshold is ${batch.terms.threshold}`,
      round.terms.round,
    );
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
