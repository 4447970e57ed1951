/** What all phases share: entering one, dropping a member from it, refusing a message, aborting the round. */
import type { RejectionCode } from '../errors.ts';
import type { BatchTerms, RoundTerms } from '../messages/terms.ts';
import { belowFloors } from '../parameters/batch-rules.ts';
import { clipDetail } from '../wire/detail.ts';
import type {
  AbortCode,
  CoordinatorEffect,
  CoordinatorPhase,
  CoordinatorState,
  CoordinatorStep,
  DropReason,
  Phase,
  RoundInProgress,
} from './state.ts';

export function phaseName(phase: CoordinatorPhase): Phase {
  switch (phase.kind) {
    case 'idle':
    case 'advertise-keys':
    case 'share-keys':
      return 'setup';
    case 'opening':
      return 'unmask';
    case 'ready':
    case 'masked-input':
    case 'consistency':
    case 'unmask':
      return phase.kind;
  }
}

export function enterPhase(
  state: CoordinatorState,
  phase: CoordinatorPhase,
  options: { readonly round: number; readonly deadlineMs: number },
  effects: readonly CoordinatorEffect[],
): CoordinatorStep {
  const phaseNumber = state.phaseNumber + 1;
  const awaiting = 'waiting' in phase ? phase.waiting.size : 0;
  return {
    state: { ...state, phase, phaseNumber },
    effects: [
      { kind: 'enter-phase', phase: phaseName(phase), round: options.round, awaiting },
      ...effects,
      { kind: 'start-deadline', phaseNumber, ms: options.deadlineMs },
    ],
  };
}

export function reject(
  state: CoordinatorState,
  from: number,
  code: RejectionCode,
  detail: string,
): CoordinatorStep {
  return { state, effects: [{ kind: 'reject', rejection: { code, from, detail } }] };
}

export function dropEffect(
  phase: CoordinatorPhase,
  member: number,
  reason: DropReason,
  detail = '',
): CoordinatorEffect {
  return { kind: 'drop', drop: { member, reason, phase: phaseName(phase), detail } };
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

export function namesOf(state: CoordinatorState, ids: readonly number[]): string {
  return ids.map((id) => state.roster.members[id]?.name ?? String(id)).join(', ');
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

/** Splits members into those with a session and, as effects, those that were lost after they had answered. */
export function presentOf(
  state: CoordinatorState,
  members: readonly number[],
): { readonly present: readonly number[]; readonly lost: readonly CoordinatorEffect[] } {
  return {
    present: members.filter((id) => state.present.has(id)),
    lost: members
      .filter((id) => !state.present.has(id))
      .map((id) => dropEffect(state.phase, id, 'disconnected-in-phase')),
  };
}

/**
 * Participants that can still sign and release. A member whose upload was lost is one of them: it holds
 * shares of the others, and may be back by now.
 */
export function askable(state: CoordinatorState, { participants, refused }: RoundInProgress): number[] {
  return participants.filter((id) => state.present.has(id) && !refused.has(id));
}

/** Ends the attempt without a sum. Its key index is burnt; nothing of it is used again. */
export function abortRound(
  state: CoordinatorState,
  terms: RoundTerms,
  phase: Phase,
  code: AbortCode,
  detail: string,
  survivors: readonly number[] = [],
  effects: readonly CoordinatorEffect[] = [],
): CoordinatorStep {
  const to = [...state.present].toSorted((a, b) => a - b);
  const { batchContext, keyIndex } = terms;
  return {
    state: { ...state, phase: { kind: 'idle' }, phaseNumber: state.phaseNumber + 1 },
    effects: [
      ...effects,
      {
        kind: 'send',
        to,
        message: 'round-aborted',
        body: { batchContext, keyIndex, phase, code, detail: clipDetail(detail) },
      },
      { kind: 'round-aborted', terms, phase, code, detail, survivors },
    ],
  };
}
