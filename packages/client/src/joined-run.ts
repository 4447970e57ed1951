/** A member's part in one run: its machine, its training, its secrets, as the last life of the process left them or begun anew. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { nodeBackend, nodeRandomBytes } from '@tributary/crypto/node';
import { PrivacyError } from '@tributary/privacy';
import {
  type ClientPolicy,
  type Evidence,
  PROTOCOL_VERSION,
  type Roster,
  type RoundResult,
  rosterRoot,
  sameBytes,
} from '@tributary/protocol';
import { RouterError } from '@tributary/router';
import {
  appendEvidence,
  appendShownHeads,
  decodeManifest,
  type JournalHeader,
  type Logger,
  readJournalHeader,
  readShownHeads,
  runId,
  type RunManifest,
  RuntimeError,
  type RunStates,
  type StateDirectory,
  type VectorWork,
} from '@tributary/runtime';
import type { ClientOptions } from './client.ts';
import type { ClientConfig } from './config.ts';
import { openClientMachine, type RecoveredMachine } from './client-journal.ts';
import { KeptVectors } from './kept-vectors.ts';
import type { ClientProgress } from './progress.ts';
import { RoundParticipant } from './round-participant.ts';
import { RunSpending } from './run-spending.ts';
import { startTraining, type Training } from './training.ts';

/** What the member is in once it knows the run. */
export interface JoinedRun {
  /** Digest of the manifest. */
  readonly run: Uint8Array;
  readonly manifest: RunManifest;
  readonly training: Training;
  readonly participant: RoundParticipant;
  readonly state: StateDirectory;
}

export interface JoinOptions {
  readonly client: ClientOptions;
  /** Member id. */
  readonly self: number;
  readonly states: RunStates;
  readonly vectors: VectorWork;
  readonly progress: (progress: ClientProgress) => Promise<void>;
}

/** A run that the last life of the process was in. */
export interface EarlierRun {
  readonly run: Uint8Array;
  /** Sums of it that the member has. */
  readonly knownSums: number;
}

/** Looks at it only: it is taken up once the coordinator says that it serves it. @throws RuntimeError BAD_FILE, RUN_FAILED */
export async function earlierRun(options: JoinOptions): Promise<EarlierRun | undefined> {
  const { client, self, states } = options;
  for (const run of states.open()) {
    const state = await states.use(run);
    try {
      const header = await readJournalHeader(state.log);
      if (header === undefined) continue;
      const due = headerOf(client, self, run, header.manifest);
      const terms = termsOf(client, decodeManifest(header.manifest).privacy);
      const { results } = await openClientMachine(nodeBackend, state.log, due, terms);
      return { run, knownSums: results.length };
    } catch (error) {
      // A run under another roster, or of another member: nobody will serve it to this one.
      if (!(error instanceof RuntimeError && error.code === 'BAD_CONFIG')) throw error;
      return { run, knownSums: 0 };
    } finally {
      await state.close();
    }
  }
  return undefined;
}

/** Closes every run that is open and that the coordinator does not serve. @param run the one it serves */
export async function leaveOtherRuns(states: RunStates, run: Uint8Array): Promise<void> {
  for (const other of states.open()) {
    if (!sameBytes(other, run)) await states.close(other, await states.use(other));
  }
}

/**
 * @param manifestText as the coordinator sent it
 * @throws RuntimeError BAD_CONFIG, BAD_FILE, BAD_DATA, POLICY; RUN_FAILED where the run is closed for this member, or its sums cannot be used
 */
