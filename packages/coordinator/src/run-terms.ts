/** Everything that a run stands on, read and checked before anything is written or anybody connects. */
import { equalBytes, toBase64, toHex } from '@tributary/crypto';
import { nodeBackend, nodeRandomBytes } from '@tributary/crypto/node';
import { MAX_MANIFEST_LENGTH, ProtocolError, type Roster, thresholdsFor } from '@tributary/protocol';
import { type ProgramRun, startProgram } from '@tributary/router';
import {
  encodeManifest,
  type Identity,
  readKeyFile,
  readRosterFile,
  runId,
  type RunManifest,
  RuntimeError,
} from '@tributary/runtime';
import type { CoordinatorConfig } from './config.ts';
import { declareRun } from './declared-run.ts';

export interface RunTerms {
  readonly roster: Roster;
  readonly identity: Identity;
  readonly manifest: RunManifest;
  readonly manifestText: string;
  /** Digest of the manifest. */
  readonly run: Uint8Array;
  readonly program: ProgramRun;
}

/**
 * @param seed of a run that was begun before; a new run draws its own
 * @throws RuntimeError BAD_FILE, BAD_CONFIG; RouterError for the program's parameters
 */
export function readRunTerms(config: CoordinatorConfig, seed?: string): RunTerms {
  const roster = readRosterFile(config.roster);
  const identity = coordinatorIdentity(config, roster);
  checkCohort(config, roster.members.length);
  if ('seed' in config.run.parameters) {
    throw new RuntimeError(
      'BAD_CONFIG',
      "'run.parameters.seed' cannot be set: the coordinator draws a public seed for each run",
      'remove it',
    );
  }
  const publicSeed = seed ?? toHex(nodeRandomBytes(32));
  requireOneMemberEach(config, roster);
  const { length: contributors } = roster.members;
  const declared = declareRun({ ...config, members: contributors, seed: publicSeed });
  const manifest: RunManifest = { ...config.run, ...declared, contributors, seed: publicSeed };
  const manifestText = encodeManifest(manifest);
  if (manifestText.length > MAX_MANIFEST_LENGTH) {
    throw new RuntimeError(
      'BAD_CONFIG',
      `'run' takes ${manifestText.length} characters, at most ${MAX_MANIFEST_LENGTH} travel`,
      "shorten 'run.parameters'",
    );
  }
  const program = startProgram(manifest.program, { ...manifest.parameters, seed: manifest.seed });
  return { roster, identity, manifest, manifestText, run: runId(nodeBackend, manifestText), program };
}

/** @throws RuntimeError BAD_CONFIG where an organisation would draw several shares of the noise, of which the charge counts one */
function requireOneMemberEach({ privacy }: CoordinatorConfig, { members }: Roster): void {
  const organisations = new Set(members.map(({ organisation }) => organisation)).size;
  if (privacy.epsilon === 'none' || organisations === members.length) return;
  throw new RuntimeError(
    'BAD_CONFIG',
    `the roster has ${members.length} members of ${organisations} organisations, privacy noise is sized for one of each`,
    "let each organisation act through one member, or set 'privacy: { epsilon: none }' for exact sums",
  );
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

function checkCohort({ cohort, roster, thresholds }: CoordinatorConfig, members: number): void {
  if (members < cohort.min) {
    throw new RuntimeError(
      'BAD_CONFIG',
      `'cohort.min' ${cohort.min} is above the ${members} members of the roster`,
      "lower 'cohort.min' or add members",
    );
  }
  try {
    thresholdsFor(members, thresholds);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new RuntimeError('BAD_CONFIG', `${roster}: ${error.message}`, error.hint, error);
  }
}
