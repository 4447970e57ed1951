/** Waiting for the members of the first round. */
import { RuntimeError, throwIfStopped } from '@tributary/runtime';
import type { CoordinatorConfig } from './config.ts';

export interface CohortOptions {
  readonly config: CoordinatorConfig['cohort'];
  /** Size of the roster. */
  readonly members: number;
  /** How many members have a session. */
  readonly present: () => number;
  /** Calls back at each new session. @returns what ends that */
  readonly onJoined: (listener: () => void) => () => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Resolves when the whole roster is there, or at the deadline when `cohort.min` of it are.
 * @throws RuntimeError TIMED_OUT; RUN_FAILED where `signal` aborts
 */
export async function gatherCohort(options: CohortOptions): Promise<void> {
  const { config, members, present, onJoined, signal } = options;
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      unsubscribe();
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const endIfComplete = (): void => {
      if (present() >= members || signal?.aborted === true) end();
    };
    const timer = setTimeout(end, config.joinSeconds * 1000);
    const unsubscribe = onJoined(endIfComplete);
    signal?.addEventListener('abort', end);
    endIfComplete();
  });
  throwIfStopped(signal);
  if (present() < config.min) {
    throw new RuntimeError(
      'TIMED_OUT',
      `${present()} of ${members} members connected within ${config.joinSeconds} s, 'cohort.min' is ${config.min}`,
      "start the clients, or raise 'cohort.joinSeconds'",
    );
  }
}
