/** The operator's process: one federation, one run, from the first connection to the artifact. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { equalBytes, toBase64, toHex } from '@tributary/crypto';
import { nodeBackend, nodeRandomBytes } from '@tributary/crypto/node';
import {
  CHUNK_WORDS,
  type Drop,
  type Phase,
  type Rejection,
  type Roster,
  rosterRoot,
} from '@tributary/protocol';
import { encodeArtifact, startProgram } from '@tributary/router';
import {
  CLOSE,
  encodeManifest,
  type Identity,
  type Logger,
  readKeyFile,
  readRosterFile,
  runId,
  type RunManifest,
  RuntimeError,
} from '@tributary/runtime';
import type { CoordinatorConfig } from './config.ts';
import { RoundRunner } from './round-runner.ts';
import { driveRun, type RunResult } from './run-driver.ts';
import { listen } from './server.ts';
import { Sessions } from './sessions.ts';
import { SumLog } from './sum-log.ts';

/** What happens in a run, for whoever watches: a person's terminal, a log. */
export type CoordinatorProgress =
  | { readonly kind: 'listening'; readonly url: string; readonly rosterRoot: string }
  | { readonly kind: 'joined'; readonly member: string; readonly present: number; readonly members: number }
  | { readonly kind: 'left'; readonly member: string }
  | { readonly kind: 'phase'; readonly phase: Phase; readonly round: number; readonly awaiting: number }
  | { readonly kind: 'sum'; readonly round: number; readonly step: string; readonly survivors: number }
  | { readonly kind: 'dropped'; readonly member: string; readonly drop: Drop }
  | { readonly kind: 'rejected'; readonly member: string; readonly rejection: Rejection };

export interface CoordinatorOptions {
  readonly config: CoordinatorConfig;
  readonly log: Logger;
  readonly onProgress?: (progress: CoordinatorProgress) => void;
}

export interface CoordinatorReport {
  readonly run: string;
  readonly rounds: number;
  /** Members in the last sum. */
  readonly survivors: number;
  readonly artifact: string;
  readonly url: string;
}

/** @throws RuntimeError; the exit code of the process follows from it */
export async function runCoordinator(options: CoordinatorOptions): Promise<CoordinatorReport> {
  const { config, log, onProgress } = options;
  const roster = readRosterFile(config.roster);
  const identity = coordinatorIdentity(config, roster);
  const manifest = manifestFor(config, roster);
  const program = startProgram(manifest.program, { ...manifest.parameters, seed: manifest.seed });
  const manifestText = encodeManifest(manifest);
  const run = runId(nodeBackend, manifestText);
  const spoolDirectory = join(config.output, 'spool');
  await rm(spoolDirectory, { recursive: true, force: true });
  await mkdir(spoolDirectory, { recursive: true });
  const sums = new SumLog(config.output);
  await sums.create();

  const name = (id: number): string => roster.members[id]?.name ?? String(id);
  const strangers = new Set<number>();
  const progress = watch(log, name, strangers, onProgress);
  const waiters = new Set<() => void>();
  const sessions: Sessions = new Sessions(
    {
      crypto: nodeBackend,
      roster,
      identity: identity.secretKey,
      manifest: manifestText,
      openedSums: () => sums.opened.length,
      log,
    },
    {
      async onJoined(member, knownSums) {
        await replaySums(sessions, sums, member, knownSums);
        runner.joined(member);
        progress({
          kind: 'joined',
          member: name(member),
          present: sessions.present.length,
          members: roster.members.length,
        });
        for (const wake of waiters) wake();
      },
      onMessage: (member, message) => runner.receive(member, message),
      onLost(member) {
        runner.lost(member);
        progress({ kind: 'left', member: name(member) });
      },
    },
  );
  const runner = new RoundRunner({
    crypto: nodeBackend,
    roster,
    run,
    spoolDirectory,
    sessions: () => sessions,
    progress: {
      onPhase: (phase, round, awaiting) => progress({ kind: 'phase', phase, round, awaiting }),
      onDrop: (drop) => progress({ kind: 'dropped', member: name(drop.member), drop }),
      onReject: (rejection) =>
        progress({
          kind: 'rejected',
          member: rejection.from === 'coordinator' ? 'coordinator' : name(rejection.from),
          rejection,
        }),
    },
  });
  const server = await listen(config, (socket) => sessions.accept(socket));
  progress({ kind: 'listening', url: server.url, rosterRoot: toHex(rosterRoot(nodeBackend, roster)) });
  try {
    await cohortGathered(config, roster, sessions, waiters);
    const result = await driveRun({
      crypto: nodeBackend,
      config,
      roster,
      identity: identity.secretKey,
      manifest,
      run,
      program,
      runner,
      sessions,
      sums,
      strangers,
      onSum: (round, step, survivors) => progress({ kind: 'sum', round, step, survivors: survivors.length }),
    });
    const artifact = await writeArtifact(config, roster, manifest, run, result);
    await sessions.send(sessions.present, 'run-ended', {
      run,
      outcome: 'completed',
      detail: '',
      rounds: result.rounds,
      logHead: result.logHead,
    });
    return {
      run: toHex(run),
      rounds: result.rounds,
      survivors: result.survivors.length,
      artifact,
      url: server.url,
    };
  } catch (error) {
    const known = error instanceof RuntimeError;
    await sessions.send(sessions.present, 'run-ended', {
      run,
      outcome: known ? error.code : 'BUG',
      detail: known ? error.message.slice(0, 400) : '',
      rounds: sums.opened.length,
      logHead: new Uint8Array(32),
    });
    throw error;
  } finally {
    sessions.closeAll(CLOSE.normal, 'run ended');
    await runner.stop();
    await rm(spoolDirectory, { recursive: true, force: true });
    await server.close();
  }
}

