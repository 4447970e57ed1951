/** An organisation's process: connect, take part in every round of the run, compute the router from the opened sums, write it. */
import { access, constants, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { equalBytes, toBase64, toHex } from '@tributary/crypto';
import { type Bodies, type Roster, sameBytes } from '@tributary/protocol';
import { createArtifact, type Dataset, encodeArtifact } from '@tributary/router';
import {
  fileFailure,
  type Identity,
  type Logger,
  openRunStates,
  type RunManifest,
  RuntimeError,
  writeTextFile,
} from '@tributary/runtime';
import type { ClientConfig } from './config.ts';
import { checkPinnedRoster } from './pinned-roster.ts';
import type { ClientProgress } from './progress.ts';
import { RunSession } from './run-session.ts';
import type { startTraining } from './training.ts';

export interface ClientOptions {
  readonly config: ClientConfig;
  readonly roster: Roster;
  readonly identity: Identity;
  readonly log: Logger;
  /** The organisation's data for a run, in the run's models and encoder. @throws RuntimeError BAD_DATA, DataError */
  readonly loadData: (manifest: RunManifest) => Dataset;
  /** Starts local training; `startTraining` unless a caller composes its own. */
  readonly train?: typeof startTraining;
  /** Awaited: a phase goes on when it settles. */
  readonly onProgress?: (progress: ClientProgress) => void | Promise<void>;
  /** Leaves the run: `runClient` throws RUN_FAILED with the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface ClientReport {
  readonly run: string;
  /** Sums that were opened. */
  readonly rounds: number;
  readonly records: number;
  /** Bytes of all messages sent. */
  readonly bytesUp: number;
  readonly artifact: string;
}

/** @throws RuntimeError, DataError; the exit code of the process follows from it */
export async function runClient(options: ClientOptions): Promise<ClientReport> {
  const { config, roster, identity } = options;
  checkPinnedRoster(config, roster);
  const self = memberOf(roster, identity, config.key);
  await checkWritable(config.artifact);
  const states = openRunStates(config.state);
  const session = new RunSession(options, self, states);
  try {
    await session.restore();
    for (;;) {
      const ended = await session.connectOnce();
      if (ended === undefined) continue;
      const report = await finish(options, session, ended);
      await session.leave();
      return report;
    }
  } finally {
    await session.suspend();
    states.release();
  }
}

/** The member whose key this is. @throws RuntimeError BAD_CONFIG */
function memberOf(roster: Roster, identity: Identity, keyFile: string): number {
  const member = roster.members.find(({ publicKey }) => equalBytes(publicKey, identity.publicKey));
  if (member === undefined) {
    throw new RuntimeError(
      'BAD_CONFIG',
      `the key in ${keyFile} belongs to no member of federation '${roster.federation}'`,
      `send the federation's operators your public key: ${toBase64(identity.publicKey)}`,
    );
  }
  return member.id;
}

/** A run takes long: that its result cannot be written should not be found out at its end. @throws RuntimeError BAD_FILE */
async function checkWritable(artifact: string): Promise<void> {
  try {
    await access(dirname(artifact), constants.W_OK);
  } catch (error) {
    throw fileFailure('write', artifact, error);
  }
  const there = await stat(artifact).catch(() => undefined);
  if (there?.isDirectory() === true) {
    throw new RuntimeError(
      'BAD_FILE',
      `'artifact' ${artifact} is a directory`,
      'name a file, such as router.json',
    );
  }
}

/** Writes the router that this member computed itself. @throws RuntimeError where the run ended without one, or BAD_FILE */
async function finish(
  { config, roster }: ClientOptions,
  session: RunSession,
  ended: Bodies['run-ended'],
): Promise<ClientReport> {
  if (ended.outcome !== 'completed') {
    await session.leave();
    throw failedRun(ended);
  }
  const { joined, bytesUp } = session;
  const model = joined?.training.model;
  if (joined === undefined || model === undefined) {
    throw new RuntimeError(
      'RUN_FAILED',
      'the coordinator ended the run before this client had its model',
      'ask the operator for router.json of the run',
    );
  }
  const { manifest, training } = joined;
  if (!sameBytes(ended.logHead, training.logHead)) {
    throw new RuntimeError(
      'RUN_FAILED',
      'the log of opened sums of the coordinator is not the one this client saw',
      'compare log heads with the other organisations: the coordinator may have shown different sums',
    );
  }
  const run = toHex(joined.run);
  const provenance = { federation: roster.federation, run, cohortSizes: training.cohortSizes };
  await writeTextFile(config.artifact, encodeArtifact(createArtifact(model, manifest.encoder, provenance)));
  const { knownSums: rounds, records } = training;
  return { run, rounds, records, bytesUp, artifact: config.artifact };
}

function failedRun(ended: Bodies['run-ended']): RuntimeError {
  const detail = ended.detail === '' ? ended.outcome : ended.detail;
  if (ended.outcome === 'POLICY') {
    return new RuntimeError('POLICY', `the coordinator ended the run: ${detail}`, 'nothing more was opened');
  }
  const tooFew = ended.outcome === 'TOO_FEW_SURVIVORS';
  return new RuntimeError(
    tooFew ? 'TOO_FEW_SURVIVORS' : 'RUN_FAILED',
    `the coordinator ended the run: ${detail}`,
    tooFew
      ? 'nothing more was opened; start the client again when the others are back'
      : 'ask the operator of the coordinator',
  );
}
