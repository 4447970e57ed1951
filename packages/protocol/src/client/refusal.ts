/** How a member declines: what fails a check is reported and changes nothing. */
import type { RejectionCode } from '../errors.ts';
import { clipDetail } from '../wire/detail.ts';
import type { ClientState, ClientStep } from './state.ts';

/** Drops what the coordinator sent; the state stays as it was. */
export function refuse(state: ClientState, code: RejectionCode, detail: string): ClientStep {
  return { state, effects: [{ kind: 'reject', rejection: { code, from: 'coordinator', detail } }] };
}

/**
 * A refusal that the coordinator is told, so that both sides show the reason and no phase waits for this
 * member.
 * @param round the round it is about; 0 in setup
 */
export function refuseAloud(
  state: ClientState,
  code: RejectionCode,
  detail: string,
  round: number,
): ClientStep {
  const body = { member: state.self, round, code, detail: clipDetail(detail) };
  return {
    state,
    effects: [...refuse(state, code, detail).effects, { kind: 'send', message: 'refusal', body }],
  };
}

/**
 * Refuses a message of a round that this member does not know. A member without a round, after a restart or
 * after it left the round, or one that missed the round start, is awaited in vain and says so; one that is in
 * another round got a stale message.
 */
export function refuseUnknownRound(state: ClientState, detail: string): ClientStep {
  const { round, expected } = state;
  return round === undefined || round.participants.length === 0
    ? refuseAloud(state, 'WRONG_CONTEXT', detail, round?.terms.round ?? expected?.round ?? 0)
    : refuse(state, 'WRONG_CONTEXT', detail);
}
