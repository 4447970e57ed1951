/**
 * The end of an attempt without a sum. Where uploads were made, members that released nothing are asked to
 * sign that they never will: with enough of those signatures what was uploaded can be opened by nobody. Without
 * noise only then may the round be tried again; with noise the attempt gives back what was reserved for it.
 */
import type { Message } from '../messages/index.ts';
import type { RoundTerms } from '../messages/terms.ts';
import { MAX_PROMISES } from '../messages/round.ts';
import { sealedOwners } from '../promises.ts';
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

/**
 * Ends an attempt in which nobody uploaded: it may be tried again at once. With noise members are asked for promises all
 * the same: that nobody was asked to upload is only the coordinator's word, and the attempt is reserved in the log.
 */
export function abortBeforeUpload(
  state: CoordinatorState,
  terms: RoundTerms,
  batch: OpenBatch,
  failure: Failure,
  effects: readonly CoordinatorEffect[],
): CoordinatorStep {
  const isLast = terms.attempt >= batch.terms.maxAttempts;
  if (!isLast && terms.privacy.length > 0) {
    return askForPromises(state, { terms, batch, owners: batch.terms.cohort }, failure, effects);
  }
  const notice = abortNotice(state, terms, failure, 'nothing');
  return endAttempt(state, terms, failure, { retryable: !isLast, isVoid: false }, [...effects, notice]);
}

/** Ends an attempt whose key index is burnt and whose uploads were made. */
export function abortRound(
  state: CoordinatorState,
  round: RoundInProgress,
  failure: Failure,
  effects: readonly CoordinatorEffect[],
): CoordinatorStep {
  const { terms, batch, participants: owners, context } = round;
  const closing: CoordinatorEffect[] = [...effects, { kind: 'close-accumulator', roundContext: context }];
  if (terms.attempt >= batch.terms.maxAttempts) {
    // No announcement follows that could bring promises to anybody.
    const notice = abortNotice(state, terms, failure, 'nothing');
    return endAttempt(state, terms, failure, { retryable: false, isVoid: false }, [...closing, notice]);
  }
  return askForPromises(state, { terms, batch, owners }, failure, closing);
}

function askForPromises(
  state: CoordinatorState,
  attempt: Pick<PromisesPhase, 'terms' | 'batch' | 'owners'>,
  failure: Failure,
  effects: readonly CoordinatorEffect[],
): CoordinatorStep {
  const released = 'releases' in state.phase ? state.phase.releases : new Map<number, unknown>();
  const dealers = sortedKeys(attempt.batch.dealt);
  const phase: PromisesPhase = {
    kind: 'promises',
    ...attempt,
    failure,
    promises: new Map(),
    // Who released has nothing to promise, and who cheated is not listened to.
    waiting: new Set(
      dealers.filter((id) => isThere(state, id) && !released.has(id) && !state.culprits.has(id)),
    ),
  };
  const notice = abortNotice(state, attempt.terms, failure, 'promise');
  return andThen(enterPhase(state, phase, [...effects, notice]), closePromisesIfDone);
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

/** What follows for an attempt from who promised. */
type Verdict = Pick<Extract<CoordinatorEffect, { kind: 'round-aborted' }>, 'retryable' | 'isVoid'>;

function endAttempt(
  state: CoordinatorState,
  terms: RoundTerms,
  failure: Failure,
  verdict: Verdict,
  effects: readonly CoordinatorEffect[],
): CoordinatorStep {
  return {
    state: nextPhaseNumber({ ...state, phase: { kind: 'idle' } }, 'round'),
    effects: [...effects, { kind: 'round-aborted', terms, ...failure, ...verdict }],
  };
}

export function acceptNothingReleased(
  state: CoordinatorState,
  phase: PromisesPhase,
  from: number,
  { body, signature }: Message<'nothing-released'>,
): CoordinatorStep {
  const { terms } = phase;
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
export function closePromises(state: CoordinatorState, phase: PromisesPhase): CoordinatorStep {
  const { terms, failure, promises } = phase;
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
  return endAttempt({ ...state, failedAttempts }, terms, failure, verdictOn(state, phase), []);
}

/**
 * With noise each attempt is charged on its own, so another may always follow; without, only where as many members as
 * a sum needs find their first upload beyond opening.
 */
function verdictOn(
  { roster }: CoordinatorState,
  { terms: { privacy }, batch, owners, promises }: PromisesPhase,
): Verdict {
  const promised = new Set(promises.keys());
  const holdersOf = (owner: number): readonly number[] => holdersIn(batch, owner);
  const { length: sealed } = sealedOwners(roster, batch.terms, holdersOf, promised, owners);
  return {
    retryable: privacy.length > 0 || sealed >= batch.terms.minSurvivors,
    isVoid: sealed === owners.length,
  };
}
