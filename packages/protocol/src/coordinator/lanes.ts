/** The two lanes, setup and rounds: how each goes on when a member drops out of it, or its deadline passes. */
import type { CryptoBackend } from '@tributary/crypto';
import { closePromises, closePromisesIfDone } from './attempts.ts';
import { closeConsistency, closeConsistencyIfDone } from './consistency.ts';
import { closeUnmask, closeUnmaskIfDone } from './opening.ts';
import { andThen, dropEffect, phaseName, without } from './phases.ts';
import { closeInputIfDone, closeReady, closeReadyIfDone, inputDeadline } from './round.ts';
import { closeAdvertise, closeAdvertiseIfDone, closeDraw, closeDrawIfDone } from './setup.ts';
import { closeShares, closeSharesIfDone } from './sharing.ts';
import type { CoordinatorState, CoordinatorStep, DropReason, Lane } from './state.ts';

/** A member is out of the present phase of both lanes. */
export function dropMember(
  crypto: CryptoBackend,
  state: CoordinatorState,
  member: number,
  reason: DropReason,
  detail: string,
): CoordinatorStep {
  return andThen(dropFromLane(crypto, state, 'setup', member, reason, detail), (next) =>
    dropFromLane(crypto, next, 'round', member, reason, detail),
  );
}

/** A member is out of the present phase: it goes on without it, or closes if it was the last one awaited. */
export function dropFromLane(
  crypto: CryptoBackend,
  state: CoordinatorState,
  lane: Lane,
  member: number,
  reason: DropReason,
  detail: string,
): CoordinatorStep {
  const { phase, setup } = state;
  if (lane === 'setup') {
    if (setup.kind === 'idle' || !setup.waiting.has(member)) return { state, effects: [] };
    const next = { ...state, setup: { ...setup, waiting: without(setup.waiting, member) } };
    return andThen({ state: next, effects: [dropEffect('setup', member, reason, detail)] }, (after) =>
      closeSetupIfDone(crypto, after),
    );
  }
  if (!('waiting' in phase) || !phase.waiting.has(member)) return { state, effects: [] };
  const next = { ...state, phase: { ...phase, waiting: without(phase.waiting, member) } };
  const drop = dropEffect(phaseName(phase), member, reason, detail);
  const effects =
    phase.kind === 'masked-input'
      ? [drop, { kind: 'discard-input' as const, member, roundContext: phase.round.context }]
      : [drop];
  return andThen({ state: next, effects }, (after) => closeRoundIfDone(crypto, after));
}

function closeSetupIfDone(crypto: CryptoBackend, state: CoordinatorState): CoordinatorStep {
  switch (state.setup.kind) {
    case 'advertise-keys':
      return closeAdvertiseIfDone(crypto, state);
    case 'draw':
      return closeDrawIfDone(crypto, state);
    case 'share-keys':
      return closeSharesIfDone(state);
    case 'idle':
      return { state, effects: [] };
  }
}

function closeRoundIfDone(crypto: CryptoBackend, state: CoordinatorState): CoordinatorStep {
  switch (state.phase.kind) {
    case 'ready':
      return closeReadyIfDone(crypto, state);
    case 'masked-input':
      return closeInputIfDone(crypto, state);
    case 'consistency':
      return closeConsistencyIfDone(state);
    case 'unmask':
      return closeUnmaskIfDone(state);
    case 'promises':
      return closePromisesIfDone(state);
    case 'idle':
    case 'summing':
    case 'opening':
      return { state, effects: [] };
  }
}

/** The deadline of a lane's present phase has passed. */
export function closeLate(crypto: CryptoBackend, state: CoordinatorState, lane: Lane): CoordinatorStep {
  const { setup, phase } = state;
  if (lane === 'setup') {
    switch (setup.kind) {
      case 'advertise-keys':
        return closeAdvertise(crypto, state, setup);
      case 'draw':
        return closeDraw(crypto, state, setup);
      case 'share-keys':
        return closeShares(state, setup);
      case 'idle':
        return { state, effects: [] };
    }
  }
  switch (phase.kind) {
    case 'ready':
      return closeReady(crypto, state, phase);
    case 'masked-input':
      return inputDeadline(crypto, state, phase);
    case 'consistency':
      return closeConsistency(state, phase);
    case 'unmask':
      return closeUnmask(state, phase);
    case 'promises':
      return closePromises(state, phase);
    case 'idle':
    case 'summing':
    case 'opening':
      return { state, effects: [] };
  }
}
