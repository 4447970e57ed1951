/** An organisation's process: connect, take part in every round of the run, compute the router from the opened sums, write it. */
import { access, constants } from 'node:fs/promises';
import { dirname } from 'node:path';
import { equalBytes, toBase64, toHex } from '@tributary/crypto';
import { nodeBackend, nodeRandomBytes } from '@tributary/crypto/node';
import { PrivacyError } from '@tributary/privacy';
import {
  type Bodies,
  memorySecretStore,
  type Message,
  type Roster,
  sameBytes,
  startClient,
  verifyMessage,
} from '@tributary/protocol';
import { createArtifact, type Dataset, encodeArtifact, RouterError } from '@tributary/router';
import {
  CLOSE,
  decodeManifest,
  fileFailure,
  type Identity,
  type Logger,
  type MessageSocket,
  runId,
  type RunManifest,
  RuntimeError,
  throwIfStopped,
  writeTextFile,
} from '@tributary/runtime';
import { Backoff } from './backoff.ts';
import type { ClientConfig } from './config.ts';
import { connect, finalFailure } from './connection.ts';
import { type ClientProgress, logProgress } from './progress.ts';
import { RoundParticipant } from './round-participant.ts';
import { startTraining, type Training } from './training.ts';

export interface ClientOptions {
  readonly config: ClientConfig;
  readonly roster: Roster;
  readonly identity: Identity;
  readonly log: Logger;
  /** The organisation's data for a run, in the run's models and encoder. @throws RuntimeError BAD_DATA */
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
  await checkWritable(options.config.artifact);
  const session = new ClientSession(options);
  for (;;) {
    const ended = await session.connectOnce();
    if (ended !== undefined) return await session.finish(ended);
  }
}

