/** A member in memory: its machine, its secrets, its uploads, and whether it lives and has a session. */
import { concatBytes, type CryptoBackend } from '@tributary/crypto';
import { keep, type Keeper, masksFor, openedSharesFor, releaseFor, revealFor } from '../client/keeper.ts';
import { maskChunks } from '../client/masked-input.ts';
import type { ClientEffect, ClientEvent, ClientState } from '../client/state.ts';
import { stepClient } from '../client/step.ts';
import { ProtocolError, type Rejection } from '../errors.ts';
import type { Evidence } from '../evidence.ts';
import type { Bodies, MessageKind } from '../messages/index.ts';
import { sameBytes } from '../public-bytes.ts';
import { signMessage } from '../signing.ts';
import { encodeFieldElement } from '../summation/inner-product.ts';
import { uploadProduct } from '../summation/summation-check.ts';
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
  readonly onEvidence: (evidence: Evidence) => void;
  readonly onDeath: () => void;
}

const NOTHING = new Uint8Array(0);

type UploadInput = Extract<ClientEffect, { kind: 'upload-input' }>;

/** A masked vector that was finished: to be sent again, never to be masked again. */
interface StoredUpload {
  readonly roundContext: Uint8Array;
  readonly chunks: readonly Uint8Array[];
}

export class MemberProcess {
  readonly #around: MemberSurroundings;
  #state: ClientState;
  #stored: StoredUpload | undefined;
  /** The round whose upload is on its way, and in which session. */
  #uploading: { readonly roundContext: Uint8Array; readonly session: number } | undefined;
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
    const { keeper, later, onReject, onEvidence, onDeath, faults } = this.#around;
    switch (effect.kind) {
      case 'send':
        this.#send(effect.message, effect.body);
        return;
      case 'generate-keys':
      case 'deal-shares':
      case 'hold-shares':
      case 'hold-opened':
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
        this.#send('release', releaseFor(keeper, effect, this.#innerProduct(effect)));
        return;
      case 'reveal-draw':
        this.#send('draw-reveal', revealFor(keeper, effect));
        return;
      case 'open-shares': {
        const opened = openedSharesFor(keeper, effect);
        if (opened !== undefined) this.#send('opened-shares', opened);
        return;
      }
      case 'evidence':
        onEvidence(effect.evidence);
        return;
      case 'accept-result':
        this.#stored = undefined;
        return;
      case 'batch-drawn':
      case 'attempt-void':
      case 'note-head':
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
    const { crypto, later } = this.#around;
    const { roundContext } = effect.request;
    if (effect.resume && this.#isUploading(roundContext)) return;
    const chunks = effect.resume ? this.#storedChunks(roundContext) : this.#maskedChunks(effect);
    if (chunks === undefined) {
      const detail = 'the masked vector was lost';
      later(() => this.take({ kind: 'input-failed', roundContext, detail }));
      return;
    }
    const { session } = this;
    this.#uploading = { roundContext, session };
    const sent: Uint8Array[] = [];
    const next = (): void => {
      if (!this.alive || this.session !== session) {
        chunks.return?.();
        return;
      }
      const { done, value: bytes } = chunks.next();
      if (done === true) {
        this.#stored = { roundContext, chunks: sent };
        this.#uploading = undefined;
        const length = sent.reduce((sum, chunk) => sum + chunk.length, 0);
        this.take({ kind: 'input-masked', roundContext, digest: crypto.sha256(...sent), length });
        return;
      }
      this.#sendChunk(effect, sent.length, bytes);
      sent.push(bytes);
      later(next);
    };
    later(next);
  }

  #isUploading(roundContext: Uint8Array): boolean {
    const { session, roundContext: context } = this.#uploading ?? {};
    return session === this.session && context !== undefined && sameBytes(context, roundContext);
  }

  #storedChunks(roundContext: Uint8Array): Iterator<Uint8Array, void, void> | undefined {
    const stored = this.#stored;
    return stored !== undefined && sameBytes(stored.roundContext, roundContext)
      ? stored.chunks.values()
      : undefined;
  }

  #maskedChunks(effect: UploadInput): Iterator<Uint8Array, void, void> {
    const { crypto, keeper, vector } = this.#around;
    const { dimension, bits } = effect.terms;
    const input = vector();
    if (input.length !== dimension) {
      throw new ProtocolError(
        'BAD_PARAMETERS',
        `vector of member ${keeper.self} has ${input.length} coordinates`,
      );
    }
    return maskChunks(crypto, masksFor(keeper, effect), input, bits);
  }

  #sendChunk(
    { request: { roundContext }, terms: { round } }: UploadInput,
    sequence: number,
    bytes: Uint8Array,
  ): void {
    const { keeper, faults, onDeath } = this.#around;
    this.#send('vector-chunk', { roundContext, sequence, bytes });
    if (faults.fate?.(keeper.self, 'masked-input', round, sequence) === 'die') onDeath();
  }

  /** Over the upload as it was sent; empty where it is not at hand. */
  #innerProduct({ roundContext, summation }: Extract<ClientEffect, { kind: 'release' }>): Uint8Array {
    const stored = this.#stored;
    if (summation === undefined || stored === undefined || !sameBytes(stored.roundContext, roundContext)) {
      return NOTHING;
    }
    const upload = concatBytes(...stored.chunks);
    const product = uploadProduct(this.#around.crypto, summation.challenge, upload, summation);
    return product === undefined ? NOTHING : encodeFieldElement(product);
  }

  #send<K extends MessageKind>(kind: K, body: Bodies[K]): void {
    const { crypto, keeper, post, faults, onDeath } = this.#around;
    if (!this.connected) return;
    const signature = signMessage(crypto, keeper.identity, kind, body);
    post(encodeMessage(kind, body, signature));
    if (faults.afterSend?.(keeper.self, kind) === 'die') onDeath();
  }
}
