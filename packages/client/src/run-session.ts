/** A member's part in one run, over as many connections, and as many lives of its process, as it takes. */
import { nodeBackend } from '@tributary/crypto/node';
import {
  type Bodies,
  clipDetail,
  type Message,
  sameBytes,
  signMessage,
  verifyHead,
  verifyMessage,
} from '@tributary/protocol';
import {
  appendShownHeads,
  CLOSE,
  type MessageSocket,
  runId,
  RuntimeError,
  type RunStates,
  throwIfStopped,
  VectorWork,
} from '@tributary/runtime';
import { Backoff } from './backoff.ts';
import type { ClientOptions } from './client.ts';
import { connect, finalFailure } from './connection.ts';
import {
  allowedNext,
  type EarlierRun,
  earlierRun,
  headsFile,
  type JoinedRun,
  type JoinOptions,
  joinRun,
  leaveOtherRuns,
} from './joined-run.ts';
import { type ClientProgress, logProgress } from './progress.ts';

export class RunSession {
  readonly #options: ClientOptions;
  readonly #self: number;
  readonly #states: RunStates;
  readonly #vectors = new VectorWork();
  readonly #backoff = new Backoff();
  /** From the last life of the process; until it is known which run the coordinator serves. */
  #earlier: EarlierRun | undefined;
  #joined: JoinedRun | undefined;
  #ended: Bodies['run-ended'] | undefined;
  #bytesUp = 0;

  constructor(options: ClientOptions, self: number, states: RunStates) {
    this.#options = options;
    this.#self = self;
    this.#states = states;
  }

  get joined(): JoinedRun | undefined {
    return this.#joined;
  }

  /** Bytes of all messages sent. */
  get bytesUp(): number {
    return this.#bytesUp;
  }

  /** Finds the run that the last life of the process was in, if any. @throws RuntimeError BAD_FILE, RUN_FAILED */
  async restore(): Promise<void> {
    this.#earlier = await earlierRun(this.#joinOptions);
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
    let again = false;
    const socket = await connect(
      {
        crypto: nodeBackend,
        roster,
        self: this.#self,
        identity: identity.secretKey,
        url: config.coordinator,
        ca: config.ca,
        connectSeconds: config.connectSeconds,
        knownSums: () => this.#joined?.training.knownSums ?? this.#earlier?.knownSums ?? 0,
        backoff: this.#backoff,
        signal,
      },
      {
        onWelcome: (welcome, open) => {
          ready = attempt(open, async () => {
            again = !(await this.#welcome(welcome, open));
            if (again) open.close(CLOSE.normal, 'client leaves an earlier run');
          });
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
    if (again) return undefined;
    const final = finalFailure(config.coordinator, end);
    if (final !== undefined) throw final;
    const reason = end.reason === '' ? `code ${end.code}` : end.reason;
    await this.#progress({ kind: 'disconnected', reason });
    return undefined;
  }

  /** Closes the run for good: nothing of it is needed or possible any more. */
  async leave(): Promise<void> {
    const joined = this.#joined;
    this.#joined = undefined;
    if (joined !== undefined) await this.#states.close(joined.run, joined.state);
  }

  /** Lets go of the run's state; another life of the process can go on with it. */
  async suspend(): Promise<void> {
    await this.#joined?.state.close();
    await this.#vectors.close();
  }

  /** @returns false where another connection is needed, whose hello counts the sums of the run that is served */
  async #welcome(welcome: Bodies['welcome'], socket: MessageSocket): Promise<boolean> {
    const run = runId(nodeBackend, welcome.manifest);
    if (this.#joined !== undefined) {
      if (!sameBytes(run, this.#joined.run)) {
        throw new RuntimeError(
          'RUN_FAILED',
          'the coordinator came back with another run',
          'start the client again',
        );
      }
      this.#joined.participant.attach(socket);
      return true;
    }
    await leaveOtherRuns(this.#states, run);
    const earlier = this.#earlier;
    this.#earlier = undefined;
    if (earlier !== undefined && !sameBytes(run, earlier.run)) {
      // Who knows more sums than there are gets all of them; else the hello kept some back.
      const { knownSums } = earlier;
      if (knownSums > 0 && knownSums <= welcome.openedSums) return false;
    }
    try {
      this.#joined = await joinRun(this.#joinOptions, welcome.manifest);
    } catch (error) {
      await this.#refuse(error, socket);
      throw error;
    }
    const { manifest, participant, training } = this.#joined;
    participant.attach(socket);
    const { records, leftOut } = training;
    await this.#progress({ kind: 'welcome', manifest, records, leftOut });
    return true;
  }

  /** Tells the coordinator why this organisation stays out, so that both sides show the reason and nobody waits for it. */
  async #refuse(error: unknown, socket: MessageSocket): Promise<void> {
    if (!(error instanceof RuntimeError && error.code === 'POLICY')) return;
    const detail = toldOfPolicy(error);
    const body = { member: this.#self, round: 0, code: 'POLICY_REFUSED', detail };
    const { secretKey } = this.#options.identity;
    await socket.send('refusal', body, signMessage(nodeBackend, secretKey, 'refusal', body));
  }

  get #joinOptions(): JoinOptions {
    const progress = (event: ClientProgress): Promise<void> => this.#progress(event);
    return {
      client: this.#options,
      self: this.#self,
      states: this.#states,
      vectors: this.#vectors,
      progress,
    };
  }

  async #receive(message: Message, socket: MessageSocket): Promise<void> {
    const joined = this.#joined;
    if (joined === undefined) return;
    if (message.kind === 'run-ended') {
      await this.#receiveEnd(message, joined, socket);
      return;
    }
    const { participant, training } = joined;
    const known = training.knownSums;
    await participant.receive(message);
    if (training.knownSums === known) return;
    this.#backoff.reset();
    await participant.expect(allowedNext(this.#options, training));
  }

  async #receiveEnd(
    { body, signature }: Message<'run-ended'>,
    { run }: JoinedRun,
    socket: MessageSocket,
  ): Promise<void> {
    const { config, roster } = this.#options;
    const { coordinatorKey } = roster;
    if (!verifyMessage(nodeBackend, coordinatorKey, 'run-ended', body, signature)) return;
    if (!sameBytes(body.run, run)) return;
    const head = { run, ...body.auditHead };
    if (verifyHead(nodeBackend, coordinatorKey, head)) {
      await appendShownHeads(headsFile(config), [{ head, shown: 'end' }]);
    }
    this.#ended = body;
    socket.close(CLOSE.normal, 'run ended');
  }

  async #progress(progress: ClientProgress): Promise<void> {
    const { log, onProgress } = this.#options;
    logProgress(log, progress);
    await onProgress?.(progress);
  }
}

/** What of a refusal leaves the organisation: not what it has spent elsewhere. */
function toldOfPolicy({ message }: RuntimeError): string {
  return clipDetail(
    message.startsWith('BUDGET_EXCEEDED')
      ? 'the privacy budget of this organisation does not allow the run'
      : message,
  );
}
