/** What all phases share: entering one, dropping a member from it, refusing a message, aborting the round. */
import type { RejectionCode } from '../errors.ts';
import type { RoundTerms } from '../messages/terms.ts';
import { countOrganisations } from '../roster.ts';
import type {
  AbortCode,
  CoordinatorEffect,
  CoordinatorPhase,
  CoordinatorState,
  CoordinatorStep,
  DropReason,
  Phase,
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

/** The floor that `members` fall below, as a sentence, or undefined. */
export function belowFloors(
  state: CoordinatorState,
  terms: { readonly minSurvivors: number; readonly minCohort: number },
  members: readonly number[],
  awaited: readonly number[],
): string | undefined {
  const missing = awaited
    .filter((id) => !members.includes(id))
    .map((id) => state.roster.members[id]?.name ?? id);
  const lost = missing.length > 0 ? `; missing: ${missing.join(', ')}` : '';
  if (members.length < terms.minSurvivors) {
    return `${members.length} of ${awaited.length} members are left, ${terms.minSurvivors} are needed${lost}`;
  }
  const organisations = countOrganisations(state.roster, members);
  if (organisations < terms.minCohort) {
    return `members of ${organisations} organisations are left, ${terms.minCohort} are needed${lost}`;
  }
  return undefined;
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
        body: { batchContext, keyIndex, phase, code, detail: detail.slice(0, 400) },
      },
      { kind: 'round-aborted', terms, phase, code, detail, survivors },
    ],
  };
}
