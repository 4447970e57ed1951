/** Starts the coordinator and the clients as processes of their own and follows them to the end. */
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { CoordinatorReport } from '@tributary/coordinator';
import { RuntimeError } from '@tributary/runtime';
import type { DemoPrivacy, DemoProgress, Kill } from './demo-options.ts';
import { startProcess } from '../processes/entry-scripts.ts';
import { type PreparedFederation, writeClientConfig } from './prepare-federation.ts';
import type { ProcessFailure } from '../processes/process-channel.ts';
import type { ClientProcessMessage, CoordinatorProcessMessage } from './process-messages.ts';

export interface FederationRun {
  readonly report: CoordinatorReport;
  /** Seconds from the first connection to the router. */
  readonly seconds: number;
  /** CPU milliseconds, one for each client and round. */
  readonly cpuMs: readonly number[];
  /** Bytes that each client sent in the whole run, of those that finished. */
  readonly bytesUp: readonly number[];
  readonly rounds: readonly {
    readonly step: string;
    readonly start: number;
    readonly end: number;
    readonly survivors: number;
  }[];
}

export interface ProcessOptions {
  readonly federation: PreparedFederation;
  /** Directory for the copies of a client's vectors. */
  readonly copies: (name: string) => string;
  readonly kill: Kill | undefined;
  readonly privacy: DemoPrivacy;
  /** Entries as `entryScripts` gives them. */
  readonly coordinatorScript: string;
  readonly clientScript: string;
  readonly onProgress: (progress: DemoProgress) => void;
}

/** @throws RuntimeError what the coordinator, or before it a client, failed with */
export async function runFederation(options: ProcessOptions): Promise<FederationRun> {
  const { federation, onProgress, kill } = options;
  const children: ChildProcess[] = [];
  const began = performance.now();
  const seconds = (): number => (performance.now() - began) / 1000;
  const rounds: { step: string; start: number; end: number; survivors: number }[] = [];
  const cpuMs: number[] = [];
  const bytesUp: number[] = [];
  try {
    const coordinator = startProcess(options.coordinatorScript, [federation.coordinatorConfig]);
    children.push(coordinator);
    const report = await new Promise<CoordinatorReport>((resolve, reject) => {
      const fail = (failure: ProcessFailure, who: string): void =>
        reject(new RuntimeError(failure.runtimeCode, `${who}: ${failure.message}`, failure.hint));
      const running = new Set<ChildProcess>();
      let finished: CoordinatorReport | undefined;
      const settle = (): void => {
        if (finished !== undefined && running.size === 0) resolve(finished);
      };
      const startClient = async (index: number, url: string): Promise<void> => {
        const client = federation.clients[index];
        if (client === undefined) return;
        await writeClientConfig(client, url, options.privacy);
        const hold = kill?.client === index ? [kill.phase] : [];
        const child = startProcess(options.clientScript, [
          client.configPath,
          options.copies(client.name),
          ...hold,
        ]);
        children.push(child);
        running.add(child);
        child.on('message', (message: ClientProcessMessage) => {
          if (message.kind === 'held') {
            child.kill('SIGKILL');
            onProgress({ kind: 'killed', client: index, phase: message.phase });
          } else if (message.kind === 'round') cpuMs.push(message.cpuMs);
          else if (message.kind === 'done') bytesUp.push(message.bytesUp);
          // A client that fails is a dropout while the run goes on; if nothing has run yet, its reason is the better one.
          else if (rounds.length === 0) fail(message, client.name);
        });
        child.on('exit', () => {
          running.delete(child);
          settle();
        });
      };
      coordinator.on('message', (message: CoordinatorProcessMessage) => {
        if (message.kind === 'failed') fail(message, 'coordinator');
        else if (message.kind === 'done') {
          finished = message.report;
          settle();
        } else {
          const { progress } = message;
          if (progress.kind === 'listening') {
            for (const index of federation.clients.keys()) startClient(index, progress.url).catch(reject);
          } else if (progress.kind === 'sum') {
            const end = seconds();
            const { step, survivors } = progress;
            rounds.push({ step, start: rounds.at(-1)?.end ?? joined ?? 0, end, survivors });
            onProgress({ ...progress, seconds: end });
          } else if (progress.kind === 'phase') {
            joined ??= seconds();
            onProgress(progress);
          } else if (progress.kind === 'dropped') {
            const { drop, member } = progress;
            onProgress({ kind: 'dropped', member, phase: drop.phase, reason: drop.reason });
          }
        }
      });
      let joined: number | undefined;
      coordinator.on('exit', (code) => {
        if (finished === undefined) {
          reject(
            new RuntimeError(
              'RUN_FAILED',
              `the coordinator's process ended with code ${code} before the run was done`,
            ),
          );
        }
      });
    });
    return { report, seconds: seconds(), cpuMs, bytesUp, rounds };
  } finally {
    for (const child of children) if (child.exitCode === null) child.kill('SIGKILL');
  }
}

/** Where the demo keeps copies of vectors for its checker. */
export function copiesDirectory(out: string, name: string): string {
  return join(out, 'copies', name);
}