/** A run takes long; that its result cannot be written should not be found out at its end. */
async function checkWritable(artifact: string): Promise<void> {
  try {
    await access(dirname(artifact), constants.W_OK);
  } catch (error) {
    throw fileFailure('write', artifact, error);
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

class ClientSession {
  readonly #options: ClientOptions;
  readonly #self: number;
  readonly #backoff = new Backoff();
  #joined: JoinedRun | undefined;
  #ended: Bodies['run-ended'] | undefined;
  #bytesUp = 0;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#self = memberOf(options.roster, options.identity, options.config.key);
  }

  /** One session from welcome to close. @returns how the run ended, or undefined where the session was lost before */
  async connectOnce(): Promise<Bodies['run-ended'] | undefined> {
    const { config, roster, identity, signal } = this.#options;
    let fault: { readonly error: unknown } | undefined;
    let ready: Promise<void> = Promise.resolve();
    const attempt = async (socket: MessageSocket, work: () => Promise<void>): Promise<void> => {
      if (fault !== undefined) return;
      try {
        await work();
      } catch (error) {
        fault = { error };
        socket.close(CLOSE.normal, 'client stops');
      }
    };
    const socket = await connect(
      {
        crypto: nodeBackend,
        roster,
        self: this.#self,
        identity: identity.secretKey,
        url: config.coordinator,
        ca: config.ca,
        connectSeconds: config.connectSeconds,
        knownSums: () => this.#joined?.training.knownSums ?? 0,
        backoff: this.#backoff,
        signal,
      },
      {
        onWelcome: (welcome, open) => {
          ready = attempt(open, () => this.#welcome(welcome, open));
        },
        onMessage: async (message, open) => {
          await ready;
          await attempt(open, () => this.#receive(message, open));
        },
        onFault: (error) => {
          fault ??= { error };
        },
      },
    );
    const end = await socket.closed;
    await ready;
    this.#bytesUp += socket.bytesSent;
    await this.#joined?.participant.detach();
    throwIfStopped(signal);
    if (fault !== undefined) throw fault.error;
    if (this.#ended !== undefined) return this.#ended;
    const final = finalFailure(config.coordinator, end);
    if (final !== undefined) throw final;
    await this.#progress({
      kind: 'disconnected',
      reason: end.reason === '' ? `code ${end.code}` : end.reason,
    });
    return undefined;
  }

  async #welcome(welcome: Bodies['welcome'], socket: MessageSocket): Promise<void> {
    const run = runId(nodeBackend, welcome.manifest);
    if (this.#joined === undefined) {
      this.#joined = await this.#join(run, decodeManifest(welcome.manifest), socket);
    } else if (sameBytes(run, this.#joined.run)) {
      this.#joined.participant.attach(socket);
    } else {
      throw new RuntimeError(
        'RUN_FAILED',
        'the coordinator came back with another run',
        'start the client again',
      );
    }
  }

  async #join(run: Uint8Array, manifest: RunManifest, socket: MessageSocket): Promise<JoinedRun> {
    const { identity, roster, config, loadData, log, train = startTraining } = this.#options;
    const data = loadData(manifest);
    const training = agreeing('the run of the coordinator', () =>
      train({ crypto: nodeBackend, manifest, run, identity: identity.secretKey, data }),
    );
    const { minCohort, minColluders } = config.policy;
    const state = startClient(nodeBackend, {
      self: this.#self,
      roster,
      run,
      policy: { minCohort, minColluders },
    });
    const keeper = {
      crypto: nodeBackend,
      random: nodeRandomBytes,
      self: this.#self,
      identity: identity.secretKey,
      store: memorySecretStore(),
    };
    const participant = new RoundParticipant(keeper, state, {
      contribute: () => training.contribution(),
      onInputFailed: (error) => log.error({ err: error }, 'no contribution to this round'),
      onResult: (result, sum) => {
        agreeing(`the sum of round ${result.round}`, () => training.accept(result, sum));
        this.#note({ kind: 'sum', round: result.round, survivors: result.survivors.length });
      },
      onPhase: (phase, round) => this.#progress({ kind: 'phase', phase, round }),
      onReject: (rejection) => this.#note({ kind: 'rejected', rejection }),
      onUploaded: (bytes) => this.#note({ kind: 'uploaded', round: training.knownSums + 1, bytes }),
    });
    participant.attach(socket);
    await participant.expect(this.#allowedNext(training));
    const { records, leftOut } = training;
    await this.#progress({ kind: 'welcome', manifest, records, leftOut });
    return { run, manifest, training, participant };
  }

  async #receive(message: Message, socket: MessageSocket): Promise<void> {
    const joined = this.#joined;
    if (joined === undefined) return;
    this.#backoff.reset();
    if (message.kind === 'run-ended') {
      this.#receiveEnd(message, joined, socket);
      return;
    }
    const { participant, training } = joined;
    const known = training.knownSums;
    await participant.receive(message);
    if (training.knownSums > known) await participant.expect(this.#allowedNext(training));
  }

  #receiveEnd({ body, signature }: Message<'run-ended'>, { run }: JoinedRun, socket: MessageSocket): void {
    const { coordinatorKey } = this.#options.roster;
    if (!verifyMessage(nodeBackend, coordinatorKey, 'run-ended', body, signature)) return;
    if (!sameBytes(body.run, run)) return;
    this.#ended = body;
    socket.close(CLOSE.normal, 'run ended');
  }

  /** The next sum, unless the member's policy ends its part here. */
  #allowedNext(training: Training): ReturnType<Training['expected']> {
    const { maxRounds } = this.#options.config.policy;
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

  async finish(ended: Bodies['run-ended']): Promise<ClientReport> {
    const { config, roster } = this.#options;
    if (ended.outcome !== 'completed') throw failedRun(ended);
    const { manifest, run, training } = this.#joined ?? {};
    if (manifest === undefined || run === undefined || training?.model === undefined) {
      throw new RuntimeError(
        'RUN_FAILED',
        'the coordinator ended the run before this client had its model',
        'ask the operator for router.json of the run',
      );
    }
    if (!sameBytes(ended.logHead, training.logHead)) {
      throw new RuntimeError(
        'RUN_FAILED',
        'the log of opened sums of the coordinator is not the one this client saw',
        'compare log heads with the other organisations: the coordinator may have shown different sums',
      );
    }
    const provenance = { federation: roster.federation, run: toHex(run), cohortSizes: training.cohortSizes };
    const artifact = createArtifact(training.model, manifest.encoder, provenance);
    await writeTextFile(config.artifact, encodeArtifact(artifact));
    return {
      run: toHex(run),
      rounds: training.knownSums,
      records: training.records,
      bytesUp: this.#bytesUp,
      artifact: config.artifact,
    };
  }

  /** Progress that nothing waits for. */
  #note(progress: ClientProgress): void {
    this.#progress(progress).catch((error: unknown) => {
      this.#options.log.error({ err: error }, 'progress not shown');
    });
  }

  async #progress(progress: ClientProgress): Promise<void> {
    const { log, onProgress } = this.#options;
    logProgress(log, progress);
    await onProgress?.(progress);
  }
}

/** What the client is in once it knows the run. */
interface JoinedRun {
  /** Digest of the manifest. */
  readonly run: Uint8Array;
  readonly manifest: RunManifest;
  readonly training: Training;
  readonly participant: RoundParticipant;
}

/** What the program makes of what the coordinator sent; where it makes nothing of it, the run has failed. */
function agreeing<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof RouterError || error instanceof PrivacyError) {
      throw new RuntimeError('RUN_FAILED', `${what} cannot be used: ${error.message}`, '', error);
    }
    throw error;
  }
}

function failedRun(ended: Bodies['run-ended']): RuntimeError {
  const tooFew = ended.outcome === 'TOO_FEW_SURVIVORS';
  return new RuntimeError(
    tooFew ? 'TOO_FEW_SURVIVORS' : 'RUN_FAILED',
    `the coordinator ended the run: ${ended.detail === '' ? ended.outcome : ended.detail}`,
    tooFew
      ? 'nothing more was opened; start the client again when the others are back'
      : 'ask the operator of the coordinator',
  );
}
