/** Who is connected: the handshake, one session per member (the newest wins), and sending to members. */
import type { CryptoBackend } from '@tributary/crypto';
import { nodeRandomBytes } from '@tributary/crypto/node';
import {
  type Bodies,
  EMPTY_SIGNATURE,
  encodeMessage,
  type Message,
  type MessageKind,
  OLDEST_PROTOCOL_VERSION,
  PROTOCOL_VERSION,
  type Roster,
  rosterRoot,
  sameBytes,
  signMessage,
  verifyMessage,
} from '@tributary/protocol';
import { CLOSE, type CloseCode, type Logger, MessageSocket } from '@tributary/runtime';
import type { WebSocket } from 'ws';

const HELLO_TIMEOUT_MS = 10_000;

export interface SessionEvents {
  /** The member may speak from now on; `knownSums` is how many opened sums it has. */
  readonly onJoined: (member: number, knownSums: number) => Promise<void>;
  readonly onMessage: (member: number, message: Message) => Promise<void>;
  readonly onLost: (member: number) => void;
}

export interface SessionOptions {
  readonly crypto: CryptoBackend;
  readonly roster: Roster;
  /** Ed25519 seed of the coordinator. */
  readonly identity: Uint8Array;
  readonly manifest: string;
  readonly openedSums: () => number;
  readonly log: Logger;
}

export class Sessions {
  readonly #options: SessionOptions;
  readonly #events: SessionEvents;
  readonly #root: Uint8Array;
  readonly #members = new Map<number, MessageSocket>();

  constructor(options: SessionOptions, events: SessionEvents) {
    this.#options = options;
    this.#events = events;
    this.#root = rosterRoot(options.crypto, options.roster);
  }

  get present(): readonly number[] {
    return [...this.#members.keys()].toSorted((a, b) => a - b);
  }

  /** Greets a new connection; it is nobody until its hello verifies. */
  accept(webSocket: WebSocket): void {
    const { log, roster } = this.#options;
    const challenge = nodeRandomBytes(32);
    let member: number | undefined;
    const socket = new MessageSocket(webSocket, {
      onMessage: async (message) => {
        if (member !== undefined) {
          await this.#events.onMessage(member, message);
          return;
        }
        const fault = this.#helloFault(message, challenge);
        if (fault !== undefined || message.kind !== 'hello') {
          const [code, reason] = fault ?? [CLOSE.notAuthenticated, 'a hello was due'];
          log.warn({ reason }, 'connection refused');
          socket.close(code, reason);
          return;
        }
        clearTimeout(timeout);
        member = message.body.member;
        await this.#open(member, socket, message.body);
      },
      onFault: (error) => log.error({ member: this.#name(member), err: error }, 'message not handled'),
      onMalformed: (detail) => log.warn({ member: this.#name(member), detail }, 'malformed frame'),
      onClose: () => {
        clearTimeout(timeout);
        if (member === undefined || this.#members.get(member) !== socket) return;
        this.#members.delete(member);
        this.#events.onLost(member);
      },
    });
    const timeout = setTimeout(
      () => socket.close(CLOSE.notAuthenticated, 'no hello in time'),
      HELLO_TIMEOUT_MS,
    );
    timeout.unref();
    void this.#sendOn(socket, 'challenge', { federation: roster.federation, nonce: challenge });
  }

  #helloFault(message: Message, challenge: Uint8Array): [CloseCode, string] | undefined {
    const { crypto, roster } = this.#options;
    if (message.kind !== 'hello') return [CLOSE.notAuthenticated, 'a hello was due'];
    const { body, signature } = message;
    if (body.federation !== roster.federation) {
      return [CLOSE.policy, `this coordinator serves federation ${roster.federation}`];
    }
    if (body.oldestVersion > PROTOCOL_VERSION || body.newestVersion < OLDEST_PROTOCOL_VERSION) {
      return [
        CLOSE.version,
        `protocol ${OLDEST_PROTOCOL_VERSION}..${PROTOCOL_VERSION} here, ${body.oldestVersion}..${body.newestVersion} there`,
      ];
    }
    const key = roster.members[body.member]?.publicKey;
    if (
      key === undefined ||
      !sameBytes(body.challenge, challenge) ||
      !verifyMessage(crypto, key, 'hello', body, signature)
    ) {
      return [CLOSE.notAuthenticated, 'the hello is signed by no member of the roster'];
    }
    if (!sameBytes(body.rosterRoot, this.#root)) {
      return [CLOSE.policy, 'the roster differs: compare roster roots'];
    }
    return undefined;
  }

  async #open(member: number, socket: MessageSocket, hello: Bodies['hello']): Promise<void> {
    const old = this.#members.get(member);
    if (old !== undefined) {
      this.#members.delete(member);
      this.#events.onLost(member);
      old.close(CLOSE.superseded, 'a newer connection of this member took over');
    }
    this.#members.set(member, socket);
    await this.#sendOn(socket, 'welcome', {
      nonce: hello.nonce,
      version: PROTOCOL_VERSION,
      manifest: this.#options.manifest,
      openedSums: this.#options.openedSums(),
    });
    await this.#events.onJoined(member, hello.knownSums);
  }

  /** Signs once and sends to all; a member that left is skipped. */
  async send<K extends MessageKind>(members: readonly number[], kind: K, body: Bodies[K]): Promise<void> {
    const { crypto, identity } = this.#options;
    await this.sendFrame(members, encodeMessage(kind, body, signMessage(crypto, identity, kind, body)));
  }

  /** Sends a packed vector as chunks. */
  async sendVector(
    members: readonly number[],
    roundContext: Uint8Array,
    packed: Uint8Array,
    chunkBytes: number,
  ): Promise<void> {
    for (let offset = 0, sequence = 0; offset < packed.length; offset += chunkBytes, sequence++) {
      const bytes = packed.subarray(offset, offset + chunkBytes);
      await this.sendFrame(
        members,
        encodeMessage('vector-chunk', { roundContext, sequence, bytes }, EMPTY_SIGNATURE),
      );
    }
  }

  async sendFrame(members: readonly number[], frame: Uint8Array): Promise<void> {
    await Promise.all(members.map((member) => this.#members.get(member)?.sendFrame(frame)));
  }

  async #sendOn<K extends MessageKind>(socket: MessageSocket, kind: K, body: Bodies[K]): Promise<void> {
    const { crypto, identity } = this.#options;
    await socket.send(kind, body, signMessage(crypto, identity, kind, body));
  }

  #name(member: number | undefined): string {
    return member === undefined ? 'unknown' : (this.#options.roster.members[member]?.name ?? String(member));
  }

  closeAll(code: CloseCode, reason: string): void {
    for (const socket of this.#members.values()) socket.close(code, reason);
    this.#members.clear();
  }
}
