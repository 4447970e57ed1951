/** Carries out the effects of the coordinator's machine: sending, deadlines, spooling, adding, unmasking. */
import type { CryptoBackend } from '@tributary/crypto';
import {
  type BatchTerms,
  type Bodies,
  type CoordinatorEffect,
  type CoordinatorEvent,
  type CoordinatorState,
  type Drop,
  type Message,
  type MessageKind,
  type Phase,
  type Rejection,
  type Roster,
  type RoundInProgress,
  type RoundTerms,
  sameBytes,
  startCoordinator,
  stepCoordinator,
} from '@tributary/protocol';
import { RuntimeError, systemErrorCode } from '@tributary/runtime';
import { Accumulator, type OpenedVector } from './accumulator.ts';
import type { UploadSpool } from './upload-spool.ts';

/** What became of an attempt at a round. */
export type RoundOutcome =
  | (OpenedVector & {
      readonly kind: 'opened';
      readonly round: RoundInProgress;
      readonly survivors: readonly number[];
      readonly survivorsDigest: Uint8Array;
    })
  | { readonly kind: 'aborted'; readonly phase: Phase; readonly code: string; readonly detail: string };

export type BatchOutcome =
  | { readonly kind: 'opened'; readonly members: readonly number[] }
  | { readonly kind: 'aborted'; readonly code: string; readonly detail: string };

export interface RoundProgress {
  readonly onPhase: (phase: Phase, round: number, awaiting: number) => void;
  readonly onDrop: (drop: Drop) => void;
  readonly onReject: (rejection: Rejection) => void;
}

export interface RoundRunnerOptions {
  readonly crypto: CryptoBackend;
  readonly roster: Roster;
  readonly run: Uint8Array;
  /** Directory for spools. */
  readonly spoolDirectory: string;
  /** Puts a message on its way; nobody waits for its arrival. */
  readonly send: <K extends MessageKind>(members: readonly number[], kind: K, body: Bodies[K]) => void;
  readonly progress: RoundProgress;
}

export class RoundRunner {
  readonly #options: RoundRunnerOptions;
  #state: CoordinatorState;
  #open: Accumulator | undefined;
  #timer: NodeJS.Timeout | undefined;
  #effects: Promise<void> = Promise.resolve();
  #fault: { readonly error: unknown } | undefined;
  #settleBatch: (outcome: BatchOutcome) => void = () => {};
  #settleRound: (outcome: RoundOutcome) => void = () => {};
  #reject: (error: unknown) => void = () => {};

  constructor(options: RoundRunnerOptions) {
    this.#options = options;
    this.#state = startCoordinator(options.roster, options.run);
  }

  get batch(): CoordinatorState['batch'] {
    return this.#state.batch;
  }

  joined(member: number): void {
    this.#happened({ kind: 'member-joined', member });
  }

  lost(member: number): void {
    this.#happened({ kind: 'member-lost', member });
  }

