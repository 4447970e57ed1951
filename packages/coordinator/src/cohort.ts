/** Waiting for the members of the first round, or of the first one after a restart. */
import { RuntimeError, throwIfStopped } from '@tributary/runtime';
import type { CoordinatorConfig } from './config.ts';

export interface CohortOptions {
  readonly config: CoordinatorConfig['cohort'];
  /** Members to wait for. */
  readonly awaited: readonly number[];
  /** Members with a session. */
  readonly present: () => readonly number[];
  /** Members whose policy does not allow the run, with their reasons. */
  readonly refusals: () => readonly MemberRefusal[];
  readonly refuses: (member: number) => boolean;
  /** Calls back at each new session and each refusal. @returns what ends that */
  readonly onJoined: (listener: () => void) => () => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Resolves when all that are awaited are there, or at the deadline when `cohort.min` members are. Who refuses the run is awaited no more.
 * @throws RuntimeError TIMED_OUT; POLICY where too many refuse; RUN_FAILED where `signal` aborts
 */
export async function gatherCohort(options: CohortOptions): Promise<void> {
  const { config, awaited, present, refuses, refusals, onJoined, signal } = options;
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      unsubscribe();
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const endIfComplete = (): void => {
      const there = new Set(present());
      const settled = awaited.every((id) => there.has(id) || refuses(id));
      const hopeless = awaited.filter((id) => !refuses(id)).length < config.min;
      if (settled || hopeless || signal?.aborted === true) end();
    };
    const timer = setTimeout(end, config.joinSeconds * 1000);
    const unsubscribe = onJoined(endIfComplete);
    signal?.addEventListener('abort', end);
    endIfComplete();
  });
  throwIfStopped(signal);
  const refused = refusals();
  if (refused.length > 0 && awaited.filter((id) => !refuses(id)).length < config.min) {
    throw tooManyRefuse(refused, awaited.length, config.min);
  }
  const there = present().filter((id) => !refuses(id)).length;
  if (there < config.min) {
    throw new RuntimeError(
      'TIMED_OUT',
      `${there} of ${awaited.length} members connected within ${config.joinSeconds} s, 'cohort.min' is ${config.min}`,
      "start the clients, or raise 'cohort.joinSeconds'",
    );
  }
}

export interface MemberRefusal {
  readonly member: string;
  readonly reason: string;
}

/** Why a run ends that too few organisations agree to. */
export function tooManyRefuse(
  refusals: readonly MemberRefusal[],
  members: number,
  needed: number,
): RuntimeError {
  const reasons = refusals.map(({ member, reason }) => `${member}: ${reason}`).join('; ');
  return new RuntimeError(
    'POLICY',
    `${refusals.length} of ${members} members refuse the run, ${needed} are needed: ${reasons}`,
    "change 'privacy' of the run, or ask the organisations to change their policy",
  );
}
