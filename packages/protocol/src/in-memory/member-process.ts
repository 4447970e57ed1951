/** A member in memory: its machine, its secrets, its uploads, and whether it lives and has a session. */
import type { CryptoBackend } from '@tributary/crypto';
import { keep, type Keeper, masksFor, releaseFor } from '../client/keeper.ts';
import { maskChunks } from '../client/masked-input.ts';
import type { ClientEffect, ClientEvent, ClientState } from '../client/state.ts';
import { stepClient } from '../client/step.ts';
import { ProtocolError, type Rejection } from '../errors.ts';
import type { Bodies, MessageKind } from '../messages/index.ts';
import { signMessage } from '../signing.ts';
import { encodeMessage } from '../wire/codec.ts';
import type { Faults } from './faults.ts';

export interface MemberSurroundings {
  readonly crypto: CryptoBackend;
  readonly keeper: Keeper;
  readonly faults: Pick<Faults, 'fate' | 'afterSend'>;
  /** Puts a frame on the way to the coordinator. */
  readonly post: (bytes: Uint8Array) => void;
  /** Has the member do something by itself after what it is doing now. */
  readonly later: (task: () => void) => void;
  /** The member's encoded vector for the present sum. */
  readonly vector: () => Int32Array;
  readonly onReject: (rejection: Rejection) => void;
  readonly onDeath: () => void;
}

type UploadInput = Extract<ClientEffect, { kind: 'upload-input' }>;

export class MemberProcess {
  readonly #around: MemberSurroundings;
  #state: ClientState;
  alive = true;
  connected = true;
  /** Counts sessions: what was on the way in one does not arrive in the next. */
  session = 0;

  constructor(state: ClientState, surroundings: MemberSurroundings) {
    this.#state = state;
    this.#around = surroundings;
  }

  get state(): ClientState {
    return this.#state;
  }

  take(event: ClientEvent): void {
    if (!this.alive) return;
    const { state, effects } = stepClient(this.#around.crypto, this.#state, event);
    this.#state = state;
    for (const effect of effects) {
      if (!this.alive) return;
      this.#perform(effect);
    }
  }

  #perform(effect: ClientEffect): void {
    const { keeper, later, onReject, onDeath, faults } = this.#around;
    switch (effect.kind) {
      case 'send':
        this.#send(effect.message, effect.body);
        return;
      case 'generate-keys':
      case 'deal-shares':
      case 'hold-shares':
      case 'draw-nonce':
      case 'forget-batch': {
        const event = keep(keeper, effect);
        if (event !== undefined) later(() => this.take(event));
        return;
      }
      case 'upload-input':
        this.#upload(effect);
        return;
      case 'release':
        this.#send('release', releaseFor(keeper, effect));
        return;
      case 'accept-result':
        return;
      case 'enter-phase':
        if (faults.fate?.(keeper.self, effect.phase, effect.round, undefined) === 'die') onDeath();
        return;
      case 'reject':
        onReject(effect.rejection);
        return;
    }
  }

  /** One chunk at a time, so that between chunks other things can happen. */
  #upload(effect: UploadInput): void {
    const { crypto, keeper, vector, later, faults, onDeath } = this.#around;
    const { terms, request } = effect;
    const { roundContext } = request;
    const { session } = this;
    const input = vector();
    if (input.length !== terms.dimension) {
      throw new ProtocolError(
        'BAD_PARAMETERS',
        `vector of member ${keeper.self} has ${input.length} coordinates`,
      );
    }
    const chunks = maskChunks(crypto, masksFor(keeper, effect), input, terms.bits);
    const hash = crypto.sha256Stream();
    let length = 0;
    let sequence = 0;
    const next = (): void => {
      if (!this.alive || this.session !== session) {
        chunks.return();
        return;
      }
      const { done, value: bytes } = chunks.next();
      if (done === true) {
        this.take({ kind: 'input-masked', roundContext, digest: hash.digest(), length });
        return;
      }
      hash.update(bytes);
      length += bytes.length;
      this.#send('vector-chunk', { roundContext, sequence, bytes });
      if (faults.fate?.(keeper.self, 'masked-input', terms.round, sequence) === 'die') onDeath();
      sequence += 1;
      later(next);
    };
    later(next);
  }

  #send<K extends MessageKind>(kind: K, body: Bodies[K]): void {
    const { crypto, keeper, post, faults, onDeath } = this.#around;
    if (!this.connected) return;
    const signature = signMessage(crypto, keeper.identity, kind, body);
    post(encodeMessage(kind, body, signature));
    if (faults.afterSend?.(keeper.self, kind) === 'die') onDeath();
  }
}
