/** A member's part in one run, over as many connections as it takes. */
import { nodeBackend, nodeRandomBytes } from '@tributary/crypto/node';
import { PrivacyError } from '@tributary/privacy';
import {
  type Bodies,
  memorySecretStore,
  type Message,
  sameBytes,
  startClient,
  verifyMessage,
} from '@tributary/protocol';
import { RouterError } from '@tributary/router';
import {
  CLOSE,
  decodeManifest,
  type MessageSocket,
  runId,
  type RunManifest,
  RuntimeError,
  throwIfStopped,
} from '@tributary/runtime';
import { Backoff } from './backoff.ts';
import type { ClientOptions } from './client.ts';
import { connect, finalFailure } from './connection.ts';
import { type ClientProgress, logProgress } from './progress.ts';
import { RoundParticipant } from './round-participant.ts';
import { startTraining, type Training } from './training.ts';

/** What the member is in once it knows the run. */
export interface JoinedRun {
  /** Digest of the manifest. */
  readonly run: Uint8Array;
  readonly manifest: RunManifest;
  readonly training: Training;
  readonly participant: RoundParticipant;
}

export class RunSession {
  readonly #options: ClientOptions;
  readonly #self: number;
  readonly #backoff = new Backoff();
  #joined: JoinedRun | undefined;
  #ended: Bodies['run-ended'] | undefined;
  #bytesUp = 0;

  constructor(options: ClientOptions, self: number) {
    this.#options = options;
    this.#self = self;
  }

  get joined(): JoinedRun | undefined {
    return this.#joined;
  }

  /** Bytes of all messages sent. */
  get bytesUp(): number {
    return this.#bytesUp;
  }

  /**
   * One connection from welcome to close.
   * @returns how the run ended; undefined where the connection was lost before, and another is worth trying
   */
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
    const reason = end.reason === '' ? `code ${end.code}` : end.reason;
    await this.#progress({ kind: 'disconnected', reason });
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
    const policy = { minCohort, minColluders };
    const keeper = {
      crypto: nodeBackend,
      random: nodeRandomBytes,
      self: this.#self,
      identity: identity.secretKey,
      store: memorySecretStore(),
    };
    const state = startClient(nodeBackend, { self: this.#self, roster, run, policy });
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
    if (message.kind === 'run-ended') {
      this.#receiveEnd(message, joined, socket);
      return;
    }
    const { participant, training } = joined;
    const known = training.knownSums;
    await participant.receive(message);
    if (training.knownSums === known) return;
    this.#backoff.reset();
    await participant.expect(this.#allowedNext(training));
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

/** What the program makes of what the coordinator sent; where it makes nothing of it, the run has failed. */
function agreeing<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof RouterError || error instanceof PrivacyError) {
      const hint = 'ask the operator of the coordinator';
      throw new RuntimeError('RUN_FAILED', `${what} cannot be used: ${error.message}`, hint, error);
    }
    throw error;
  }
}
