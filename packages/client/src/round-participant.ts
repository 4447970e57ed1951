/**
 * Carries out the effects of a member's machine: secrets, uploads, results. What the machine decides is in the journal before anything
 * follows from it, so that a restart repeats nothing that is done once.
 */
import { setImmediate as breathe } from 'node:timers/promises';
import { type CryptoBackend, unpackWords } from '@tributary/crypto';
import {
  type AuditHead,
  type Bodies,
  type ClientEffect,
  type ClientEvent,
  type ClientPhase,
  type ClientState,
  encodeFieldElement,
  type Evidence,
  type ExpectedRound,
  keep,
  type Keeper,
  masksFor,
  type Message,
  type MessageKind,
  openedSharesFor,
  packedLengthOf,
  type Rejection,
  releaseFor,
  revealFor,
  type RoundResult,
  type RoundTerms,
  sameBytes,
  type SecretEffect,
  signMessage,
  UploadProduct,
} from '@tributary/protocol';
import { type MessageSocket, RuntimeError, type VectorWork } from '@tributary/runtime';
import type { ClientMachine } from './client-journal.ts';
import type { KeptVectors } from './kept-vectors.ts';

export interface ParticipantEvents {
  /** The encoded vector for the expected sum; masking consumes it. Called once for each attempt, and after a restart not again. */
  readonly contribute: (attempt: ContributionRequest) => Int32Array | Promise<Int32Array>;
  /** The member has nothing to give to this round, because `contribute` failed or a disk; it takes part in the next. */
  readonly onInputFailed: (error: unknown) => void;
  /**
   * An opened sum, checked against its signed digest. Settle before the next round is joined.
   * @param signed whether this member signed the survivor set
   */
  readonly onResult: (result: RoundResult, sum: Int32Array, signed: boolean) => void | Promise<void>;
  /** Called before what the phase does is done; the phase waits for it. */
  readonly onPhase: (phase: ClientPhase, round: number) => void | Promise<void>;
  readonly onReject: (rejection: Rejection) => void;
  readonly onUploaded: (bytes: number) => void;
  /** Nothing that this member uploaded to an attempt can ever be opened: what it cost may be given back. */
  readonly onVoid: (attempt: Pick<ContributionRequest, 'round' | 'attempt'>) => void | Promise<void>;
  /** A head of the audit log that the coordinator showed with a round. Settles once it is kept. */
  readonly onHead: (head: AuditHead, round: number) => Promise<void>;
  /** Proof that somebody cheated. Settles once it is kept. */
  readonly onEvidence: (evidence: Evidence) => Promise<void>;
}

/** Which attempt a contribution is for, and the fewest members over which it may be opened. */
export interface ContributionRequest {
  readonly round: number;
  readonly attempt: number;
  readonly minSurvivors: number;
}

type Release = Extract<ClientEffect, { kind: 'release' }>;
type UploadInput = Extract<ClientEffect, { kind: 'upload-input' }>;

/** The coordinator learns no more than that: the error may say something about the data. */
const UNTOLD = 'the reason is in the log of the member';
/** Nor what an organisation has spent elsewhere. */
const TOLD_OF_BUDGET = 'the privacy budget or policy of this organisation does not allow it';

export class RoundParticipant {
  readonly #crypto: CryptoBackend;
  readonly #keeper: Keeper;
  readonly #machine: ClientMachine;
  readonly #vectors: KeptVectors;
  readonly #work: VectorWork;
  readonly #events: ParticipantEvents;
  #socket: Pick<MessageSocket, 'send'> | undefined;
  #resultChunks: { readonly context: Uint8Array; readonly chunks: Uint8Array[]; length: number } | undefined;
  /** Nothing was contributed because the member's policy does not let it. */
  #refused = false;
  /** Context of the round whose upload is kept. */
  #kept: Uint8Array | undefined;

