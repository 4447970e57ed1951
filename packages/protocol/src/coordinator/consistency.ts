/**
 * The coordinator's side of consistency: one survivor set, signed by at least t participants before any share
 * is asked for.
 */
import type { CryptoBackend } from '@tributary/crypto';
import type { Message } from '../messages/index.ts';
import type { SurvivorUpload } from '../messages/round.ts';
import { sameBytes } from '../public-bytes.ts';
import { survivorsDigest } from '../signing.ts';
import { abortRound } from './attempts.ts';
import { enterUnmask, signersFor } from './opening.ts';
import {
  accepted,
  andThen,
  askable,
  dropEffect,
  enterPhase,
  missingNames,
  nextPhaseNumber,
  reject,
  sortedKeys,
  without,
  withEntry,
} from './phases.ts';
import type {
  CoordinatorEffect,
  CoordinatorEvent,
  CoordinatorPhase,
  CoordinatorState,
  CoordinatorStep,
  RoundInProgress,
} from './state.ts';

type SummingPhase = Extract<CoordinatorPhase, { kind: 'summing' }>;
type ConsistencyPhase = Extract<CoordinatorPhase, { kind: 'consistency' }>;

/** Nothing is added any more: the shell makes the integer sum durable before anybody is asked to sign. */
export function enterSumming(
  state: CoordinatorState,
  round: RoundInProgress,
  added: ReadonlyMap<number, SurvivorUpload>,
): CoordinatorStep {
  const survivors = sortedKeys(added).flatMap((id) => added.get(id) ?? []);
  const phase: SummingPhase = { kind: 'summing', round, survivors };
  return {
    state: nextPhaseNumber({ ...state, phase }, 'round'),
    effects: [{ kind: 'keep-masked-sum', round }],
  };
}

export function maskedSumKept(
  crypto: CryptoBackend,
  state: CoordinatorState,
  { round, survivors }: SummingPhase,
  event: Extract<CoordinatorEvent, { kind: 'masked-sum-kept' }>,
): CoordinatorStep {
  if (!sameBytes(event.roundContext, round.context)) return { state, effects: [] };
  const asked = askable(state, round);
  const phase: ConsistencyPhase = {
    kind: 'consistency',
    round,
    survivors,
    survivorsDigest: survivorsDigest(crypto, round.context, survivors),
    maskedSum: event.digest,
    signatures: new Map(),
    waiting: new Set(asked),
  };
  return andThen(enterPhase(state, phase, [survivorsMessage(phase, asked)]), closeConsistencyIfDone);
}

export function survivorsMessage(
  { round, survivors: uploads }: ConsistencyPhase,
  to: readonly number[],
): CoordinatorEffect {
  return { kind: 'send', to, message: 'survivors', body: { roundContext: round.context, uploads } };
}

export function acceptSurvivorsSignature(
  state: CoordinatorState,
  phase: ConsistencyPhase,
  from: number,
  message: Message<'survivors-signature'>,
): CoordinatorStep {
  const { body, signature } = message;
  if (!sameBytes(body.roundContext, phase.round.context)) {
    return reject(state, from, 'WRONG_CONTEXT', 'signature for another round');
  }
  if (!sameBytes(body.survivorsDigest, phase.survivorsDigest)) {
    return reject(state, from, 'EQUIVOCATION', 'signature over another survivor set');
  }
  const next = {
    ...phase,
    signatures: withEntry(phase.signatures, from, signature),
    waiting: without(phase.waiting, from),
  };
  return andThen({ state: { ...state, phase: next }, effects: [accepted(message)] }, closeConsistencyIfDone);
}

export function closeConsistencyIfDone(state: CoordinatorState): CoordinatorStep {
  const { phase } = state;
  return phase.kind === 'consistency' && phase.waiting.size === 0
    ? closeConsistency(state, phase)
    : { state, effects: [] };
}

export function closeConsistency(state: CoordinatorState, phase: ConsistencyPhase): CoordinatorStep {
  const { round, survivors, signatures } = phase;
  const late = [...phase.waiting].map((id) => dropEffect('consistency', id, 'late'));
  const { threshold } = round.batch.terms;
  // Each member releases on the word of t of its own holders; the shares of t members open a secret.
  const entitled = round.participants.filter((id) => signersFor(phase, id).length >= threshold).length;
  if (entitled < threshold) {
    const missing = missingNames(state, round.participants, new Set(signatures.keys()));
    const detail = `${signatures.size} members signed the survivor set, ${threshold} are needed${missing}`;
    const survivorIds = survivors.map(({ member }) => member);
    const failure = {
      phase: 'consistency',
      code: 'BELOW_THRESHOLD',
      detail,
      survivors: survivorIds,
    } as const;
    return abortRound(state, round, failure, late);
  }
  return enterUnmask(state, phase, late);
}
