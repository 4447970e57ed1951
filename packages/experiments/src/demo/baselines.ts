/** The demo's end of the baselines' processes: one trains on all rows together, one on each client's alone. */
import type { ChildProcess } from 'node:child_process';
import type { RouterModel } from '@tributary/router';
import { RuntimeError } from '@tributary/runtime';
import type { BaselinesJob, BaselinesMessage, BudgetRouters } from './baselines-process.ts';
import { startProcess } from '../processes/entry-scripts.ts';
import type { ProcessFailure } from '../processes/process-channel.ts';

export interface Baselines {
  readonly centralised: RouterModel;
  readonly static: RouterModel;
  /** In the order of the clients. */
  readonly local: readonly RouterModel[];
  /** Federated routers with other privacy budgets; none where the run has no budget. */
  readonly budgets: readonly BudgetRouters[];
}

export interface RunningBaselines {
  readonly result: Promise<Baselines>;
  /** Ends the processes where their result is not wanted any more. */
  stop(): void;
}

/** @param script the entry as `entryScripts` gives it */
export function startBaselines(script: string, data: Omit<BaselinesJob, 'part'>): RunningBaselines {
  const parts = ['pooled', 'local'] as const;
  const all = data.privacy.epsilon === 'none' ? parts : ([...parts, 'budgets'] as const);
  const children = all.map((part) => {
    const child = startProcess(script, []);
    child.send({ part, ...data });
    return child;
  });
  const result = Promise.all(children.map(answerOf)).then(joined);
  // Awaited when the federation is done; until then a failure must not end the demo.
  result.catch(() => {});
  return {
    result,
    stop: () => {
      for (const child of children) child.kill('SIGKILL');
    },
  };
}

async function answerOf(child: ChildProcess): Promise<BaselinesMessage> {
  return await new Promise((resolve, reject) => {
    child.on('message', (message: BaselinesMessage | ProcessFailure) => {
      if (message.kind === 'failed') {
        reject(new RuntimeError('RUN_FAILED', `baselines: ${message.message}`, message.hint));
      } else resolve(message);
    });
    child.on('exit', (code) =>
      reject(new RuntimeError('RUN_FAILED', `a process of the baselines ended with code ${code}`)),
    );
  });
}

function joined(messages: readonly BaselinesMessage[]): Baselines {
  const pooled = messages.find((message) => message.kind === 'pooled');
  const local = messages.find((message) => message.kind === 'local');
  if (pooled === undefined || local === undefined)
    throw new RuntimeError('RUN_FAILED', 'baselines are missing');
  const budgets = messages.find((message) => message.kind === 'budgets')?.budgets ?? [];
  return { centralised: pooled.centralised, static: pooled.static, local: local.local, budgets };
}
