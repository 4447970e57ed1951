/** What all phases share: entering one, dropping a member from it, refusing a message. */
import type { RejectionCode } from '../errors.ts';
import type { BatchTerms } from '../messages/terms.ts';
import { belowFloors } from '../parameters/batch-rules.ts';
import type {
  AcceptedMessage,
  CoordinatorEffect,
  CoordinatorPhase,
  CoordinatorState,
  CoordinatorStep,
  DropReason,
  Lane,
  Phase,
  RoundInProgress,
  SetupPhase,
} from './state.ts';

/** The phase of a round, as people know it. */
export function phaseName(phase: CoordinatorPhase): Phase {
  switch (phase.kind) {
    case 'idle':
      return 'ready';
    case 'summing':
      return 'masked-input';
    case 'opening':
      return 'unmask';
    case 'promises':
      return phase.failure.phase;
    case 'ready':
    case 'masked-input':
    case 'consistency':
    case 'unmask':
      return phase.kind;
  }
}

/** For releases beyond those that open the sum. */
const LAST_RELEASES_MS = 2000;

/** How long a phase of a round lasts, by the terms that all signed. */
export function deadlineOf(phase: CoordinatorPhase): number {
  switch (phase.kind) {
    case 'ready':
      return phase.terms.deadlines.ready;
    case 'masked-input':
      return phase.round.terms.deadlines.maskedInput;
    case 'consistency':
      return phase.round.terms.deadlines.consistency;
    case 'promises':
      return phase.terms.deadlines.consistency;
    case 'unmask': {
      const { unmask } = phase.round.terms.deadlines;
      return phase.sufficed ? Math.min(LAST_RELEASES_MS, unmask) : unmask;
    }
    case 'idle':
    case 'summing':
    case 'opening':
      return 0;
  }
}

export function enterPhase(
  state: CoordinatorState,
  phase: Exclude<CoordinatorPhase, { kind: 'idle' | 'summing' | 'opening' }>,
  effects: readonly CoordinatorEffect[],
): CoordinatorStep {
  const { round } = 'terms' in phase ? phase.terms : phase.round.terms;
  const entered = nextPhaseNumber({ ...state, phase }, 'round');
  return {
    state: entered,
    effects: [
      { kind: 'enter-phase', phase: phaseName(phase), round, awaiting: phase.waiting.size },
      ...effects.map((effect) => toThosePresent(state, effect)),
      startDeadline(entered, 'round', deadlineOf(phase)),
    ],
  };
}

export function enterSetup(
  state: CoordinatorState,
  setup: Exclude<SetupPhase, { kind: 'idle' }>,
  effects: readonly CoordinatorEffect[],
): CoordinatorStep {
  const entered = nextPhaseNumber({ ...state, setup }, 'setup');
  return {
    state: entered,
    effects: [
      { kind: 'enter-phase', phase: 'setup', round: 0, awaiting: setup.waiting.size },
      ...effects.map((effect) => toThosePresent(state, effect)),
      startDeadline(entered, 'setup', setup.deadlineMs),
    ],
  };
}

/** Whoever is still to come back is asked when it does. */
function toThosePresent({ present }: CoordinatorState, effect: CoordinatorEffect): CoordinatorEffect {
  return effect.kind === 'send' ? { ...effect, to: effect.to.filter((id) => present.has(id)) } : effect;
}

/** Whether a member has a session, or is expected to have one again. */
export function isThere({ present, returning }: CoordinatorState, member: number): boolean {
  return present.has(member) || returning.has(member);
}

export function startDeadline({ phaseNumbers }: CoordinatorState, lane: Lane, ms: number): CoordinatorEffect {
  return { kind: 'start-deadline', lane, phaseNumber: phaseNumbers[lane], ms };
}

/** A deadline that was set for the phase before has no meaning any more. */
export function nextPhaseNumber(state: CoordinatorState, lane: Lane): CoordinatorState {
  const { phaseNumbers } = state;
  return { ...state, phaseNumbers: { ...phaseNumbers, [lane]: phaseNumbers[lane] + 1 } };
}

export function reject(
  state: CoordinatorState,
  from: number,
  code: RejectionCode,
  detail: string,
): CoordinatorStep {
  return { state, effects: [{ kind: 'reject', rejection: { code, from, detail } }] };
}

/** For the audit log. */
export function accepted(message: AcceptedMessage, refused: readonly number[] = []): CoordinatorEffect {
  return { kind: 'accept', message, refused };
}

export function dropEffect(phase: Phase, member: number, reason: DropReason, detail = ''): CoordinatorEffect {
  return { kind: 'drop', drop: { member, reason, phase, detail } };
}

export function without<T>(set: ReadonlySet<T>, item: T): ReadonlySet<T> {
  const copy = new Set(set);
  copy.delete(item);
  return copy;
}

export function withEntry<K, V>(map: ReadonlyMap<K, V>, key: K, value: V): ReadonlyMap<K, V> {
  return new Map(map).set(key, value);
}

export function sortedKeys(map: ReadonlyMap<number, unknown>): number[] {
  return [...map.keys()].toSorted((a, b) => a - b);
}

/** Runs `close` on the state of `step` and joins the effects. */
export function andThen(
  step: CoordinatorStep,
  close: (state: CoordinatorState) => CoordinatorStep,
): CoordinatorStep {
  const next = close(step.state);
  return { state: next.state, effects: [...step.effects, ...next.effects] };
}

/** `; missing: ` and the names of those of `awaited` that are not in `members`; empty where nobody is. */
export function missingNames(
  state: CoordinatorState,
  awaited: readonly number[],
  members: ReadonlySet<number>,
): string {
  const missing = awaited.filter((id) => !members.has(id));
  return missing.length === 0 ? '' : `; missing: ${namesOf(state, missing)}`;
}

const MAX_NAMES = 8;

export function namesOf(state: CoordinatorState, ids: readonly number[]): string {
  const names = ids.slice(0, MAX_NAMES).map((id) => state.roster.members[id]?.name ?? String(id));
  const more = ids.length - names.length;
  return names.join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** The floor that `members` fall below, with who of `awaited` is missing, or undefined. */
export function floorFault(
  state: CoordinatorState,
  terms: BatchTerms,
  members: readonly number[],
  awaited: readonly number[],
): string | undefined {
  const floor = belowFloors(state.roster, terms, members);
  return floor === undefined ? undefined : floor + missingNames(state, awaited, new Set(members));
}

/** Splits members into those that are there and, as effects, those that were lost after they had answered. */
export function presentOf(
  state: CoordinatorState,
  members: readonly number[],
  phase: Phase,
): { readonly present: readonly number[]; readonly lost: readonly CoordinatorEffect[] } {
  return {
    present: members.filter((id) => isThere(state, id)),
    lost: members
      .filter((id) => !isThere(state, id))
      .map((id) => dropEffect(phase, id, 'disconnected-in-phase')),
  };
}

export function everybody({ present }: CoordinatorState): number[] {
  return [...present].toSorted((a, b) => a - b);
}

/**
 * Participants that can still sign and release. A member whose upload was lost is one of them: it holds
 * shares of the others, and may be back by now.
 */
export function askable(state: CoordinatorState, { participants, refused }: RoundInProgress): number[] {
  return participants.filter((id) => isThere(state, id) && !refused.has(id));
}
