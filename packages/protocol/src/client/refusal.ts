import type { RejectionCode } from '../errors.ts';
import type { ClientState, ClientStep } from './state.ts';

/** Drops what the coordinator sent; the state stays as it was. */
export function refuse(state: ClientState, code: RejectionCode, detail: string): ClientStep {
  return { state, effects: [{ kind: 'reject', rejection: { code, from: 'coordinator', detail } }] };
}

/** A refusal that the coordinator is told, so that both sides show the reason. */
export function refuseAloud(
  state: ClientState,
  code: RejectionCode,
  detail: string,
  round: number,
): ClientStep {
  const body = { member: state.self, round, code, detail: detail.slice(0, 400) };
  return {
    state,
    effects: [...refuse(state, code, detail).effects, { kind: 'send', message: 'refusal', body }],
  };
}