  /** @param work masks */
  constructor(
    keeper: Keeper,
    machine: ClientMachine,
    vectors: KeptVectors,
    work: VectorWork,
    events: ParticipantEvents,
  ) {
    this.#crypto = keeper.crypto;
    this.#keeper = keeper;
    this.#machine = machine;
    this.#vectors = vectors;
    this.#work = work;
    this.#events = events;
    this.#kept = machine.state.round?.context;
  }

  attach(socket: Pick<MessageSocket, 'send'>): void {
    this.#socket = socket;
  }

  /** After a restart: does what the last life of the process may have left undone. */
  async resume(unfinished: readonly SecretEffect[]): Promise<void> {
    for (const effect of unfinished) await this.#perform(effect, undefined);
  }

  async detach(): Promise<void> {
    this.#socket = undefined;
    this.#resultChunks = undefined;
    await this.#dispatch({ kind: 'connection-lost' });
  }

  /** The next sum that follows from the sums so far; undefined when the program has its model. */
  async expect(expected: ExpectedRound | undefined): Promise<void> {
    await this.#dispatch({ kind: 'expect', expected });
  }

  async receive(message: Message): Promise<void> {
    if (message.kind === 'vector-chunk') this.#receiveChunk(message.body);
    else if (message.kind === 'round-result') await this.#receiveResult(message);
    else await this.#dispatch({ kind: 'message', message });
  }

