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
  #socket: MessageSocket | undefined;
  #resultChunks: { readonly context: Uint8Array; readonly chunks: Uint8Array[]; length: number } | undefined;

  constructor(keeper: Keeper, state: ClientState, events: ParticipantEvents) {
    this.#crypto = keeper.crypto;
    this.#keeper = keeper;
    this.#state = state;
    this.#events = events;
  }

  attach(socket: MessageSocket): void {
    this.#socket = socket;
  }

  async detach(): Promise<void> {
    this.#socket = undefined;
    await this.#dispatch({ kind: 'connection-lost' });
  }

  /** The next sum that follows from the sums so far; undefined when the program has its model. */
  async expect(expected: ExpectedRound | undefined): Promise<void> {
    await this.#dispatch({ kind: 'expect', expected });
  }

  async receive(message: Message): Promise<void> {
    if (message.kind === 'vector-chunk') this.#receiveChunk(message.body);
    else await this.#dispatch({ kind: 'message', message });
  }

  /** Chunks of a result come ahead of the signed message that names their digest; a sum longer than the expected one is cut off. */
  #receiveChunk({ roundContext, bytes }: Bodies['vector-chunk']): void {
    const { expected } = this.#state;
    if (expected === undefined) return;
    if (this.#resultChunks === undefined || !sameBytes(this.#resultChunks.context, roundContext)) {
      this.#resultChunks = { context: roundContext, chunks: [], length: 0 };
    }
    if (this.#resultChunks.length + bytes.length > packedLengthOf(expected)) return;
    this.#resultChunks.chunks.push(bytes);
    this.#resultChunks.length += bytes.length;
  }

  async #dispatch(event: ClientEvent): Promise<void> {
    const before = this.#state;
    const { state, effects } = stepClient(this.#crypto, before, event);
    this.#state = state;
    for (const effect of effects) await this.#perform(effect, before.expected);
  }

  async #perform(effect: ClientEffect, expected: ExpectedRound | undefined): Promise<void> {
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
        this.#acceptResult(effect.result, expected);
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
      input = await this.#events.contribute();
    } catch (error) {
      const detail = error instanceof Error ? error.message : 'the contribution failed';
      await this.#dispatch({ kind: 'input-failed', roundContext, detail });
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

  #acceptResult(result: RoundResult, expected: ExpectedRound | undefined): void {
    const received = this.#resultChunks;
    this.#resultChunks = undefined;
    const hash = this.#crypto.sha256Stream();
    const chunks =
      received !== undefined && sameBytes(received.context, result.roundContext) ? received.chunks : [];
    const packed = new Uint8Array(result.length);
    let offset = 0;
    for (const chunk of chunks) {
      hash.update(chunk);
      packed.set(chunk.subarray(0, packed.length - offset), offset);
      offset += chunk.length;
    }
    const sum = new Int32Array(expected?.dimension ?? 0);
    const whole =
      expected !== undefined &&
      result.length === packedLengthOf(expected) &&
      offset === result.length &&
      sameBytes(hash.digest(), result.digest) &&
      unpackWords(packed, expected.bits, sum);
    if (!whole) {
      this.#events.onReject({
        code: 'DIGEST_MISMATCH',
        from: 'coordinator',
        detail: `the sum of round ${result.round} does not have its signed digest`,
      });
      return;
    }
    this.#events.onResult(result, sum);
  }

  async #send<K extends MessageKind>(kind: K, body: Bodies[K]): Promise<void> {
    const signature =
      kind === 'vector-chunk'
        ? EMPTY_SIGNATURE
        : signMessage(this.#crypto, this.#keeper.identity, kind, body);
    await this.#socket?.send(kind, body, signature);
  }
}
