/**
 * The coordinator's machine: `step(state, event) -> { state, effects }`. It orders phases, verifies what
 * members send, and goes on without whoever is lost, down to the floors. It never sees a vector, only digests
 * and lengths. Setup is a lane of its own: the next batch is prepared while rounds of the present one go on.
 */
import type { CryptoBackend } from '@tributary/crypto';
import { ProtocolError } from '../errors.ts';
import type { Roster } from '../roster.ts';
import { memberJoined, restarted } from './asking.ts';
import { acceptMessage, acceptUpload } from './dispatch.ts';
import { maskedSumKept } from './consistency.ts';
import { closeLate, dropMember } from './lanes.ts';
import { sumNotOpened, sumOpened } from './opening.ts';
import { without } from './phases.ts';
import { dropUpload, inputAdded, requestRound } from './round.ts';
import { requestBatch } from './setup.ts';
import type { CoordinatorEvent, CoordinatorState, CoordinatorStep } from './state.ts';

export function startCoordinator(roster: Roster, run: Uint8Array): CoordinatorState {
  return {
    roster,
    run,
    present: new Set(),
    returning: new Set(),
    batches: [],
    setup: { kind: 'idle' },
    phase: { kind: 'idle' },
    phaseNumbers: { setup: 0, round: 0 },
    failedAttempts: undefined,
    culprits: new Set(),
  };
}

/** @throws ProtocolError UNEXPECTED_EVENT where a batch or round is requested before the last has ended */
export function stepCoordinator(
  crypto: CryptoBackend,
  state: CoordinatorState,
  event: CoordinatorEvent,
): CoordinatorStep {
  const { phase } = state;
  switch (event.kind) {
    case 'member-joined':
      return memberJoined(state, event.member);
    case 'member-lost': {
      const { present, returning } = state;
      const left = {
        ...state,
        present: without(present, event.member),
        returning: without(returning, event.member),
      };
      return dropMember(crypto, left, event.member, 'disconnected-in-phase', '');
    }
    case 'batch-requested':
      requireIdle(state.setup.kind, event.kind);
      return requestBatch(crypto, state, event.terms, event.deadlineMs);
    case 'round-requested':
      requireIdle(phase.kind, event.kind);
      return requestRound(crypto, state, event.terms);
    case 'message':
      return acceptMessage(crypto, state, event.from, event.message);
    case 'upload-spooled':
      return acceptUpload(crypto, state, event);
    case 'upload-failed':
      if (phase.kind !== 'masked-input' || !phase.waiting.has(event.from)) return { state, effects: [] };
      return dropUpload(crypto, state, phase, event.from, 'LENGTH_MISMATCH', event.detail);
    case 'input-added':
      return phase.kind === 'masked-input' ? inputAdded(crypto, state, phase, event) : { state, effects: [] };
    case 'masked-sum-kept':
      return phase.kind === 'summing' ? maskedSumKept(crypto, state, phase, event) : { state, effects: [] };
    case 'sum-opened':
      return phase.kind === 'opening' ? sumOpened(crypto, state, phase, event) : { state, effects: [] };
    case 'sum-not-opened':
      return phase.kind === 'opening' ? sumNotOpened(crypto, state, phase, event) : { state, effects: [] };
    case 'deadline':
      return event.phaseNumber === state.phaseNumbers[event.lane]
        ? closeLate(crypto, { ...state, returning: new Set() }, event.lane)
        : { state, effects: [] };
    case 'restarted':
      return restarted(state);
  }
}

function requireIdle(kind: string, event: string): void {
  if (kind !== 'idle') {
    throw new ProtocolError('UNEXPECTED_EVENT', `${event} in phase ${kind}: wait for its end`);
  }
}