  /** Chunks of a result come ahead of the signed message that names their digest; what exceeds the expected sum is not kept. */
  #receiveChunk({ roundContext, bytes }: Bodies['vector-chunk']): void {
    const { expected } = this.#machine.state;
    if (expected === undefined) return;
    if (this.#resultChunks === undefined || !sameBytes(this.#resultChunks.context, roundContext)) {
      this.#resultChunks = { context: roundContext, chunks: [], length: 0 };
    }
    const received = this.#resultChunks;
    received.length += bytes.length;
    if (received.length <= packedLengthOf(expected)) received.chunks.push(bytes);
  }

  /** Bytes that are not the signed ones change nothing: the member still expects the sum. */
  async #receiveResult(message: Message<'round-result'>): Promise<void> {
    const result = message.body;
    const { expected } = this.#machine.state;
    const received = this.#resultChunks;
    this.#resultChunks = undefined;
    // What is wrong with any other the machine says.
    const due =
      expected !== undefined && result.round === expected.round && result.length === packedLengthOf(expected);
    if (!due) {
      await this.#dispatch({ kind: 'message', message });
      return;
    }
    const whole = received?.length === result.length && sameBytes(received.context, result.roundContext);
    const packed = whole ? Buffer.concat(received.chunks) : undefined;
    const sum = packed === undefined ? undefined : this.#unpacked(packed, result, expected);
    if (packed === undefined || sum === undefined) {
      const detail = `the sum of round ${result.round} does not have its signed digest`;
      this.#events.onReject({ code: 'DIGEST_MISMATCH', from: 'coordinator', detail });
      return;
    }
    // Before the machine takes it: what the machine has taken is there after a restart.
    await this.#vectors.keepSum(result.round, packed);
    const taken = await this.#dispatch({ kind: 'message', message }, sum);
    if (!taken) await this.#vectors.discardSum(result.round);
  }

  #unpacked(
    packed: Uint8Array,
    { digest }: RoundResult,
    { dimension, bits }: ExpectedRound,
  ): Int32Array | undefined {
    const sum = new Int32Array(dimension);
    const signed = sameBytes(this.#crypto.sha256(packed), digest) && unpackWords(packed, bits, sum);
    return signed ? sum : undefined;
  }

  /**
   * @param sum the checked sum, where the event is its result
   * @returns whether the machine has taken it
   */
  async #dispatch(event: ClientEvent, sum?: Int32Array): Promise<boolean> {
    const { effects, durable } = this.#machine.take(event);
    if (effects.length > 0) await durable;
    for (const effect of effects) await this.#perform(effect, sum);
    await this.#discardUpload();
    return effects.some(({ kind }) => kind === 'accept-result');
  }

  /** The masked vector of a round that needs it no more: a release, perhaps asked for again, takes its inner product. */
  async #discardUpload(): Promise<void> {
    const { round } = this.#machine.state;
    const open = round !== undefined && mayBeReleased(round) ? round.context : undefined;
    const kept = this.#kept;
    if (kept === undefined || (open !== undefined && sameBytes(open, kept))) return;
    this.#kept = undefined;
    await this.#vectors.discardUpload(kept);
  }

  async #perform(effect: ClientEffect, sum: Int32Array | undefined): Promise<void> {
    const needed = secretsNeededBy(effect);
    if (needed !== undefined && this.#keeper.store.get(needed) === undefined) {
      await this.#withoutSecrets(effect);
      return;
    }
    switch (effect.kind) {
      case 'send':
        await this.#send(effect.message, effect.body);
        return;
      case 'generate-keys':
      case 'deal-shares':
      case 'hold-shares':
      case 'hold-opened':
      case 'draw-nonce':
      case 'forget-batch':
        await this.#keep(effect);
        return;
      case 'upload-input':
        await this.#upload(effect);
        return;
      case 'release':
        await this.#send('release', releaseFor(this.#keeper, effect, await this.#innerProduct(effect)));
        return;
      case 'reveal-draw':
        await this.#send('draw-reveal', revealFor(this.#keeper, effect));
        return;
      case 'open-shares': {
        const opened = openedSharesFor(this.#keeper, effect);
        if (opened !== undefined) await this.#send('opened-shares', opened);
        return;
      }
      case 'evidence':
        await this.#events.onEvidence(effect.evidence);
        return;
      case 'batch-drawn':
        return;
      case 'attempt-void':
        await this.#events.onVoid(effect);
        return;
      case 'note-head':
        await this.#events.onHead(effect.head, effect.round);
        return;
      case 'accept-result':
        if (sum !== undefined) await this.#events.onResult(effect.result, sum, effect.participated);
        return;
      case 'enter-phase':
        await this.#events.onPhase(effect.phase, effect.round);
        return;
      case 'reject':
        this.#events.onReject(effect.rejection);
        return;
    }
  }

  /** Somebody has removed the secrets of a batch, or a disk has lost them: the member is missing where they are needed. */
  async #withoutSecrets(effect: ClientEffect): Promise<void> {
    this.#events.onInputFailed(new Error('the secrets of this batch are gone'));
    if (effect.kind !== 'upload-input') return;
    const { roundContext } = effect.request;
    await this.#dispatch({ kind: 'input-failed', roundContext, detail: 'the member has lost its secrets' });
  }

  async #keep(effect: SecretEffect): Promise<void> {
    const event = keep(this.#keeper, effect);
    if (event !== undefined) await this.#dispatch(event);
  }

  async #upload(effect: UploadInput): Promise<void> {
    const { roundContext } = effect.request;
    const sent = effect.resume ? await this.#sendAgain(effect) : await this.#maskAndSend(effect);
    if (sent === undefined) {
      const refused = this.#refused;
      this.#refused = false;
      const detail = refused ? TOLD_OF_BUDGET : UNTOLD;
      await this.#dispatch({ kind: 'input-failed', roundContext, detail, ...(refused ? { refused } : {}) });
      return;
    }
    this.#events.onUploaded(sent.length);
    await this.#dispatch({ kind: 'input-masked', roundContext, ...sent });
  }

  /** Masks the contribution and sends it; what was sent is kept, complete and durable, when this resolves. */
  async #maskAndSend(effect: UploadInput): Promise<SentUpload | undefined> {
    const { terms, request } = effect;
    const { roundContext } = request;
    let input: Int32Array;
    try {
      input = await this.#contribution(terms);
    } catch (error) {
      this.#refused = error instanceof RuntimeError && error.code === 'POLICY';
      this.#events.onInputFailed(error);
      return undefined;
    }
    const blob = await this.#vectors.beginUpload(roundContext);
    try {
      const chunks = this.#work.mask(masksFor(this.#keeper, effect), input, terms.bits);
      const sent = await this.#sendChunks(roundContext, chunks, (bytes) => blob.append(bytes));
      await blob.commit();
      this.#kept = roundContext;
      return sent;
    } finally {
      await blob.abort();
    }
  }

  /** Over the upload as it was sent; empty where it is not at hand. */
  async #innerProduct({ roundContext, summation }: Release): Promise<Uint8Array> {
    const none = new Uint8Array(0);
    if (summation === undefined) return none;
    const { challenge, bits } = summation;
    const chunks = await this.#vectors.upload(roundContext, bits);
    if (chunks === undefined) return none;
    const product = new UploadProduct(this.#crypto, challenge, summation);
    for await (const bytes of chunks) {
      product.add(bytes);
      await breathe();
    }
    const value = product.value();
    return value === undefined ? none : encodeFieldElement(value);
  }

  /** The same bytes as before: one round has one masked vector of this member. */
  async #sendAgain({ request, terms }: UploadInput): Promise<SentUpload | undefined> {
    const chunks = await this.#vectors.upload(request.roundContext, terms.bits);
    if (chunks !== undefined) return await this.#sendChunks(request.roundContext, chunks);
    this.#events.onInputFailed(new Error('this client stopped before its upload was complete'));
    return undefined;
  }

  async #sendChunks(
    roundContext: Uint8Array,
    chunks: AsyncIterable<Uint8Array>,
    keepChunk: (bytes: Uint8Array) => Promise<void> = async () => {},
  ): Promise<SentUpload> {
    const hash = this.#crypto.sha256Stream();
    let length = 0;
    let sequence = 0;
    for await (const bytes of chunks) {
      hash.update(bytes);
      length += bytes.length;
      await keepChunk(bytes);
      await this.#send('vector-chunk', { roundContext, sequence, bytes });
      sequence += 1;
      await breathe();
    }
    return { digest: hash.digest(), length };
  }

  async #contribution({ round, attempt, dimension }: RoundTerms): Promise<Int32Array> {
    const minSurvivors = this.#machine.state.round?.batch.terms.minSurvivors ?? 0;
    const input = await this.#events.contribute({ round, attempt, minSurvivors });
    if (input.length === dimension) return input;
    throw new RangeError(`the contribution has ${input.length} coordinates, ${dimension} are due`);
  }

  async #send<K extends MessageKind>(kind: K, body: Bodies[K]): Promise<void> {
    const signature = signMessage(this.#crypto, this.#keeper.identity, kind, body);
    await this.#socket?.send(kind, body, signature);
  }
}

/** The batch without whose secrets an effect cannot be carried out. An upload that was masked needs them no more. */
function secretsNeededBy(effect: ClientEffect): Uint8Array | undefined {
  switch (effect.kind) {
    case 'deal-shares':
      return effect.deal.batchContext;
    case 'generate-keys':
      return effect.again ? effect.batchContext : undefined;
    case 'upload-input':
      return effect.resume ? undefined : effect.batchContext;
    case 'hold-shares':
    case 'hold-opened':
    case 'release':
    case 'reveal-draw':
    case 'open-shares':
      return effect.batchContext;
    case 'send':
    case 'draw-nonce':
    case 'forget-batch':
    case 'accept-result':
    case 'batch-drawn':
    case 'attempt-void':
    case 'note-head':
    case 'evidence':
    case 'enter-phase':
    case 'reject':
      return undefined;
  }
}

/** Whether the round is open, or its release may be asked for again. */
function mayBeReleased({ stage, answered }: NonNullable<ClientState['round']>): boolean {
  return stage !== 'released' || answered !== undefined;
}

interface SentUpload {
  /** SHA-256 of all bytes. */
  readonly digest: Uint8Array;
  readonly length: number;
}
