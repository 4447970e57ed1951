/** The coordinator's machine with its journal: after a restart it goes on from where the journal ends. */
import type { CryptoBackend } from '@tributary/crypto';
import {
  type CoordinatorEffect,
  type CoordinatorEvent,
  type CoordinatorState,
  decodeCoordinatorEvent,
  encodeEvent,
  replayCoordinator,
  type Roster,
  startCoordinator,
  stepCoordinator,
} from '@tributary/protocol';
import { type EventLog, JournaledMachine, type JournalHeader, openRunJournal } from '@tributary/runtime';
import { DropCounts } from './drop-counts.ts';
import type { AbortedAttempt } from './round-runner.ts';
import type { RequestedAttempt } from './run-budget.ts';

export type CoordinatorMachine = JournaledMachine<CoordinatorState, CoordinatorEvent, CoordinatorEffect>;

export interface RecoveredMachine {
  readonly machine: CoordinatorMachine;
  /** The last attempt at a round, where it ended without a sum. */
  readonly aborted: AbortedAttempt | undefined;
  /** Number of the newest batch that was asked for, 0 before the first. */
  readonly lastBatch: number;
  readonly drops: DropCounts;
  /** Every attempt at a round that was asked for: what the run's privacy budget is charged for. */
  readonly attempts: readonly RequestedAttempt[];
}

/**
 * @param onReplayed sees every effect of the events in the journal, in order
 * @throws RuntimeError BAD_CONFIG, BAD_FILE as `openRunJournal`
 */
export async function openCoordinatorMachine(
  crypto: CryptoBackend,
  log: EventLog,
  header: JournalHeader,
  roster: Roster,
  onReplayed: (effect: CoordinatorEffect) => void = () => {},
): Promise<RecoveredMachine> {
  let state = startCoordinator(roster, header.run);
  let aborted: AbortedAttempt | undefined;
  let lastBatch = 0;
  const drops = new DropCounts();
  const attempts: RequestedAttempt[] = [];
  const observe = (effect: CoordinatorEffect): void => {
    onReplayed(effect);
    if (effect.kind === 'round-aborted') {
      aborted = effect;
      const last = attempts.pop();
      if (last !== undefined) attempts.push({ ...last, isVoid: effect.isVoid });
    }
    if (effect.kind === 'drop') drops.add(effect.drop);
  };
  const codec = { encode: encodeEvent, decode: decodeCoordinatorEvent };
  const journal = await openRunJournal<CoordinatorEvent>(log, header, codec, (event) => {
    if (event.kind === 'round-requested') {
      aborted = undefined;
      const { round, attempt } = event.terms;
      attempts.push({ round, attempt, isVoid: false });
    }
    if (event.kind === 'batch-requested') lastBatch = event.terms.batch;
    state = replayCoordinator(crypto, state, [event], observe);
  });
  const step = (from: CoordinatorState, event: CoordinatorEvent): ReturnType<typeof stepCoordinator> =>
    stepCoordinator(crypto, from, event);
  return { machine: new JournaledMachine(step, state, journal), aborted, lastBatch, drops, attempts };
}
