/** A member that follows the protocol, under a coordinator that need not: machine, secrets and vector are real. */
import { nodeBackend as crypto } from '@tributary/crypto/node';
import {
  type Bodies,
  type ClientEffect,
  type ClientEvent,
  type ClientPolicy,
  type ClientState,
  type Evidence,
  keep,
  type Keeper,
  maskChunks,
  masksFor,
  memorySecretStore,
  type Message,
  type MessageKind,
  openedSharesFor,
  type Rejection,
  releaseFor,
  revealFor,
  type Roster,
  signMessage,
  startClient,
  stepClient,
} from '@tributary/protocol';

export interface HonestMemberOptions {
  readonly id: number;
  readonly roster: Roster;
  readonly identity: Uint8Array;
  readonly run: Uint8Array;
  readonly policy: ClientPolicy;
  readonly random: (length: number) => Uint8Array;
}

type UploadInput = Extract<ClientEffect, { kind: 'upload-input' }>;

export class HonestMember {
  readonly id: number;
  readonly keeper: Keeper;
  /** What was refused, in order. */
  readonly rejections: Rejection[] = [];
  readonly evidence: Evidence[] = [];
  /** Everything that the machine asked for, in order. */
  readonly effects: ClientEffect[] = [];
  /** The encoded vector of the present sum. */
  vector: Int32Array = new Int32Array(0);
  state: ClientState;
  #stored: { readonly roundContext: string; readonly chunks: readonly Uint8Array[] } | undefined;

  constructor({ id, roster, identity, run, policy, random }: HonestMemberOptions) {
    this.id = id;
    this.keeper = { crypto, random, self: id, identity, store: memorySecretStore() };
    this.state = startClient(crypto, { self: id, roster, run, policy });
  }

  /** @returns what the member says in answer, signed, in order */
  take(event: ClientEvent): Message[] {
    const { state, effects } = stepClient(crypto, this.state, event);
    this.state = state;
    this.effects.push(...effects);
    return effects.flatMap((effect) => this.#perform(effect));
  }

  sign<K extends MessageKind>(kind: K, body: Bodies[K]): Message<K> {
    const message: unknown = { kind, body, signature: signMessage(crypto, this.keeper.identity, kind, body) };
    return message as Message<K>;
  }

  #perform(effect: ClientEffect): Message[] {
    switch (effect.kind) {
      case 'send':
        return [this.sign(effect.message, effect.body) as Message];
      case 'generate-keys':
      case 'deal-shares':
      case 'hold-shares':
      case 'hold-opened':
      case 'draw-nonce':
      case 'forget-batch': {
        const event = keep(this.keeper, effect);
        return event === undefined ? [] : this.take(event);
      }
      case 'upload-input':
        return this.#upload(effect);
      case 'release':
        return [this.sign('release', releaseFor(this.keeper, effect))];
      case 'reveal-draw':
        return [this.sign('draw-reveal', revealFor(this.keeper, effect))];
      case 'open-shares': {
        const opened = openedSharesFor(this.keeper, effect);
        return opened === undefined ? [] : [this.sign('opened-shares', opened)];
      }
      case 'reject':
        this.rejections.push(effect.rejection);
        return [];
      case 'evidence':
        this.evidence.push(effect.evidence);
        return [];
      case 'accept-result':
      case 'batch-drawn':
      case 'attempt-void':
      case 'note-head':
      case 'enter-phase':
        return [];
    }
  }

  /** What was masked for a round is sent again as it was; masks are put on once. */
  #upload(effect: UploadInput): Message[] {
    const { roundContext } = effect.request;
    const stored = this.#stored?.roundContext === roundContext.join() ? this.#stored.chunks : undefined;
    if (effect.resume && stored === undefined) {
      return this.take({ kind: 'input-failed', roundContext, detail: 'the masked vector was lost' });
    }
    const chunks = stored ?? [
      ...maskChunks(crypto, masksFor(this.keeper, effect), Int32Array.from(this.vector), effect.terms.bits),
    ];
    this.#stored = { roundContext: roundContext.join(), chunks };
    const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    return [
      ...chunks.map(
        (bytes, sequence) => this.sign('vector-chunk', { roundContext, sequence, bytes }) as Message,
      ),
      ...this.take({ kind: 'input-masked', roundContext, digest: crypto.sha256(...chunks), length }),
    ];
  }
}
