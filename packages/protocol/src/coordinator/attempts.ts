/**
 * The end of an attempt without a sum. Where uploads were made, members that released nothing are asked to
 * sign that they never will: with enough of those signatures the round may be tried again, because what was
 * uploaded can then not be opened by anybody.
 */
import type { Message } from '../messages/index.ts';
import type { RoundTerms } from '../messages/terms.ts';
import { MAX_PROMISES } from '../messages/round.ts';
import { promisesNeeded } from '../parameters/batch-rules.ts';
import { sameBytes } from '../public-bytes.ts';
import { clipDetail } from '../wire/detail.ts';
import { holdersIn } from './batch-graph.ts';
import {
  andThen,
  enterPhase,
  everybody,
  isThere,
  nextPhaseNumber,
  reject,
  sortedKeys,
  without,
  withEntry,
} from './phases.ts';
import type {
  CoordinatorEffect,
  CoordinatorPhase,
  CoordinatorState,
  CoordinatorStep,
  Failure,
  OpenBatch,
  RoundInProgress,
} from './state.ts';

type PromisesPhase = Extract<CoordinatorPhase, { kind: 'promises' }>;

/** Ends an attempt in which nobody uploaded: it may be tried again at once. */
export function abortBeforeUpload(
  state: CoordinatorState,
  terms: RoundTerms,
  { terms: { maxAttempts } }: OpenBatch,
  failure: Failure,
  effects: readonly CoordinatorEffect[],
): CoordinatorStep {
  return endAttempt(state, terms, failure, terms.attempt < maxAttempts, [
    ...effects,
    abortNotice(state, terms, failure, 'nothing'),
  ]);
}

/** Ends an attempt whose key index is burnt and whose uploads were made. */
export function abortRound(
  state: CoordinatorState,
  round: RoundInProgress,
  failure: Failure,
  effects: readonly CoordinatorEffect[],
): CoordinatorStep {
  const { terms, batch, context } = round;
  const closing: CoordinatorEffect[] = [...effects, { kind: 'close-accumulator', roundContext: context }];
  const isLast = terms.attempt >= batch.terms.maxAttempts;
  // With noise each attempt is charged on its own, so no promise is needed.
  if (isLast || terms.privacy.length > 0) {
    const notice = abortNotice(state, terms, failure, 'nothing');
    return endAttempt(state, terms, failure, !isLast, [...closing, notice]);
  }
  const released = 'releases' in state.phase ? state.phase.releases : new Map<number, unknown>();
  const phase: PromisesPhase = {
    kind: 'promises',
    round,
    failure,
    promises: new Map(),
    // Who released has nothing to promise.
    waiting: new Set(sortedKeys(batch.dealt).filter((id) => isThere(state, id) && !released.has(id))),
  };
  const step = enterPhase(state, phase, [...closing, abortNotice(state, terms, failure, 'promise')]);
  return andThen(step, closePromisesIfDone);
}

export function abortNotice(
  state: CoordinatorState,
  { batchContext, keyIndex }: RoundTerms,
  { phase, code, detail }: Failure,
  asks: 'nothing' | 'promise',
  to: readonly number[] = everybody(state),
): CoordinatorEffect {
  const body = { batchContext, keyIndex, phase, code, detail: clipDetail(detail), asks };
  return { kind: 'send', to, message: 'round-aborted', body };
}

function endAttempt(
  state: CoordinatorState,
  terms: RoundTerms,
  failure: Failure,
  retryable: boolean,
  effects: readonly CoordinatorEffect[],
): CoordinatorStep {
  return {
    state: nextPhaseNumber({ ...state, phase: { kind: 'idle' } }, 'round'),
    effects: [...effects, { kind: 'round-aborted', terms, ...failure, retryable }],
  };
}

export function acceptNothingReleased(
  state: CoordinatorState,
  phase: PromisesPhase,
  from: number,
  { body, signature }: Message<'nothing-released'>,
): CoordinatorStep {
  const { terms } = phase.round;
  if (!sameBytes(body.batchContext, terms.batchContext) || body.keyIndex !== terms.keyIndex) {
    return reject(state, from, 'WRONG_CONTEXT', 'promise about another key index');
  }
  const promises = withEntry(phase.promises, from, signature);
  return closePromisesIfDone({
    ...state,
    phase: { ...phase, promises, waiting: without(phase.waiting, from) },
  });
}

export function closePromisesIfDone(state: CoordinatorState): CoordinatorStep {
  const { phase } = state;
  return phase.kind === 'promises' && phase.waiting.size === 0
    ? closePromises(state, phase)
    : { state, effects: [] };
}

/** Who released gives no promise, so the phase often ends at its deadline: nobody is late in it. */
export function closePromises(
  state: CoordinatorState,
  { round, failure, promises }: PromisesPhase,
): CoordinatorStep {
  const { terms } = round;
  const signatures = sortedKeys(promises).map((member) => ({
    member,
    signature: promises.get(member) as Uint8Array,
  }));
  const { failedAttempts: before } = state;
  const earlier = before?.round === terms.round ? before.promises : [];
  const failedAttempts = {
    round: terms.round,
    promises: [...signatures, ...earlier].slice(0, MAX_PROMISES),
  };
  const safe = mayContributeAgain(state, round, new Set(promises.keys()));
  return endAttempt({ ...state, failedAttempts }, terms, failure, safe, []);
}

/** Whether as many members as a sum needs would find their first upload beyond opening. */
function mayContributeAgain(
  { roster }: CoordinatorState,
  { batch, participants }: RoundInProgress,
  promised: ReadonlySet<number>,
): boolean {
  const { terms } = batch;
  const needed = promisesNeeded(roster, terms);
  const safe = participants.filter(
    (id) => holdersIn(batch, id).filter((holder) => promised.has(holder)).length >= needed,
  );
  return safe.length >= terms.minSurvivors;
}
