/** Carries out the effects of a member's machine over one connection: secrets, uploads, results. */
import { setImmediate as breathe } from 'node:timers/promises';
import { type CryptoBackend, unpackWords } from '@tributary/crypto';
import {
  type Bodies,
  type ClientEffect,
  type ClientEvent,
  type ClientPhase,
  type ClientState,
  EMPTY_SIGNATURE,
  type ExpectedRound,
  keep,
  type Keeper,
  maskChunks,
  masksFor,
  type Message,
  type MessageKind,
  packedLengthOf,
  type Rejection,
  releaseFor,
  type RoundResult,
  sameBytes,
  signMessage,
  stepClient,
} from '@tributary/protocol';
import type { MessageSocket } from '@tributary/runtime';

export interface ParticipantEvents {
  /** The encoded vector for the expected sum; masking consumes it. */
  readonly contribute: () => Int32Array | Promise<Int32Array>;
  /** `contribute` failed; the member leaves the round and takes part in the next. */
  readonly onInputFailed: (error: unknown) => void;
  /** An opened sum, checked against its signed digest. Settle before the next round is joined. */
  readonly onResult: (result: RoundResult, sum: Int32Array) => void;
  /** Called before what the phase does is done; the phase waits for it. */
  readonly onPhase: (phase: ClientPhase, round: number) => void | Promise<void>;
  readonly onReject: (rejection: Rejection) => void;
  readonly onUploaded: (bytes: number) => void;
}

export class RoundParticipant {
  readonly #crypto: CryptoBackend;
  readonly #keeper: Keeper;
  readonly #events: ParticipantEvents;
  #state: ClientState;
  #socket: Pick<MessageSocket, 'send'> | undefined;
  #resultChunks: { readonly context: Uint8Array; readonly chunks: Uint8Array[]; length: number } | undefined;

  constructor(keeper: Keeper, state: ClientState, events: ParticipantEvents) {
    this.#crypto = keeper.crypto;
    this.#keeper = keeper;
    this.#state = state;
    this.#events = events;
  }

  attach(socket: Pick<MessageSocket, 'send'>): void {
    this.#socket = socket;
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
    const { expected } = this.#state;
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
    const { expected } = this.#state;
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
    const sum = whole ? this.#unpacked(received.chunks, result, expected) : undefined;
    if (sum === undefined) {
      const detail = `the sum of round ${result.round} does not have its signed digest`;
      this.#events.onReject({ code: 'DIGEST_MISMATCH', from: 'coordinator', detail });
      return;
    }
    await this.#dispatch({ kind: 'message', message }, sum);
  }

  #unpacked(
    chunks: readonly Uint8Array[],
    { digest }: RoundResult,
    { dimension, bits }: ExpectedRound,
  ): Int32Array | undefined {
    const packed = Buffer.concat(chunks);
    const sum = new Int32Array(dimension);
    const signed = sameBytes(this.#crypto.sha256(packed), digest) && unpackWords(packed, bits, sum);
    return signed ? sum : undefined;
  }

  /** @param sum the checked sum, where the event is its result */
  async #dispatch(event: ClientEvent, sum?: Int32Array): Promise<void> {
    const { state, effects } = stepClient(this.#crypto, this.#state, event);
    this.#state = state;
    for (const effect of effects) await this.#perform(effect, sum);
  }

  async #perform(effect: ClientEffect, sum: Int32Array | undefined): Promise<void> {
    switch (effect.kind) {
      case 'send':
        await this.#send(effect.message, effect.body);
        return;
      case 'generate-keys':
      case 'deal-shares':
      case 'hold-shares':
      case 'draw-nonce':
      case 'forget-batch': {
        const event = keep(this.#keeper, effect);
        if (event !== undefined) await this.#dispatch(event);
        return;
      }
      case 'upload-input':
        await this.#upload(effect);
        return;
      case 'release':
        await this.#send('release', releaseFor(this.#keeper, effect));
        return;
      case 'accept-result':
        if (sum !== undefined) this.#events.onResult(effect.result, sum);
        return;
      case 'enter-phase':
        await this.#events.onPhase(effect.phase, effect.round);
        return;
      case 'reject':
        this.#events.onReject(effect.rejection);
        return;
    }
  }

  async #upload(effect: Extract<ClientEffect, { kind: 'upload-input' }>): Promise<void> {
    const { terms, request } = effect;
    const { roundContext } = request;
    let input: Int32Array;
    try {
      input = await this.#contribution(terms.dimension);
    } catch (error) {
      this.#events.onInputFailed(error);
      // The coordinator learns no more than that: the error may say something about the data.
      await this.#dispatch({
        kind: 'input-failed',
        roundContext,
        detail: 'the reason is in the log of the member',
      });
      return;
    }
    const hash = this.#crypto.sha256Stream();
    let length = 0;
    let sequence = 0;
    for (const bytes of maskChunks(this.#crypto, masksFor(this.#keeper, effect), input, terms.bits)) {
      hash.update(bytes);
      length += bytes.length;
      await this.#send('vector-chunk', { roundContext, sequence, bytes });
      sequence += 1;
      await breathe();
    }
    this.#events.onUploaded(length);
    await this.#dispatch({ kind: 'input-masked', roundContext, digest: hash.digest(), length });
  }

  async #contribution(dimension: number): Promise<Int32Array> {
    const input = await this.#events.contribute();
    if (input.length === dimension) return input;
    throw new RangeError(`the contribution has ${input.length} coordinates, ${dimension} are due`);
  }

  async #send<K extends MessageKind>(kind: K, body: Bodies[K]): Promise<void> {
    const signature =
      kind === 'vector-chunk'
        ? EMPTY_SIGNATURE
        : signMessage(this.#crypto, this.#keeper.identity, kind, body);
    await this.#socket?.send(kind, body, signature);
  }
}
