/** An organisation's process: connect, take part in every round of the run, compute the router from the opened sums, write it. */
import { writeFile } from 'node:fs/promises';
import { equalBytes, toBase64, toHex } from '@tributary/crypto';
import { nodeBackend, nodeRandomBytes } from '@tributary/crypto/node';
import {
  type Bodies,
  type ClientPhase,
  memorySecretStore,
  type Message,
  type Rejection,
  type Roster,
  sameBytes,
  startClient,
  verifyMessage,
} from '@tributary/protocol';
import { type Dataset, encodeArtifact } from '@tributary/router';
import {
  decodeManifest,
  type Identity,
  type Logger,
  type MessageSocket,
  runId,
  type RunManifest,
  RuntimeError,
} from '@tributary/runtime';
import type { ClientConfig } from './config.ts';
import { type Connection, connect } from './connection.ts';
import { RoundParticipant } from './round-participant.ts';
import { startTraining, type Training } from './training.ts';

/** What happens on the client's side, for whoever watches. */
export type ClientProgress =
  | {
      readonly kind: 'welcome';
      readonly manifest: RunManifest;
      readonly records: number;
      readonly leftOut: number;
    }
  | { readonly kind: 'phase'; readonly phase: ClientPhase; readonly round: number }
  | { readonly kind: 'uploaded'; readonly round: number; readonly bytes: number }
  | { readonly kind: 'sum'; readonly round: number; readonly survivors: number }
  | { readonly kind: 'rejected'; readonly rejection: Rejection }
  | { readonly kind: 'disconnected'; readonly reason: string };

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

/** @throws RuntimeError; the exit code of the process follows from it */
export async function runClient(options: ClientOptions): Promise<ClientReport> {
  const session = new ClientSession(options);
  for (;;) {
    const ended = await session.connectOnce();
    if (ended !== undefined) return await session.finish(ended);
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
  #manifest: RunManifest | undefined;
  #run: Uint8Array | undefined;
  #training: Training | undefined;
  #participant: RoundParticipant | undefined;
  #ended: Bodies['run-ended'] | undefined;
  #bytesUp = 0;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#self = memberOf(options.roster, options.identity, options.config.key);
  }

  /** One session from welcome to close. @returns how the run ended, or undefined where the session was lost before */
  async connectOnce(): Promise<Bodies['run-ended'] | undefined> {
    const { config, roster, identity } = this.#options;
    let fault: unknown;
    let ready: Promise<void> = Promise.resolve();
    const connection: Connection = await connect(
      {
        crypto: nodeBackend,
        roster,
        self: this.#self,
        identity: identity.secretKey,
        url: config.coordinator,
        ca: config.ca,
        connectSeconds: config.connectSeconds,
        knownSums: () => this.#training?.knownSums ?? 0,
      },
      {
        onWelcome: (welcome, socket) => {
          ready = this.#welcome(welcome, socket);
          // Handled where the first message awaits it.
          ready.catch(() => {});
        },
        onMessage: async (message) => {
          try {
            await ready;
            await this.#receive(message);
          } catch (error) {
            fault ??= error;
            connection.socket.close(1000, 'client stops');
          }
        },
      },
    );
    try {
      await ready;
    } catch (error) {
      connection.socket.close(1000, 'client stops');
      throw error;
    }
    const { code, reason } = await connection.closed;
    this.#bytesUp += connection.socket.bytesSent;
    await this.#participant?.detach();
    if (fault !== undefined) throw fault;
    if (this.#ended === undefined) {
      await this.#progress({ kind: 'disconnected', reason: reason === '' ? `code ${code}` : reason });
    }
    return this.#ended;
  }

  async #welcome(welcome: Bodies['welcome'], socket: MessageSocket): Promise<void> {
    const run = runId(nodeBackend, welcome.manifest);
    if (this.#run !== undefined) {
      if (sameBytes(run, this.#run)) {
        this.#participant?.attach(socket);
        return;
      }
      throw new RuntimeError(
        'RUN_FAILED',
        'the coordinator came back with another run',
        'start the client again',
      );
    }
    const { identity, roster, config, loadData, train = startTraining } = this.#options;
    const manifest = decodeManifest(welcome.manifest);
    const data = loadData(manifest);
    const training = train({ crypto: nodeBackend, manifest, run, identity: identity.secretKey, data });
    this.#manifest = manifest;
    this.#run = run;
    this.#training = training;
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
    this.#participant = new RoundParticipant(keeper, state, {
      contribute: () => training.contribution(),
      onResult: (result, sum) => {
        training.accept(result, sum);
        void this.#progress({ kind: 'sum', round: result.round, survivors: result.survivors.length });
      },
      onPhase: (phase, round) => this.#progress({ kind: 'phase', phase, round }),
      onReject: (rejection) => void this.#progress({ kind: 'rejected', rejection }),
      onUploaded: (bytes) => {
        void this.#progress({ kind: 'uploaded', round: training.knownSums + 1, bytes });
      },
    });
    this.#participant.attach(socket);
    await this.#participant.expect(this.#allowedNext(training));
    const { records, leftOut } = training;
    await this.#progress({ kind: 'welcome', manifest, records, leftOut });
  }

  async #receive(message: Message): Promise<void> {
    const participant = this.#participant;
    const training = this.#training;
    if (participant === undefined || training === undefined) return;
    if (message.kind === 'run-ended') {
      const { coordinatorKey } = this.#options.roster;
      const { kind, body, signature } = message;
      if (verifyMessage(nodeBackend, coordinatorKey, kind, body, signature)) this.#ended = body;
      return;
    }
    const known = training.knownSums;
    await participant.receive(message);
    if (training.knownSums > known) await participant.expect(this.#allowedNext(training));
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
    const training = this.#training;
    if (ended.outcome !== 'completed') throw failedRun(ended);
    if (training?.model === undefined || this.#manifest === undefined || this.#run === undefined) {
      throw new RuntimeError('RUN_FAILED', 'the coordinator ended the run before this client had its model');
    }
    if (!sameBytes(ended.logHead, training.logHead)) {
      throw new RuntimeError(
        'RUN_FAILED',
        'the coordinator’s log of opened sums is not the one this client saw',
        'compare log heads with the other organisations: the coordinator may have shown different sums',
      );
    }
    const run = toHex(this.#run);
    const artifact = encodeArtifact(training.model, {
      encoder: this.#manifest.encoder,
      provenance: {
        federation: roster.federation,
        run,
        rounds: training.knownSums,
        logHead: toHex(training.logHead),
      },
    });
    await writeFile(config.artifact, artifact);
    return {
      run,
      rounds: training.knownSums,
      records: training.records,
      bytesUp: this.#bytesUp,
      artifact: config.artifact,
    };
  }

  async #progress(progress: ClientProgress): Promise<void> {
    const { log, onProgress } = this.#options;
    if (progress.kind === 'rejected') log.warn(progress.rejection, 'refused');
    else if (progress.kind === 'disconnected') log.warn({ reason: progress.reason }, 'disconnected');
    else log.debug(progress.kind === 'welcome' ? { records: progress.records } : progress, progress.kind);
    await onProgress?.(progress);
  }
}

function failedRun(ended: Bodies['run-ended']): RuntimeError {
  const tooFew = ended.outcome === 'TOO_FEW_SURVIVORS';
  return new RuntimeError(
    tooFew ? 'TOO_FEW_SURVIVORS' : 'RUN_FAILED',
    `the coordinator ended the run: ${ended.detail === '' ? ended.outcome : ended.detail}`,
    tooFew ? 'nothing was opened; start the client again when the others are back' : '',
  );
}