function coordinatorIdentity(config: CoordinatorConfig, roster: Roster): Identity {
  const identity = readKeyFile(config.key);
  if (!equalBytes(identity.publicKey, roster.coordinatorKey)) {
    throw new RuntimeError(
      'BAD_CONFIG',
      `key file ${config.key} is not the coordinator of ${config.roster}`,
      `the roster's 'coordinator' must be ${toBase64(identity.publicKey)}`,
    );
  }
  return identity;
}

function manifestFor(config: CoordinatorConfig, roster: Roster): RunManifest {
  if (roster.members.length < config.cohort.min) {
    throw new RuntimeError(
      'BAD_CONFIG',
      `'cohort.min' ${config.cohort.min} is above the ${roster.members.length} members of the roster`,
      "lower 'cohort.min' or add members",
    );
  }
  return {
    ...config.run,
    contributors: roster.members.length,
    privacy: 'none',
    seed: toHex(nodeRandomBytes(32)),
  };
}

function watch(
  log: Logger,
  name: (id: number) => string,
  strangers: Set<number>,
  onProgress: CoordinatorOptions['onProgress'],
): (progress: CoordinatorProgress) => void {
  return (progress) => {
    if (progress.kind === 'dropped') {
      const { drop } = progress;
      log.warn(
        { client: name(drop.member), phase: drop.phase, reason: drop.reason, detail: drop.detail },
        'dropped',
      );
      // It came back without the secrets of the batch, after a restart.
      if (drop.reason === 'refused-by-client-policy' && drop.detail.startsWith('WRONG_CONTEXT')) {
        strangers.add(drop.member);
      }
    } else if (progress.kind === 'rejected') {
      log.warn({ client: progress.member, ...progress.rejection }, 'rejected');
    } else {
      log.debug(progress, progress.kind);
    }
    onProgress?.(progress);
  };
}

/** Sends a member the opened sums that it has not seen: it computes plan and model from them itself. */
async function replaySums(sessions: Sessions, sums: SumLog, member: number, known: number): Promise<void> {
  for (const { message, packed } of sums.opened.slice(known)) {
    await sessions.sendVector([member], message.body.roundContext, packed, CHUNK_WORDS * 4);
    await sessions.send([member], 'round-result', message.body);
  }
}

/** Waits for the whole roster, or at the deadline for `cohort.min` of it. */
async function cohortGathered(
  config: CoordinatorConfig,
  roster: Roster,
  sessions: Sessions,
  waiters: Set<() => void>,
): Promise<void> {
  const { min, joinSeconds } = config.cohort;
  if (sessions.present.length < roster.members.length) {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, joinSeconds * 1000);
      const wake = (): void => {
        if (sessions.present.length < roster.members.length) return;
        clearTimeout(timer);
        resolve();
      };
      waiters.add(wake);
    });
    waiters.clear();
  }
  const present = sessions.present.length;
  if (present < min) {
    throw new RuntimeError(
      'TIMED_OUT',
      `${present} of ${roster.members.length} members connected within ${joinSeconds} s, 'cohort.min' is ${min}`,
      "start the clients, or raise 'cohort.joinSeconds'",
    );
  }
}

async function writeArtifact(
  config: CoordinatorConfig,
  roster: Roster,
  manifest: RunManifest,
  run: Uint8Array,
  result: RunResult,
): Promise<string> {
  const path = join(config.output, 'router.json');
  const artifact = encodeArtifact(result.model, {
    encoder: manifest.encoder,
    provenance: {
      federation: roster.federation,
      run: toHex(run),
      rounds: result.rounds,
      cohorts: result.cohorts,
      logHead: toHex(result.logHead),
    },
  });
  await writeFile(path, artifact);
  return path;
}
