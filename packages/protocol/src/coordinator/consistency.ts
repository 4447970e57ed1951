/**
 * The coordinator's side of consistency: one survivor set, signed by at least t participants before any share
 * is asked for.
 */
import type { CryptoBackend } from '@tributary/crypto';
import type { Message } from '../messages/index.ts';
import type { SurvivorUpload } from '../messages/round.ts';
import { sameBytes } from '../public-bytes.ts';
import { survivorsDigest } from '../signing.ts';
import { enterUnmask } from './opening.ts';
import {
  abortRound,
  askable,
  dropEffect,
  enterPhase,
  missingNames,
  reject,
  sortedKeys,
  without,
  withEntry,
} from './phases.ts';
import {
  type CoordinatorPhase,
  type CoordinatorState,
  type CoordinatorStep,
  openBatch,
  type RoundInProgress,
} from './state.ts';

type ConsistencyPhase = Extract<CoordinatorPhase, { kind: 'consistency' }>;

export function enterConsistency(
  crypto: CryptoBackend,
  state: CoordinatorState,
  round: RoundInProgress,
  added: ReadonlyMap<number, SurvivorUpload>,
): CoordinatorStep {
  const survivors = sortedKeys(added).flatMap((id) => added.get(id) ?? []);
  const asked = askable(state, round);
  const phase: ConsistencyPhase = {
    kind: 'consistency',
    round,
    survivors,
    survivorsDigest: survivorsDigest(crypto, round.context, survivors),
    signatures: new Map(),
    waiting: new Set(asked),
  };
  const { terms, context } = round;
  return enterPhase(state, phase, { round: terms.round, deadlineMs: terms.deadlines.consistency }, [
    { kind: 'send', to: asked, message: 'survivors', body: { roundContext: context, uploads: survivors } },
  ]);
}

export function acceptSurvivorsSignature(
  state: CoordinatorState,
  phase: ConsistencyPhase,
  from: number,
  { body, signature }: Message<'survivors-signature'>,
): CoordinatorStep {
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
  return closeConsistencyIfDone({ ...state, phase: next });
}

export function closeConsistencyIfDone(state: CoordinatorState): CoordinatorStep {
  const done = state.phase.kind === 'consistency' && state.phase.waiting.size === 0;
  return done ? closeConsistency(state) : { state, effects: [] };
}

export function closeConsistency(state: CoordinatorState): CoordinatorStep {
  const phase = state.phase as ConsistencyPhase;
  const { round, survivors, signatures } = phase;
  const late = [...phase.waiting].map((id) => dropEffect(phase, id, 'late'));
  const { threshold } = openBatch(state).terms;
  const survivorIds = survivors.map(({ member }) => member);
  if (signatures.size < threshold) {
    const missing = missingNames(state, round.participants, new Set(signatures.keys()));
    const detail = `${signatures.size} members signed the survivor set, ${threshold} are needed${missing}`;
    return abortRound(state, round.terms, 'consistency', 'BELOW_THRESHOLD', detail, survivorIds, [
      ...late,
      { kind: 'close-accumulator', roundContext: round.context },
    ]);
  }
  return enterUnmask(state, phase, late);
}
