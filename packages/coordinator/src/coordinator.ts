/** The operator's process: one federation, one run, from the first connection to the artifact. */
import { join } from 'node:path';
import { toHex } from '@tributary/crypto';
import { nodeBackend } from '@tributary/crypto/node';
import { type Bodies, EMPTY_LOG_HEAD, rosterRoot } from '@tributary/protocol';
import { createArtifact, encodeArtifact } from '@tributary/router';
import { CLOSE, type Logger, oneLine, stoppedBy, writeTextFile } from '@tributary/runtime';
import { gatherCohort } from './cohort.ts';
import type { CoordinatorConfig } from './config.ts';
import { Federation } from './federation.ts';
import { claimOutput, type OutputDirectory } from './output-directory.ts';
import type { CoordinatorProgress } from './progress.ts';
import { driveRun, type RunResult } from './run-driver.ts';
import { readRunTerms, type RunTerms } from './run-terms.ts';
import { listen } from './server.ts';
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
  const output = claimOutput(options.config.output);
  try {
    return await serveRun(options, terms, output);
  } finally {
    output.release();
  }
}

async function serveRun(
  { config, log, onProgress, signal }: CoordinatorOptions,
  terms: RunTerms,
  output: OutputDirectory,
): Promise<CoordinatorReport> {
  const { roster, run } = terms;
  const sums = new SumLog(config.output);
  const federation = new Federation({ terms, sums, spoolDirectory: output.spools, log, onProgress });
  const { runner, sessions } = federation;
  const server = await listen(config, (socket, stream) => sessions.accept(socket, stream));
  const stop = (): void => {
    if (signal !== undefined) runner.fail(stoppedBy(signal));
  };
  signal?.addEventListener('abort', stop);
  const root = toHex(rosterRoot(nodeBackend, roster));
  federation.progress({ kind: 'listening', url: server.url, rosterRoot: root });
  let ending = endingOf(undefined);
  try {
    await sums.create();
    await gatherCohort({
      config: config.cohort,
      members: roster.members.length,
      present: () => sessions.present.length,
      onJoined: (listener) => federation.onJoined(listener),
      signal,
    });
    const result = await driveRun({ crypto: nodeBackend, config, terms, federation, sums });
    const artifact = await writeArtifact(config, terms, result);
    ending = { outcome: 'completed', detail: '', logHead: result.logHead };
    const { rounds, survivors } = result;
    return { run: toHex(run), rounds, survivors: survivors.length, artifact, url: server.url };
  } catch (error) {
    ending = endingOf(error);
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
    sessions.send(sessions.present, 'run-ended', { run, rounds: sums.opened.length, ...ending });
    await sessions.end(CLOSE.normal, 'run ended', CLOSING_GRACE_MS);
    await runner.stop();
    await server.close();
  }
}

type Ending = Pick<Bodies['run-ended'], 'outcome' | 'detail' | 'logHead'>;

/** What members are told of a failure. Of a bug they learn that it is one: its text may hold anything. */
function endingOf(error: unknown): Ending {
  const logHead = EMPTY_LOG_HEAD;
  if (!(error instanceof Error && 'code' in error && TOLD.has(error.name))) {
    return { outcome: 'BUG', detail: '', logHead };
  }
  // Half of a surrogate pair would arrive as another character, and the signature over it would fail.
  const detail = oneLine(error.message).slice(0, MAX_DETAIL);
  return { outcome: String(error.code), detail: detail.replace(/\p{Surrogate}/gu, '\ufffd'), logHead };
}

/** UTF-16 code units of an explanation in a message. */
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
