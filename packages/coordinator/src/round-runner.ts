/**
 * Carries out the effects of the coordinator's machine: sending, deadlines, spooling, adding, unmasking. What the machine decides
 * is in the journal before anything follows from it.
 */
import { setImmediate as breathe } from 'node:timers/promises';
import type { CryptoBackend } from '@tributary/crypto';
import {
  type BatchTerms,
  type Bodies,
  type CoordinatorEffect,
  type CoordinatorEvent,
  type CoordinatorState,
  type Drop,
  type Lane,
  type MemberEvidence,
  type Message,
  type MessageKind,
  type OpenBatch,
  type OpeningProof,
  type Phase,
  proofOfOpening,
  type Rejection,
  type RoundInProgress,
  type RoundTerms,
  sameBytes,
  summationChallenge,
} from '@tributary/protocol';
import { type BlobStore, RuntimeError, type VectorWork } from '@tributary/runtime';
import { Accumulator, type FinishedUpload, type OpenedVector } from './accumulator.ts';
import type { CoordinatorMachine } from './coordinator-journal.ts';
import { Pending } from './pending.ts';
import { uploadName, type UploadSpool } from './upload-spool.ts';

/** A sum and over whose vectors it is. */
export interface OpenedRound extends OpenedVector {
  readonly round: RoundInProgress;
  readonly survivors: readonly number[];
  readonly survivorsDigest: Uint8Array;
  readonly proof: OpeningProof;
}

/** An attempt at a round that ended without a sum. */
export interface AbortedAttempt {
  readonly terms: RoundTerms;
  readonly phase: Phase;
  readonly code: string;
  readonly detail: string;
  /** Whether the round may be tried again, with the next key index. */
  readonly retryable: boolean;
  /** Whether enough members promised that nothing of it can ever be opened. */
  readonly isVoid: boolean;
}

/** What became of an attempt at a round. */
export type RoundOutcome =
  | (OpenedRound & { readonly kind: 'opened' })
  | (AbortedAttempt & { readonly kind: 'aborted' });

export type BatchOutcome =
  | { readonly kind: 'opened'; readonly members: readonly number[] }
  | { readonly kind: 'aborted'; readonly code: string; readonly detail: string };

export interface RoundProgress {
  readonly onPhase: (phase: Phase, round: number, awaiting: number) => void;
  readonly onDrop: (drop: Drop) => void;
  readonly onReject: (rejection: Rejection) => void;
  /** Proof that a member cheated. Settles once it is kept. */
  readonly onEvidence: (evidence: MemberEvidence, culprit: number) => Promise<void>;
}

export interface RoundRunnerOptions {
  readonly crypto: CryptoBackend;
  readonly machine: CoordinatorMachine;
  /** For uploads until their round closes. */
  readonly blobs: BlobStore;
  /** Adds and unmasks. */
  readonly vectors: VectorWork;
  /** Puts a message on its way; nobody waits for its arrival. */
  readonly send: <K extends MessageKind>(members: readonly number[], kind: K, body: Bodies[K]) => void;
  /** Makes an opened sum durable. Called before its round counts as opened, after a restart perhaps a second time. */
  readonly keepSum: (opened: OpenedRound) => Promise<void>;
  /** Makes the integer sum of a round's uploads durable, as its digest covers it. After a restart perhaps a second time. */
  readonly keepMaskedSum: (round: number, maskedSum: Uint8Array) => Promise<void>;
  /** Keeps the masked upload of a survivor whose inner product an auditor cannot use. Called before `keepSum`. */
  readonly keepUpload: (round: number, member: number, packed: Uint8Array) => Promise<void>;
  /** Writes into the audit log what it is to have of an effect, before the effect is carried out. */
  readonly record: (effect: CoordinatorEffect) => Promise<void>;
  readonly progress: RoundProgress;
}

/** How long effects may keep the event loop. */
const MAX_TURN_MS = 10;

/** The whole uploads of a round that is open. */
function uploadsOf(phase: CoordinatorState['phase']): readonly FinishedUpload[] {
  if (phase.kind === 'masked-input') return [...phase.added.values(), ...phase.adding.values()];
  return 'survivors' in phase ? phase.survivors : [];
}

