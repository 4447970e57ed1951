/** Asking again: what a member that comes back is still awaited with, and how a process goes on from its log. */
import { abortNotice } from './attempts.ts';
import { complaintsTo } from './complaints.ts';
import { survivorsMessage } from './consistency.ts';
import { unmaskRequests } from './opening.ts';
import { deadlineOf, nextPhaseNumber, sortedKeys, startDeadline, without } from './phases.ts';
import { keyRosters } from './setup.ts';
import { heldSharesFor } from './sharing.ts';
import type { CoordinatorEffect, CoordinatorState, CoordinatorStep } from './state.ts';

/**
 * Whoever has a session is asked what it is awaited with, and gets the shares and complaints that it may have
 * missed.
 */
export function memberJoined(state: CoordinatorState, member: number): CoordinatorStep {
  const inBatches = state.batches
    .filter(({ dealt }) => dealt.has(member))
    .flatMap((batch) => [heldSharesFor(batch, member), ...complaintsTo(batch, member)]);
  const { present, returning } = state;
  return {
    state: { ...state, present: new Set(present).add(member), returning: without(returning, member) },
    effects: [...askedInSetup(state, member), ...inBatches, ...askedInRound(state, member)],
  };
}

function askedInSetup({ setup }: CoordinatorState, member: number): CoordinatorEffect[] {
  if (setup.kind === 'idle' || !setup.waiting.has(member)) return [];
  switch (setup.kind) {
    case 'advertise-keys':
      return [{ kind: 'send', to: [member], message: 'batch-start', body: setup.terms }];
    case 'draw': {
      const { context: batchContext, members, commitments } = setup;
      const body = { batchContext, members, commitments };
      return [{ kind: 'send', to: [member], message: 'draw-request', body }];
    }
    case 'share-keys':
      return keyRosters(setup, [member]);
  }
}

function askedInRound(state: CoordinatorState, member: number): CoordinatorEffect[] {
  const { phase } = state;
  if (!('waiting' in phase) || !phase.waiting.has(member)) return [];
  switch (phase.kind) {
    case 'ready': {
      const { terms, promises } = phase;
      return [{ kind: 'send', to: [member], message: 'round-announce', body: { terms, promises } }];
    }
    case 'masked-input': {
      const { termsDigest, ready } = phase.round;
      return [{ kind: 'send', to: [member], message: 'round-start', body: { termsDigest, ready } }];
    }
    case 'consistency':
      return [survivorsMessage(phase, [member])];
    case 'unmask':
      return unmaskRequests(phase, [member]);
    case 'promises':
      return [abortNotice(state, phase.terms, phase.failure, 'promise', [member])];
  }
}

/**
 * The process begins anew from its log: nobody has a session, everybody is awaited as before, deadlines start
 * again, and what was being added or opened is so once more. Who had answered counts as there until a deadline
 * passes: no phase is to close on the few that are back first.
 */
export function restarted(state: CoordinatorState): CoordinatorStep {
  const returning = new Set([...state.returning, ...state.present]);
  const alone = { ...state, present: new Set<number>(), returning };
  const inSetup = state.setup.kind === 'idle' ? alone : nextPhaseNumber(alone, 'setup');
  const inRound = state.phase.kind === 'idle' ? inSetup : nextPhaseNumber(inSetup, 'round');
  return { state: inRound, effects: [...setupEffects(inRound), ...roundEffects(inRound)] };
}

function setupEffects(state: CoordinatorState): CoordinatorEffect[] {
  const { setup } = state;
  return setup.kind === 'idle' ? [] : [startDeadline(state, 'setup', setup.deadlineMs)];
}

function roundEffects(state: CoordinatorState): CoordinatorEffect[] {
  const { phase } = state;
  const deadline = startDeadline(state, 'round', deadlineOf(phase));
  switch (phase.kind) {
    case 'idle':
      return [];
    case 'ready':
    case 'promises':
      return [deadline];
    case 'masked-input': {
      const { round, added, adding } = phase;
      const roundContext = round.context;
      return [
        { kind: 'open-accumulator', round, restore: sortedKeys(added) },
        ...sortedKeys(adding).map((member) => ({ kind: 'add-input', member, roundContext }) as const),
        deadline,
      ];
    }
    case 'summing':
    case 'consistency':
    case 'unmask':
    case 'opening': {
      const { round } = phase;
      const restore = phase.survivors.map(({ member }) => member);
      const accumulator = { kind: 'open-accumulator', round, restore } as const;
      if (phase.kind === 'summing') return [accumulator, { kind: 'keep-masked-sum', round }];
      return phase.kind === 'opening'
        ? [accumulator, { kind: 'unmask', round, request: phase.request }]
        : [accumulator, deadline];
    }
  }
}