export async function joinRun(options: JoinOptions, manifestText: string): Promise<JoinedRun> {
  const { client, states } = options;
  const run = runId(nodeBackend, manifestText);
  if (states.isClosed(run)) {
    // Its secrets are forgotten, and what it has contributed and released is not to be given a second time.
    throw new RuntimeError(
      'RUN_FAILED',
      'the coordinator comes back with a run that is over for this client',
      'ask the operator to begin a new run',
    );
  }
  const manifest = decodeManifest(manifestText);
  const { config, roster } = client;
  const spending = await RunSpending.begin({
    config,
    federation: roster.federation,
    manifest,
    run,
    self: options.self,
  });
  const allowed = { text: manifestText, manifest, run, spending };
  const { train = startTraining, identity } = client;
  const data = client.loadData(manifest);
  const training = agreeing('the run of the coordinator', () =>
    train({ crypto: nodeBackend, manifest, run, identity: identity.secretKey, data }),
  );
  // Only now: a run that this member cannot take part in leaves nothing behind.
  const state = await states.use(run);
  try {
    const participant = await openRun(options, allowed, training, state);
    return { run, manifest, training, participant, state };
  } catch (error) {
    await state.close();
    throw error;
  }
}

function headerOf(
  { roster }: ClientOptions,
  self: number,
  run: Uint8Array,
  manifest: string,
): JournalHeader & { readonly self: number } {
  return {
    protocolVersion: PROTOCOL_VERSION,
    federation: roster.federation,
    rosterRoot: rosterRoot(nodeBackend, roster),
    run,
    self,
    manifest,
  };
}

function termsOf(
  { roster, config }: ClientOptions,
  privacy: RunManifest['privacy'],
): {
  readonly roster: Roster;
  readonly policy: ClientPolicy;
} {
  const { minCohort, minColluders, maxAttemptsPerRound } = config.policy;
  const own = { minCohort, minColluders, maxAttemptsPerRound };
  if (privacy === 'none') return { roster, policy: own };
  // What the noise is sized for is not to be undercut by the terms of a batch.
  const { colluders, minSurvivors } = privacy;
  return {
    roster,
    policy: { ...own, minColluders: Math.max(minColluders, colluders), minSurvivors },
  };
}

/** A run that the member's policy lets in. */
interface AllowedRun {
  readonly text: string;
  readonly manifest: RunManifest;
  readonly run: Uint8Array;
  /** What pays for it, where its sums carry noise. */
  readonly spending: RunSpending | undefined;
}

async function openRun(
  { client, self, vectors: work, progress }: JoinOptions,
  { text, manifest, run, spending }: AllowedRun,
  training: Training,
  state: StateDirectory,
): Promise<RoundParticipant> {
  const { identity, config, log } = client;
  const header = headerOf(client, self, run, text);
  const terms = termsOf(client, manifest.privacy);
  const recovered = await openClientMachine(nodeBackend, state.log, header, terms);
  forgetStrays(state, recovered);
  await keepMissingHeads(config, recovered);
  const vectors = new KeptVectors(nodeBackend, state.blobs);
  const { machine, results, signed } = recovered;
  await spending?.requireKnown(
    results.filter(({ round, survivors }) => signed.has(round) && survivors.includes(self)),
  );
  // A crash may have come between the journal and the account.
  for (const attempt of recovered.voided) await spending?.void(attempt);
  const take = async (result: RoundResult, sum: Int32Array, hasSigned: boolean): Promise<void> => {
    const noise = training.noise();
    agreeing(`the sum of round ${result.round}`, () => training.accept(result, sum));
    if (noise !== undefined) await spending?.settle(result, noise, hasSigned);
  };
  await vectors.clear(machine.state.round?.context, results.length);
  for (const result of results) {
    const expected = training.expected();
    if (expected === undefined) break;
    const sum = await vectors.sum(result, expected);
    await take(result, sum, signed.has(result.round));
  }
  const note = (event: ClientProgress): void => {
    progress(event).catch((error: unknown) => log.error({ err: error }, 'progress not shown'));
  };
  const keeper = {
    crypto: nodeBackend,
    random: nodeRandomBytes,
    self,
    identity: identity.secretKey,
    store: state.secrets,
  };
  const participant = new RoundParticipant(keeper, machine, vectors, work, {
    contribute: async (request) => {
      const noise = training.noise();
      if (noise !== undefined) {
        if (spending === undefined) throw new RuntimeError('POLICY', 'no account pays for this contribution');
        await spending.reserve(request, noise);
      }
      return training.contribution();
    },
    onInputFailed: (error) => log.error({ err: error }, 'no contribution to this round'),
    onResult: async (result, sum, hasSigned) => {
      await take(result, sum, hasSigned);
      note({ kind: 'sum', round: result.round, survivors: result.survivors.length });
    },
    onPhase: (phase, round) => progress({ kind: 'phase', phase, round }),
    onReject: (rejection) => note({ kind: 'rejected', rejection }),
    onUploaded: (bytes) => note({ kind: 'uploaded', round: training.knownSums + 1, bytes }),
    onVoid: async (attempt) => await spending?.void(attempt),
    onHead: async (head, shown) =>
      await appendShownHeads(headsFile(config), [{ head: { run, ...head }, shown }]),
    onEvidence: (evidence) => keepEvidence(config, log, run, evidence),
  });
  await participant.resume(recovered.unfinished);
  await participant.expect(allowedNext(client, training));
  return participant;
}

