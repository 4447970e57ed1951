/** Waiting for the members of the first round, or of the first one after a restart. */
import { RuntimeError, throwIfStopped } from '@tributary/runtime';
import type { CoordinatorConfig } from './config.ts';

export interface CohortOptions {
  readonly config: CoordinatorConfig['cohort'];
  /** Members to wait for. */
  readonly awaited: readonly number[];
  /** Members with a session. */
  readonly present: () => readonly number[];
  /** Calls back at each new session. @returns what ends that */
  readonly onJoined: (listener: () => void) => () => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Resolves when all that are awaited are there, or at the deadline when `cohort.min` members are.
 * @throws RuntimeError TIMED_OUT; RUN_FAILED where `signal` aborts
 */
export async function gatherCohort(options: CohortOptions): Promise<void> {
  const { config, awaited, present, onJoined, signal } = options;
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      unsubscribe();
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const endIfComplete = (): void => {
      const there = new Set(present());
      if (awaited.every((id) => there.has(id)) || signal?.aborted === true) end();
    };
    const timer = setTimeout(end, config.joinSeconds * 1000);
    const unsubscribe = onJoined(endIfComplete);
    signal?.addEventListener('abort', end);
    endIfComplete();
  });
  throwIfStopped(signal);
  const { length: there } = present();
  if (there < config.min) {
    throw new RuntimeError(
      'TIMED_OUT',
      `${there} of ${awaited.length} members connected within ${config.joinSeconds} s, 'cohort.min' is ${config.min}`,
      "start the clients, or raise 'cohort.joinSeconds'",
    );
  }
}
