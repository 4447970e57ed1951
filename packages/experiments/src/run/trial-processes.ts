import type { ChildProcess } from 'node:child_process';
import { RuntimeError, stoppedBy, throwIfStopped } from '@tributary/runtime';
import { startProcess } from '../processes/entry-scripts.ts';
import type { TrialOutcome } from '../results/measurement.ts';
import type { ExperimentOptions } from './experiment-options.ts';
import type { TrialMessage } from './trial-process.ts';

export interface TrialRun {
  /** The entry `run/trial-process`, as `entryScripts` gives it. */
  readonly script: string;
  readonly options: ExperimentOptions;
  /** What is left to measure, in the order in which it is begun. */
  readonly names: readonly string[];
  readonly processes: number;
  readonly signal?: AbortSignal;
  /** Called after each trial; the next begins when it has resolved. */
  readonly onMeasured: (name: string, outcome: TrialOutcome) => Promise<void>;
}

/**
 * Measures trials in processes of their own, each taking the next one when it has finished.
 * @throws RuntimeError of the first trial that fails, or `RUN_FAILED` where `signal` ended the run
 */
export async function runTrials(run: TrialRun): Promise<void> {
  throwIfStopped(run.signal);
  const waiting = [...run.names];
  const children = Array.from({ length: Math.min(run.processes, waiting.length) }, () =>
    startProcess(run.script, [JSON.stringify(run.options)]),
  );
  const { signal } = run;
  const stop = (): void => {
    for (const child of children) child.kill('SIGKILL');
  };
  signal?.addEventListener('abort', stop);
  try {
    await Promise.all(
      children.map(async (child) => {
        for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
          await run.onMeasured(name, await measuredBy(child, name));
        }
        child.disconnect();
      }),
    );
  } catch (error) {
    if (signal?.aborted !== true) throw error;
    const hint = 'the same command goes on where it stopped';
    throw new RuntimeError('RUN_FAILED', stoppedBy(signal).message, hint);
  } finally {
    signal?.removeEventListener('abort', stop);
    stop();
  }
}

async function measuredBy(child: ChildProcess, name: string): Promise<TrialOutcome> {
  return await new Promise((resolve, reject) => {
    const settle = (): void => {
      child.off('message', take);
      child.off('exit', end);
    };
    const take = (message: TrialMessage): void => {
      settle();
      if (message.kind === 'measured') resolve(message.outcome);
      else reject(new RuntimeError(message.runtimeCode, `${name}: ${message.message}`, message.hint));
    };
    const end = (code: number | null): void => {
      settle();
      reject(new RuntimeError('RUN_FAILED', `the process that measured ${name} ended with code ${code}`));
    };
    child.on('message', take);
    child.on('exit', end);
    // That it is gone shows in its exit code, now or soon.
    child.send(name, () => {});
    if (child.exitCode !== null || child.signalCode !== null) end(child.exitCode);
  });
}