/** Beside the journals of all runs: it is to be shown to others, and outlives the run. */
async function keepEvidence(
  { state }: ClientConfig,
  log: Logger,
  run: Uint8Array,
  evidence: Evidence,
): Promise<void> {
  const isNew = await appendEvidence(join(state, 'evidence.jsonl'), run, evidence);
  if (isNew) log.error({ proof: evidence.proof }, 'evidence of cheating kept');
}

/** Heads of the audit logs of all runs that this client was shown: for others to compare, so it outlives the runs. */
export function headsFile({ state }: Pick<ClientConfig, 'state'>): string {
  return join(state, 'heads.jsonl');
}

/** A crash may have come between the journal and the file. */
async function keepMissingHeads(config: ClientConfig, { heads }: RecoveredMachine): Promise<void> {
  if (heads.length === 0) return;
  const path = headsFile(config);
  const kept = existsSync(path) ? readShownHeads(path) : [];
  const missing = heads.filter(
    ({ head }) => !kept.some((other) => sameBytes(other.head.signature, head.signature)),
  );
  await appendShownHeads(path, missing);
}

/** Secrets of batches that the journal does not know, or knows to be closed: a crash came between the two. */
function forgetStrays({ secrets }: StateDirectory, { machine }: RecoveredMachine): void {
  const { batches } = machine.state;
  for (const context of secrets.batchContexts()) {
    if (!batches.some((batch) => sameBytes(context, batch.context))) secrets.forget(context);
  }
}

/** The next sum, unless the member's policy ends its part here. @throws RuntimeError POLICY */
export function allowedNext(
  { config }: Pick<ClientOptions, 'config'>,
  training: Training,
): ReturnType<Training['expected']> {
  const { maxRounds } = config.policy;
  const next = training.expected();
  if (next !== undefined && next.round > maxRounds) {
    throw new RuntimeError(
      'POLICY',
      `the run asks for sum ${next.round}, 'policy.maxRounds' is ${maxRounds}`,
      "raise 'policy.maxRounds' if you agree to more sums over your data",
    );
  }
  return next;
}

/** What the program makes of what the coordinator sent; where it makes nothing of it, the run has failed. */
function agreeing<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof PrivacyError && error.code === 'NOISE_MISSING') {
      const hint = 'this client gives nothing more to a run whose noise it cannot trust';
      throw new RuntimeError('POLICY', error.message, hint, error);
    }
    if (error instanceof RouterError || error instanceof PrivacyError) {
      const hint = 'ask the operator of the coordinator';
      throw new RuntimeError('RUN_FAILED', `${what} cannot be used: ${error.message}`, hint, error);
    }
    throw error;
  }
}