export class RoundRunner {
  readonly #options: RoundRunnerOptions;
  readonly #machine: CoordinatorMachine;
  readonly #batch = new Pending<BatchOutcome>();
  readonly #round = new Pending<RoundOutcome>();
  #open: Accumulator | undefined;
  readonly #timers: Partial<Record<Lane, NodeJS.Timeout>> = {};
  #effects: Promise<void> = Promise.resolve();
  #fault: { readonly error: unknown } | undefined;

  constructor(options: RoundRunnerOptions) {
    this.#options = options;
    this.#machine = options.machine;
  }

  get state(): CoordinatorState {
    return this.#machine.state;
  }

  /** The newest batch whose shares are dealt. */
  get batch(): OpenBatch | undefined {
    return this.#machine.state.batches.at(-1);
  }

  /** What becomes of the round that is open; undefined where none is. */
  get roundInProgress(): Promise<RoundOutcome> | undefined {
    return this.#round.outcome;
  }

  /** What becomes of the setup that is going on; undefined where none is. */
  get setupInProgress(): Promise<BatchOutcome> | undefined {
    return this.#batch.outcome;
  }

  /** Whether `fail` has ended what was going on. */
  get failed(): boolean {
    return this.#fault !== undefined;
  }

  /** After a restart: removes what is left of uploads that were not whole, or whose round is closed. @throws RuntimeError RUN_FAILED */
  async discardStrays(): Promise<void> {
    const { blobs } = this.#options;
    const { phase } = this.#machine.state;
    const context = 'round' in phase ? phase.round.context : new Uint8Array(0);
    const names = new Set(uploadsOf(phase).map(({ member }) => uploadName(context, member)));
    for (const name of await blobs.list()) if (!names.has(name)) await blobs.delete(name);
  }

  /**
   * After a restart: takes up the round, and the setup, that the last life of the process left open. Whoever is back is to be made known
   * in the same turn: a phase that ends with what is done now goes on with those who are there.
   */
  resume(): void {
    const { phase, setup } = this.#machine.state;
    if (phase.kind !== 'idle') void this.#round.begin();
    if (setup.kind !== 'idle') void this.#batch.begin();
    this.#happened({ kind: 'restarted' });
  }

  joined(member: number): void {
    this.#happened({ kind: 'member-joined', member });
  }

  lost(member: number): void {
    this.#happened({ kind: 'member-lost', member });
  }

  /** @throws what `fail` was given, also before */
  async openBatch(terms: BatchTerms, deadlineMs: number): Promise<BatchOutcome> {
    return await this.#request(this.#batch, { kind: 'batch-requested', terms, deadlineMs });
  }

  /** @throws what `fail` was given, also before */
  async openRound(terms: RoundTerms): Promise<RoundOutcome> {
    return await this.#request(this.#round, { kind: 'round-requested', terms });
  }

  async #request<T>(pending: Pending<T>, event: CoordinatorEvent): Promise<T> {
    if (this.#fault !== undefined) throw this.#fault.error;
    const outcome = pending.begin();
    this.#dispatch(event);
    return await outcome;
  }

  /** A message from a member with a session. Settles when it is fully taken, which is what paces the member's socket. */
  async receive(from: number, message: Message): Promise<void> {
    if (message.kind === 'vector-chunk') await this.#receiveChunk(from, message);
    else if (message.kind === 'upload-end') await this.#receiveUploadEnd(from, message);
    else this.#dispatch({ kind: 'message', from, message });
  }

  /** Ends whatever is going on: open requests are rejected with `error`, and every later one. */
  fail(error: unknown): void {
    if (this.#fault !== undefined) return;
    this.#fault = { error };
    clearTimeout(this.#timers.setup);
    clearTimeout(this.#timers.round);
    this.#batch.reject(error);
    this.#round.reject(error);
  }

  /** Ends timers, and waits for what is under way. Whole uploads of an open round stay, for a restart. */
  async stop(): Promise<void> {
    this.fail(new RuntimeError('RUN_FAILED', 'the coordinator has stopped'));
    await this.#effects;
    await this.#open?.suspend();
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
      this.fail(error);
      return;
    }
    if (detail !== undefined) this.#dispatch({ kind: 'upload-failed', from, detail });
  }

  async #receiveUploadEnd(from: number, message: Message<'upload-end'>): Promise<void> {
    const { body } = message;
    let upload: Awaited<ReturnType<UploadSpool['finish']>> | undefined;
    try {
      upload = await this.#spoolOf(from, body.roundContext)?.finish(body.digest);
    } catch (error) {
      this.fail(error);
      return;
    }
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
    const { effects, durable } = this.#machine.take(event);
    // One queue for all effects: they are carried out in the order in which the machine asked for them.
    this.#effects = this.#effects.then(async () => {
      try {
        await durable;
        let since = performance.now();
        for (const effect of effects) {
          if (this.#fault !== undefined) return;
          await this.#options.record(effect);
          await this.#perform(effect);
          // A message of its own for each of a thousand members is seconds of signing: others are heard and answered in between.
          if (performance.now() - since > MAX_TURN_MS) {
            await breathe();
            since = performance.now();
          }
        }
      } catch (error) {
        this.fail(error);
      }
    });
  }

