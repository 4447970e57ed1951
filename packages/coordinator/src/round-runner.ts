/**
 * Carries out the effects of the coordinator's machine: sending, deadlines, spooling, adding, unmasking. Vectors are handled in chunks
 * and off the event loop's back: between chunks other messages are served.
 */
import { join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import { type CryptoBackend, liftWords, packWords } from '@tributary/crypto';
import {
  type BatchTerms,
  CHUNK_WORDS,
  type CoordinatorEffect,
  type CoordinatorEvent,
  type CoordinatorState,
  type Drop,
  type Message,
  packedLengthOf,
  type Phase,
  planUnmask,
  type Rejection,
  type Roster,
  type RoundInProgress,
  type RoundTerms,
  sameBytes,
  startCoordinator,
  stepCoordinator,
  unmaskWords,
} from '@tributary/protocol';
import { RuntimeError } from '@tributary/runtime';
import type { Sessions } from './sessions.ts';
import { UploadSpool } from './upload-spool.ts';

/** What became of an attempt at a round. */
export type RoundOutcome =
  | {
      readonly kind: 'opened';
      readonly round: RoundInProgress;
      /** Signed coordinates in units of the encoding. */
      readonly sum: Int32Array;
      readonly packed: Uint8Array;
      readonly survivors: readonly number[];
      readonly survivorsDigest: Uint8Array;
      readonly digest: Uint8Array;
    }
  | { readonly kind: 'aborted'; readonly phase: Phase; readonly code: string; readonly detail: string };

export type BatchOutcome =
  | { readonly kind: 'opened'; readonly members: readonly number[] }
  | { readonly kind: 'aborted'; readonly code: string; readonly detail: string };

export interface RoundProgress {
  readonly onPhase?: (phase: Phase, round: number, awaiting: number) => void;
  readonly onDrop?: (drop: Drop) => void;
  readonly onReject?: (rejection: Rejection) => void;
}

interface OpenRound {
  readonly round: RoundInProgress;
  readonly words: Int32Array;
  readonly spools: ReadonlyMap<number, UploadSpool>;
}

export interface RoundRunnerOptions {
  readonly crypto: CryptoBackend;
  readonly roster: Roster;
  readonly run: Uint8Array;
  /** Directory for spools. */
  readonly spoolDirectory: string;
  readonly sessions: () => Sessions;
  readonly progress: RoundProgress;
}

export class RoundRunner {
  readonly #options: RoundRunnerOptions;
  #state: CoordinatorState;
  #open: OpenRound | undefined;
  #timer: NodeJS.Timeout | undefined;
  #effects: Promise<void> = Promise.resolve();
  #settleBatch: ((outcome: BatchOutcome) => void) | undefined;
  #settleRound: ((outcome: RoundOutcome) => void) | undefined;
  #fail: ((error: unknown) => void) | undefined;

  constructor(options: RoundRunnerOptions) {
    this.#options = options;
    this.#state = startCoordinator(options.roster, options.run);
  }

  get batch(): CoordinatorState['batch'] {
    return this.#state.batch;
  }

  joined(member: number): void {
    this.#dispatch({ kind: 'member-joined', member });
  }

  lost(member: number): void {
    this.#dispatch({ kind: 'member-lost', member });
  }

  async openBatch(terms: BatchTerms, deadlineMs: number): Promise<BatchOutcome> {
    return await new Promise((resolve, reject) => {
      this.#settleBatch = resolve;
      this.#fail = reject;
      this.#dispatch({ kind: 'batch-requested', terms, deadlineMs });
    });
  }

  async openRound(terms: RoundTerms): Promise<RoundOutcome> {
    return await new Promise((resolve, reject) => {
      this.#settleRound = resolve;
      this.#fail = reject;
      this.#dispatch({ kind: 'round-requested', terms });
    });
  }

  /** A message from a member with a session. Settles when it is fully taken, which is what paces the member's socket. */
  async receive(from: number, message: Message): Promise<void> {
    if (message.kind === 'vector-chunk') {
      await this.#receiveChunk(from, message);
    } else if (message.kind === 'upload-end') {
      const spool = this.#spoolOf(from, message.body.roundContext);
      const received = (await spool?.finish()) ?? { length: 0, digest: new Uint8Array(32) };
      this.#dispatch({ kind: 'upload-spooled', from, message, ...received });
    } else {
      this.#dispatch({ kind: 'message', from, message });
    }
  }

  /** Ends timers and removes spools; nothing is settled any more. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#closeRound();
  }

  #spoolOf(member: number, roundContext: Uint8Array): UploadSpool | undefined {
    const open = this.#open;
    return open !== undefined && sameBytes(roundContext, open.round.context)
      ? open.spools.get(member)
      : undefined;
  }

  async #receiveChunk(from: number, { body }: Message<'vector-chunk'>): Promise<void> {
    const detail = await this.#spoolOf(from, body.roundContext)?.write(body.sequence, body.bytes);
    if (detail !== undefined) this.#dispatch({ kind: 'upload-failed', from, detail });
  }

  #dispatch(event: CoordinatorEvent): void {
    const { state, effects } = stepCoordinator(this.#options.crypto, this.#state, event);
    this.#state = state;
    if (effects.length === 0) return;
    // One queue for all effects: they are carried out in the order in which the machine asked for them.
    this.#effects = this.#effects.then(async () => {
      try {
        for (const effect of effects) await this.#perform(effect);
      } catch (error) {
        this.#fail?.(error);
      }
    });
  }

  async #perform(effect: CoordinatorEffect): Promise<void> {
    const { progress } = this.#options;
    switch (effect.kind) {
      case 'send':
        await this.#send(effect);
        return;
      case 'start-deadline':
        clearTimeout(this.#timer);
        this.#timer = setTimeout(
          () => this.#dispatch({ kind: 'deadline', phaseNumber: effect.phaseNumber }),
          effect.ms,
        );
        return;
      case 'open-accumulator':
        await this.#openRound(effect.round);
        return;
      case 'add-input':
        await this.#addInput(effect.member, effect.roundContext);
        return;
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
        progress.onPhase?.(effect.phase, effect.round, effect.awaiting);
        return;
      case 'drop':
        progress.onDrop?.(effect.drop);
        return;
      case 'reject':
        progress.onReject?.(effect.rejection);
        return;
      case 'batch-opened':
        clearTimeout(this.#timer);
        this.#settleBatch?.({ kind: 'opened', members: effect.members });
        return;
      case 'batch-aborted':
        clearTimeout(this.#timer);
        this.#settleBatch?.({ kind: 'aborted', code: effect.code, detail: effect.detail });
        return;
      case 'round-completed':
        await this.#complete(effect);
        return;
      case 'round-aborted':
        clearTimeout(this.#timer);
        await this.#closeRound();
        this.#settleRound?.({
          kind: 'aborted',
          phase: effect.phase,
          code: effect.code,
          detail: effect.detail,
        });
        return;
    }
  }

  async #send(effect: Extract<CoordinatorEffect, { kind: 'send' }>): Promise<void> {
    await this.#options.sessions().send(effect.to, effect.message, effect.body);
  }

  async #openRound(round: RoundInProgress): Promise<void> {
    await this.#closeRound();
    const { crypto, spoolDirectory } = this.#options;
    const limit = packedLengthOf(round.terms);
    const spools = new Map(
      round.participants.map((id) => {
        const path = join(spoolDirectory, `${round.terms.round}-${round.terms.attempt}-${id}.upload`);
        return [id, new UploadSpool(crypto, path, limit)] as const;
      }),
    );
    this.#open = { round, words: new Int32Array(round.terms.dimension), spools };
  }

  async #addInput(member: number, roundContext: Uint8Array): Promise<void> {
    const spool = this.#spoolOf(member, roundContext);
    if (spool === undefined || this.#open === undefined) {
      throw new RuntimeError('RUN_FAILED', `no spooled upload of member ${member} to add`);
    }
    const { words, round } = this.#open;
    await spool.addTo(words, round.terms.bits);
    await spool.discard();
    this.#dispatch({ kind: 'input-added', member, roundContext });
  }

  async #unmask({ request, round }: Extract<CoordinatorEffect, { kind: 'unmask' }>): Promise<void> {
    clearTimeout(this.#timer);
    const { crypto } = this.#options;
    const words = this.#openWords();
    const plan = planUnmask(crypto, request);
    const roundContext = round.context;
    if (!plan.ok) {
      this.#dispatch({ kind: 'sum-not-opened', roundContext, badDealers: plan.badDealers });
      return;
    }
    for (let first = 0; first < words.length; first += CHUNK_WORDS) {
      unmaskWords(crypto, plan.masks, words.subarray(first, first + CHUNK_WORDS), first);
      await breathe();
    }
    liftWords(words, round.terms.bits);
    this.#dispatch({ kind: 'sum-opened', roundContext, digest: crypto.sha256(this.#packed()) });
  }

  #openWords(): Int32Array {
    if (this.#open === undefined) throw new RuntimeError('RUN_FAILED', 'no round is open');
    return this.#open.words;
  }

  #packed(): Uint8Array {
    const words = this.#openWords();
    const terms = this.#open?.round.terms ?? { dimension: 0, bits: 32 };
    const packed = new Uint8Array(packedLengthOf(terms));
    packWords(words, terms.bits, packed);
    return packed;
  }

  async #complete(effect: Extract<CoordinatorEffect, { kind: 'round-completed' }>): Promise<void> {
    const { round, survivors, survivorsDigest, digest } = effect;
    const packed = this.#packed();
    const sum = this.#openWords();
    const sessions = this.#options.sessions();
    // The result's chunks travel ahead of the message that ends them.
    await sessions.sendVector(sessions.present, round.context, packed, (CHUNK_WORDS * round.terms.bits) / 8);
    await this.#closeRound();
    this.#settleRound?.({ kind: 'opened', round, sum, packed, survivors, survivorsDigest, digest });
  }

  async #closeRound(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    if (open !== undefined) await Promise.all([...open.spools.values()].map((spool) => spool.discard()));
  }
}
