/** A member's real machine and secrets, without a connection: what it says goes to a function. */
import { nodeBackend, nodeRandomBytes } from '@tributary/crypto/node';
import {
  type Bodies,
  type ClientEffect,
  type ClientEvent,
  type ClientPhase,
  type ClientState,
  type ExpectedRound,
  keep,
  type Keeper,
  maskChunks,
  masksFor,
  memorySecretStore,
  type Message,
  type MessageKind,
  openedSharesFor,
  releaseFor,
  revealFor,
  signMessage,
  startClient,
  stepClient,
} from '@tributary/protocol';
import type { TestFederation } from './federation.ts';

export interface MemberBehaviour {
  /** Takes the place of the honest chunks; the digest is of what it gives. */
  readonly upload?: (chunks: Uint8Array[]) => Uint8Array[];
  /** Whether the member goes on in this phase; one that does not says nothing any more. */
  readonly goesOn?: (phase: ClientPhase) => boolean;
}

export class TestMember {
  readonly #keeper: Keeper;
  readonly #vector: () => Int32Array;
  readonly #say: (message: Message) => Promise<void>;
  readonly #behaviour: MemberBehaviour;
  #state: ClientState;
  #silent = false;
  /** The upload of the round that is open. */
  #masked: readonly Uint8Array[] = [];

  constructor(
    { roster, identities, run }: TestFederation,
    self: number,
    options: {
      readonly vector: () => Int32Array;
      readonly say: (message: Message) => Promise<void>;
      readonly behaviour?: MemberBehaviour;
    },
  ) {
    const store = memorySecretStore();
    const identity = identities[self] ?? new Uint8Array(32);
    this.#keeper = { crypto: nodeBackend, random: nodeRandomBytes, self, identity, store };
    this.#state = startClient(nodeBackend, {
      self,
      roster,
      run,
      policy: { minCohort: 3, minColluders: 1, maxAttemptsPerRound: 2 },
    });
    this.#vector = options.vector;
    this.#say = options.say;
    this.#behaviour = options.behaviour ?? {};
  }

  async expect(expected: ExpectedRound): Promise<void> {
    await this.#take({ kind: 'expect', expected });
  }

  async receive(message: Message): Promise<void> {
    if (!this.#silent) await this.#take({ kind: 'message', message });
  }

  async #take(event: ClientEvent): Promise<void> {
    const { state, effects } = stepClient(nodeBackend, this.#state, event);
    this.#state = state;
    for (const effect of effects) if (!this.#silent) await this.#perform(effect);
  }

  async #perform(effect: ClientEffect): Promise<void> {
    switch (effect.kind) {
      case 'send':
        await this.#send(effect.message, effect.body);
        return;
      case 'generate-keys':
      case 'deal-shares':
      case 'hold-shares':
      case 'hold-opened':
      case 'draw-nonce':
      case 'forget-batch': {
        const event = keep(this.#keeper, effect);
        if (event !== undefined) await this.#take(event);
        return;
      }
      case 'upload-input':
        await this.#upload(effect);
        return;
      case 'release':
        await this.#send('release', releaseFor(this.#keeper, effect));
        return;
      case 'reveal-draw':
        await this.#send('draw-reveal', revealFor(this.#keeper, effect));
        return;
      case 'open-shares': {
        const opened = openedSharesFor(this.#keeper, effect);
        if (opened !== undefined) await this.#send('opened-shares', opened);
        return;
      }
      case 'enter-phase':
        this.#silent = this.#behaviour.goesOn?.(effect.phase) === false;
        return;
      case 'accept-result':
      case 'batch-drawn':
      case 'attempt-void':
      case 'note-head':
      case 'evidence':
      case 'reject':
        return;
    }
  }

  async #upload(effect: Extract<ClientEffect, { kind: 'upload-input' }>): Promise<void> {
    const { roundContext } = effect.request;
    if (!effect.resume) {
      const masks = masksFor(this.#keeper, effect);
      const honest = [...maskChunks(nodeBackend, masks, this.#vector(), effect.terms.bits)];
      this.#masked = this.#behaviour.upload?.(honest) ?? honest;
    }
    const chunks = this.#masked;
    for (const [sequence, bytes] of chunks.entries()) {
      await this.#send('vector-chunk', { roundContext, sequence, bytes });
    }
    const packed = Buffer.concat(chunks);
    await this.#take({
      kind: 'input-masked',
      roundContext,
      digest: nodeBackend.sha256(packed),
      length: packed.length,
    });
  }

  async #send<K extends MessageKind>(kind: K, body: Bodies[K]): Promise<void> {
    const signature = signMessage(nodeBackend, this.#keeper.identity, kind, body);
    await this.#say({ kind, body, signature } as unknown as Message);
  }
}