  async #perform(effect: CoordinatorEffect): Promise<void> {
    const { crypto, blobs, vectors, progress, send } = this.#options;
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
        this.#open = new Accumulator(crypto, effect.round, blobs, vectors);
        await this.#open.restore(uploadsOf(this.#machine.state.phase), effect.restore);
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
      case 'keep-masked-sum':
        await this.#keepMaskedSum(effect.round);
        return;
      case 'unmask':
        await this.#unmask(effect);
        return;
      case 'close-accumulator':
        await this.#closeRound();
        return;
      case 'accept':
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
      case 'evidence':
        await progress.onEvidence(effect.evidence, effect.culprit);
        return;
      case 'batch-opened':
        clearTimeout(this.#timers.setup);
        this.#batch.settle({ kind: 'opened', members: effect.members });
        return;
      case 'batch-aborted':
        clearTimeout(this.#timers.setup);
        this.#batch.settle({ kind: 'aborted', code: effect.code, detail: effect.detail });
        return;
      case 'round-completed': {
        const { round, survivors, survivorsDigest, proof } = effect;
        const { opened } = this.#accumulator();
        await this.#closeRound();
        this.#round.settle({ kind: 'opened', round, survivors, survivorsDigest, proof, ...opened });
        return;
      }
      case 'round-aborted': {
        const { terms, phase, code, detail, retryable, isVoid } = effect;
        clearTimeout(this.#timers.round);
        await this.#closeRound();
        this.#round.settle({ kind: 'aborted', terms, phase, code, detail, retryable, isVoid });
        return;
      }
    }
  }

  #startDeadline({ lane, phaseNumber, ms }: Extract<CoordinatorEffect, { kind: 'start-deadline' }>): void {
    clearTimeout(this.#timers[lane]);
    this.#timers[lane] = setTimeout(() => this.#happened({ kind: 'deadline', lane, phaseNumber }), ms);
  }

  async #keepMaskedSum({ context: roundContext, terms }: RoundInProgress): Promise<void> {
    clearTimeout(this.#timers.round);
    const maskedSum = this.#accumulator().maskedSum();
    await this.#options.keepMaskedSum(terms.round, maskedSum);
    const digest = this.#options.crypto.sha256(maskedSum);
    this.#happened({ kind: 'masked-sum-kept', roundContext, digest });
  }

  async #unmask({ request, round }: Extract<CoordinatorEffect, { kind: 'unmask' }>): Promise<void> {
    clearTimeout(this.#timers.round);
    const { phase } = this.#machine.state;
    if (phase.kind !== 'opening') return;
    const roundContext = round.context;
    const result = await this.#accumulator().unmask(request);
    if (!result.ok) {
      this.#happened({ kind: 'sum-not-opened', roundContext, badDealers: result.badDealers });
      return;
    }
    const { survivorsDigest, maskedSum } = phase;
    const survivors = phase.survivors.map(({ member }) => member);
    const challenge = summationChallenge(this.#options.crypto, survivorsDigest, maskedSum);
    const products = new Map(
      [...phase.releases].map(([member, { body }]) => [member, body.innerProduct] as const),
    );
    const { keepUpload } = this.#options;
    for await (const { member, packed } of this.#accumulator().unproven(survivors, products, challenge)) {
      await keepUpload(round.terms.round, member, packed);
    }
    const proof = proofOfOpening(this.#options.crypto, this.#machine.state, phase);
    await this.#options.keepSum({ round, survivors, survivorsDigest, proof, ...result.opened });
    this.#happened({ kind: 'sum-opened', roundContext, digest: result.opened.digest });
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
