/**
 * A message that is changed and signed again, and what its receiver makes of it: only the check under test
 * can refuse it.
 */
import { expect } from 'vitest';
import type { ClientState, ClientStep } from '../client/state.ts';
import { stepClient } from '../client/step.ts';
import type { CoordinatorEvent, CoordinatorState } from '../coordinator/state.ts';
import { stepCoordinator } from '../coordinator/step.ts';
import type { RejectionCode } from '../errors.ts';
import type { Bodies, Message, MessageKind } from '../messages/index.ts';
import { type Cast, comparable, signed } from './cast.ts';

/**
 * What a step did: all its effects, and whether the state is the one before, or differs in having no round.
 */
export interface Outcome {
  readonly state: 'same' | 'left the round' | 'changed';
  readonly effects: readonly object[];
}

export class ClientTrial {
  readonly #cast: Cast;
  readonly #state: ClientState;
  readonly #message: Message;

  constructor(cast: Cast, state: ClientState, message: Message) {
    this.#cast = cast;
    this.#state = state;
    this.#message = message;
  }

  /** A message that the coordinator signs. */
  static of<K extends MessageKind>(cast: Cast, state: ClientState, kind: K, body: Bodies[K]): ClientTrial {
    const message: unknown = signed(cast, 'coordinator', kind, body);
    return new ClientTrial(cast, state, message as Message);
  }

  take(): ClientStep {
    return stepClient(this.#cast.crypto, this.#state, { kind: 'message', message: this.#message });
  }

  outcome(): Outcome {
    const { state, effects } = this.take();
    if (state === this.#state) return { state: 'same', effects };
    const left = JSON.stringify(comparable({ ...this.#state, round: undefined }));
    return { state: JSON.stringify(comparable(state)) === left ? 'left the round' : 'changed', effects };
  }
}

/** Refused and reported to the member's own log alone; nothing changed. */
export function quietly(code: RejectionCode, detail?: RegExp): Outcome {
  return { state: 'same', effects: [rejection(code, 'coordinator', detail)] };
}

/** Refused, and the coordinator is told; nothing changed, unless the member `leaves` its round. */
export function aloud(
  code: RejectionCode,
  options: { readonly round: number; readonly detail?: RegExp; readonly leaves?: true },
): Outcome {
  const { round, detail, leaves } = options;
  const body = { member: expect.any(Number) as number, round, code, detail: matching(detail) };
  return {
    state: leaves === true ? 'left the round' : 'same',
    effects: [rejection(code, 'coordinator', detail), { kind: 'send', message: 'refusal', body }],
  };
}

export function coordinatorOutcome(cast: Cast, before: CoordinatorState, event: CoordinatorEvent): Outcome {
  const { state, effects } = stepCoordinator(cast.crypto, before, event);
  return { state: state === before ? 'same' : 'changed', effects };
}

/** Refused and reported; nothing changed, so an awaited member is still awaited. */
export function rejected(code: RejectionCode, from: number, detail?: RegExp): Outcome {
  return { state: 'same', effects: [rejection(code, from, detail)] };
}

export function rejection(code: RejectionCode, from: number | 'coordinator', detail?: RegExp): object {
  return { kind: 'reject', rejection: { code, from, detail: matching(detail) } };
}

const matching = (detail: RegExp | undefined): string =>
  (detail === undefined ? expect.any(String) : expect.stringMatching(detail)) as string;