  /** @throws what `fail` was given, also before */
  async openBatch(terms: BatchTerms, deadlineMs: number): Promise<BatchOutcome> {
    return await this.#request<BatchOutcome>({ kind: 'batch-requested', terms, deadlineMs }, (settle) => {
      this.#settleBatch = settle;
    });
  }

  /** @throws what `fail` was given, also before */
  async openRound(terms: RoundTerms): Promise<RoundOutcome> {
    return await this.#request<RoundOutcome>({ kind: 'round-requested', terms }, (settle) => {
      this.#settleRound = settle;
    });
  }

  async #request<T>(event: CoordinatorEvent, remember: (settle: (outcome: T) => void) => void): Promise<T> {
    return await new Promise<T>((resolve, reject) => {
      if (this.#fault !== undefined) throw this.#fault.error;
      remember(resolve);
      this.#reject = reject;
      this.#dispatch(event);
    });
  }

  /** A message from a member with a session. Settles when it is fully taken, which is what paces the member's socket. */
  async receive(from: number, message: Message): Promise<void> {
    if (message.kind === 'vector-chunk') await this.#receiveChunk(from, message);
    else if (message.kind === 'upload-end') await this.#receiveUploadEnd(from, message);
    else this.#dispatch({ kind: 'message', from, message });
  }

  /** Ends whatever is going on: the open request is rejected with `error`, and every later one. */
  fail(error: unknown): void {
    if (this.#fault !== undefined) return;
    this.#fault = { error };
    clearTimeout(this.#timer);
    this.#reject(error);
  }

  /** Ends timers and removes spools. */
  async stop(): Promise<void> {
    this.fail(new RuntimeError('RUN_FAILED', 'the coordinator has stopped'));
    await this.#effects;
    await this.#closeRound();
  }

  #spoolOf(member: number, roundContext: Uint8Array): UploadSpool | undefined {
    const open = this.#open;
    return open !== undefined && sameBytes(roundContext, open.round.context) ? open.spool(member) : undefined;
  }

  async #receiveChunk(from: number, { body }: Message<'vector-chunk'>): Promise<void> {
    let detail: string | undefined;
    try {
      detail = await this.#spoolOf(from, body.roundContext)?.write(body.sequence, body.bytes);
    } catch (error) {
      // No fault of the member: the next one's upload would fail alike.
      const reason = systemErrorCode(error) ?? String(error);
      const { spoolDirectory } = this.#options;
      this.fail(
        new RuntimeError(
          'RUN_FAILED',
          `cannot write uploads to ${spoolDirectory}: ${reason}`,
          "check space and rights of 'output'",
          error,
        ),
      );
      return;
    }
    if (detail !== undefined) this.#dispatch({ kind: 'upload-failed', from, detail });
  }

  async #receiveUploadEnd(from: number, message: Message<'upload-end'>): Promise<void> {
    const spool = this.#spoolOf(from, message.body.roundContext);
    const upload = await spool?.finish();
    if (upload?.fault !== undefined) {
      this.#dispatch({ kind: 'upload-failed', from, detail: upload.fault });
      return;
    }
    const { length, digest } = upload ?? { length: 0, digest: new Uint8Array(32) };
    this.#dispatch({ kind: 'upload-spooled', from, message, length, digest });
  }

  /** An event of this process; nobody else could handle a failure of it. */
  #happened(event: CoordinatorEvent): void {
    try {
      this.#dispatch(event);
    } catch (error) {
      this.fail(error);
    }
  }

  #dispatch(event: CoordinatorEvent): void {
    if (this.#fault !== undefined) return;
    const { state, effects } = stepCoordinator(this.#options.crypto, this.#state, event);
    this.#state = state;
    if (effects.length === 0) return;
    // One queue for all effects: they are carried out in the order in which the machine asked for them.
    this.#effects = this.#effects.then(async () => {
      try {
        for (const effect of effects) if (this.#fault === undefined) await this.#perform(effect);
      } catch (error) {
        this.fail(error);
      }
    });
  }

  async #perform(effect: CoordinatorEffect): Promise<void> {
    const { crypto, spoolDirectory, progress, send } = this.#options;
    switch (effect.kind) {
      case 'send':
        // Results travel with the log of sums, which also brings them to members that were away.
        if (effect.message !== 'round-result') send(effect.to, effect.message, effect.body);
        return;
      case 'start-deadline':
        this.#startDeadline(effect);
        return;
      case 'open-accumulator':
        await this.#closeRound();
        this.#open = new Accumulator(crypto, effect.round, spoolDirectory);
        return;
      case 'add-input': {
        const { member, roundContext } = effect;
        await this.#accumulator().add(member);
        this.#happened({ kind: 'input-added', member, roundContext });
        return;
      }
      case 'discard-input':
        await this.#spoolOf(effect.member, effect.roundContext)?.discard();
        return;
      case 'unmask':
        await this.#unmask(effect);
        return;
      case 'close-accumulator':
        await this.#closeRound();
        return;
      case 'enter-phase':
        progress.onPhase(effect.phase, effect.round, effect.awaiting);
        return;
      case 'drop':
        progress.onDrop(effect.drop);
        return;
      case 'reject':
        progress.onReject(effect.rejection);
        return;
      case 'batch-opened':
        clearTimeout(this.#timer);
        this.#settleBatch({ kind: 'opened', members: effect.members });
        return;
      case 'batch-aborted':
        clearTimeout(this.#timer);
        this.#settleBatch({ kind: 'aborted', code: effect.code, detail: effect.detail });
        return;
      case 'round-completed': {
        const { round, survivors, survivorsDigest } = effect;
        const { opened } = this.#accumulator();
        await this.#closeRound();
        this.#settleRound({ kind: 'opened', round, survivors, survivorsDigest, ...opened });
        return;
      }
      case 'round-aborted': {
        const { phase, code, detail } = effect;
        clearTimeout(this.#timer);
        await this.#closeRound();
        this.#settleRound({ kind: 'aborted', phase, code, detail });
        return;
      }
    }
  }

  #startDeadline({ phaseNumber, ms }: Extract<CoordinatorEffect, { kind: 'start-deadline' }>): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#happened({ kind: 'deadline', phaseNumber }), ms);
  }

  async #unmask({ request, round }: Extract<CoordinatorEffect, { kind: 'unmask' }>): Promise<void> {
    clearTimeout(this.#timer);
    const roundContext = round.context;
    const result = await this.#accumulator().unmask(request);
    if (result.ok) this.#happened({ kind: 'sum-opened', roundContext, digest: result.digest });
    else this.#happened({ kind: 'sum-not-opened', roundContext, badDealers: result.badDealers });
  }

  #accumulator(): Accumulator {
    if (this.#open === undefined) throw new RuntimeError('RUN_FAILED', 'no round is open');
    return this.#open;
  }

  async #closeRound(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.close();
  }
}
