/** A machine's state from the events it took: every event is stepped again, and no effect is carried out. */
import type { CryptoBackend } from '@tributary/crypto';
import type { ClientEffect, ClientEvent, ClientState } from '../client/state.ts';
import { stepClient } from '../client/step.ts';
import type { CoordinatorEffect, CoordinatorEvent, CoordinatorState } from '../coordinator/state.ts';
import { stepCoordinator } from '../coordinator/step.ts';

/**
 * @param start as `startClient` gave it
 * @param events in the order in which they were taken; those that changed nothing may be missing
 * @param observe sees what each event asked for
 */
export function replayClient(
  crypto: CryptoBackend,
  start: ClientState,
  events: Iterable<ClientEvent>,
  observe?: (effect: ClientEffect) => void,
): ClientState {
  return replay((state, event) => stepClient(crypto, state, event), start, events, observe);
}

/** As `replayClient`, from what `startCoordinator` gave. */
export function replayCoordinator(
  crypto: CryptoBackend,
  start: CoordinatorState,
  events: Iterable<CoordinatorEvent>,
  observe?: (effect: CoordinatorEffect) => void,
): CoordinatorState {
  return replay((state, event) => stepCoordinator(crypto, state, event), start, events, observe);
}

function replay<State, Event, Effect>(
  step: (state: State, event: Event) => { readonly state: State; readonly effects: readonly Effect[] },
  start: State,
  events: Iterable<Event>,
  observe: ((effect: Effect) => void) | undefined,
): State {
  let state = start;
  for (const event of events) {
    const { state: next, effects } = step(state, event);
    state = next;
    if (observe !== undefined) effects.forEach(observe);
  }
  return state;
}
