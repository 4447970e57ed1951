/** The operator's process: one federation, one run, from the first connection to the artifact. */
import { join } from 'node:path';
import { toHex } from '@tributary/crypto';
import { nodeBackend } from '@tributary/crypto/node';
import { type Bodies, EMPTY_LOG_HEAD, rosterRoot } from '@tributary/protocol';
import { createArtifact, encodeArtifact } from '@tributary/router';
import { CLOSE, type Logger, oneLine, stoppedBy, writeTextFile } from '@tributary/runtime';
import { gatherCohort } from './cohort.ts';
import type { CoordinatorConfig } from './config.ts';
import { claimOutput, type OutputDirectory } from './output-directory.ts';
import { type CoordinatorProgress, logProgress } from './progress.ts';
import { RoundRunner } from './round-runner.ts';
import { driveRun, type RunResult } from './run-driver.ts';
import { readRunTerms, type RunTerms } from './run-terms.ts';
import { listen } from './server.ts';
import { Sessions } from './sessions.ts';
import { SumLog } from './sum-log.ts';

/** How long members have to take the last messages before their connections are cut; less than what a supervisor grants a process. */
const CLOSING_GRACE_MS = 20_000;

export interface CoordinatorOptions {
  readonly config: CoordinatorConfig;
  readonly log: Logger;
  readonly onProgress?: (progress: CoordinatorProgress) => void;
  /** Ends the run: members are told, spools are removed, `runCoordinator` throws RUN_FAILED with the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface CoordinatorReport {
  readonly run: string;
  readonly rounds: number;
  /** Members in the last sum. */
  readonly survivors: number;
  readonly artifact: string;
  readonly url: string;
}

/** @throws RuntimeError, or an error of a pure package for what the configuration asks of it */
export async function runCoordinator(options: CoordinatorOptions): Promise<CoordinatorReport> {
  const terms = readRunTerms(options.config);
  const output = await claimOutput(options.config.output);
  try {
    return await serveRun(options, terms, output);
  } finally {
    await output.release();
  }
}

async function serveRun(
  { config, log, onProgress, signal }: CoordinatorOptions,
  terms: RunTerms,
  output: OutputDirectory,
): Promise<CoordinatorReport> {
  const { roster, identity, manifest, run } = terms;
  const sums = new SumLog(config.output);
  const name = (id: number): string => roster.members[id]?.name ?? String(id);
  const joinListeners = new Set<() => void>();
  const strangers = new Set<number>();
  const progress = (event: CoordinatorProgress): void => {
    logProgress(log, event);
    onProgress?.(event);
  };
  const runner = new RoundRunner({
    crypto: nodeBackend,
    roster,
    run,
    spoolDirectory: output.spools,
    send: (members, kind, body) => sessions.send(members, kind, body),
    progress: {
      onPhase: (phase, round, awaiting) => progress({ kind: 'phase', phase, round, awaiting }),
      onDrop(drop) {
        // It came back without the secrets of the batch, after a restart.
        if (drop.reason === 'refused-by-client-policy' && drop.detail.startsWith('WRONG_CONTEXT')) {
          strangers.add(drop.member);
        }
        progress({ kind: 'dropped', member: name(drop.member), drop });
      },
      onReject: (rejection) =>
        progress({
          kind: 'rejected',
          member: rejection.from === 'coordinator' ? 'coordinator' : name(rejection.from),
          rejection,
        }),
    },
  });
  const sessions: Sessions = new Sessions(
    {
      crypto: nodeBackend,
      roster,
      identity: identity.secretKey,
      manifest: terms.manifestText,
      openedSums: () => sums.opened,
      log,
    },
    {
      onJoined(member) {
        if (runner.batch?.dealt.has(member) === false) strangers.add(member);
        runner.joined(member);
        const { length: present } = sessions.present;
        progress({ kind: 'joined', member: name(member), present, members: roster.members.length });
        for (const listener of joinListeners) listener();
      },
      onMessage: (member, message) => runner.receive(member, message),
      onLost(member) {
        runner.lost(member);
        progress({ kind: 'left', member: name(member) });
      },
    },
  );
  const server = await listen(config, (socket, stream) => sessions.accept(socket, stream));
  const stop = (): void => {
    if (signal !== undefined) runner.fail(stoppedBy(signal));
  };
  signal?.addEventListener('abort', stop);
  progress({ kind: 'listening', url: server.url, rosterRoot: toHex(rosterRoot(nodeBackend, roster)) });
  let ended: Ending = { outcome: 'BUG', detail: '' };
  try {
    await sums.create();
    await gatherCohort({
      config: config.cohort,
      members: roster.members.length,
      present: () => sessions.present.length,
      onJoined(listener) {
        joinListeners.add(listener);
        return () => void joinListeners.delete(listener);
      },
      signal,
    });
    const result = await driveRun({
      crypto: nodeBackend,
      config,
      roster,
      identity: identity.secretKey,
      manifest,
      run,
      program: terms.program,
      runner,
      sessions,
      sums,
      strangers,
      onSum: (round, step, survivors) => progress({ kind: 'sum', round, step, survivors: survivors.length }),
    });
    const artifact = await writeArtifact(config, terms, result);
    ended = { outcome: 'completed', detail: '', logHead: result.logHead };
    const { rounds, survivors } = result;
    return { run: toHex(run), rounds, survivors: survivors.length, artifact, url: server.url };
  } catch (error) {
    ended = endingOf(error);
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
    const { logHead = EMPTY_LOG_HEAD, ...outcome } = ended;
    sessions.send(sessions.present, 'run-ended', { run, rounds: sums.opened.length, logHead, ...outcome });
    await sessions.end(CLOSE.normal, 'run ended', CLOSING_GRACE_MS);
    await runner.stop();
    await server.close();
  }
}

type Ending = Pick<Bodies['run-ended'], 'outcome' | 'detail'> & { readonly logHead?: Uint8Array };

/** What members are told of a failure. Of a bug they learn that it is one: its text may hold anything. */
function endingOf(error: unknown): Ending {
  if (!(error instanceof Error && 'code' in error && TOLD.has(error.name)))
    return { outcome: 'BUG', detail: '' };
  // Half of a surrogate pair would arrive as another character, and the signature over it would fail.
  const detail = oneLine(error.message)
    .slice(0, MAX_DETAIL)
    .replace(/\p{Surrogate}/gu, '\ufffd');
  return { outcome: String(error.code), detail };
}

const MAX_DETAIL = 400;

const TOLD: ReadonlySet<string> = new Set(['RuntimeError', 'RouterError', 'PrivacyError', 'ProtocolError']);

async function writeArtifact(
  config: CoordinatorConfig,
  { roster, manifest, run }: RunTerms,
  result: RunResult,
): Promise<string> {
  const path = join(config.output, 'router.json');
  const provenance = { federation: roster.federation, run: toHex(run), cohortSizes: result.cohorts };
  await writeTextFile(path, encodeArtifact(createArtifact(result.model, manifest.encoder, provenance)));
  return path;
}
