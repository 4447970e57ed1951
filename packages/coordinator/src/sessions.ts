/** Who is connected: one session per member, the newest wins. What is sent to members goes through here. */
import type { Readable } from 'node:stream';
import type { CryptoBackend } from '@tributary/crypto';
import { nodeRandomBytes } from '@tributary/crypto/node';
import {
  type Bodies,
  encodeMessage,
  type Message,
  type MessageKind,
  PROTOCOL_VERSION,
  type Roster,
  rosterRoot,
  signMessage,
} from '@tributary/protocol';
import { CLOSE, type CloseCode, type Logger, MessageSocket } from '@tributary/runtime';
import type { WebSocket } from 'ws';
import { checkHello, commonVersion, HELLO_TIMEOUT_MS, MAX_GREETING_BYTES } from './greeting.ts';
import { Outbox } from './outbox.ts';
import type { Standing } from './server.ts';
import type { OpenedSum } from './sum-log.ts';

export interface SessionEvents {
  /** The member may speak from now on. */
  readonly onJoined: (member: number) => void;
  readonly onMessage: (member: number, message: Message) => Promise<void>;
  readonly onLost: (member: number) => void;
}

export interface SessionOptions {
  readonly crypto: CryptoBackend;
  readonly roster: Roster;
  /** Ed25519 seed of the coordinator. */
  readonly identity: Uint8Array;
  readonly manifest: string;
  /** The sums opened so far, oldest first. */
  readonly openedSums: () => readonly OpenedSum[];
  readonly log: Logger;
}

interface Session {
  readonly socket: MessageSocket;
  readonly standing: Standing;
  readonly outbox: Outbox;
  /** Protocol version that is spoken in it. */
  readonly version: number;
  /** Opened sums that the member has, or that are on their way to it. */
  knownSums: number;
}

export class Sessions {
  readonly #options: SessionOptions;
  readonly #events: SessionEvents;
  readonly #root: Uint8Array;
  readonly #members = new Map<number, Session>();
  /** Members whose last hello was of a version that is not spoken here, with the versions. */
  readonly #otherVersions = new Map<number, string>();

  constructor(options: SessionOptions, events: SessionEvents) {
    this.#options = options;
    this.#events = events;
    this.#root = rosterRoot(options.crypto, options.roster);
  }

  /** Members with a session, ascending. */
  get present(): readonly number[] {
    return [...this.#members.keys()].toSorted((a, b) => a - b);
  }

  /** The newest protocol version that a member with a session and the coordinator both speak. */
  versionOf(member: number): number {
    return this.#members.get(member)?.version ?? PROTOCOL_VERSION;
  }

  /** The versions that a member offered in vain, where it is not there for that reason. */
  refusedVersion(member: number): string | undefined {
    return this.#otherVersions.get(member);
  }

  /**
   * Greets a new connection; it is nobody until its hello verifies.
   * @param stream the bytes under the WebSocket
   * @param standing told whose the connection is
   */
  accept(webSocket: WebSocket, stream: Readable, standing: Standing): void {
    const { crypto, log, roster } = this.#options;
    const challenge = nodeRandomBytes(32);
    let member: number | undefined;
    const socket: MessageSocket = new MessageSocket(webSocket, {
      onMessage: async (message) => {
        if (member !== undefined) {
          // A newer connection may have taken over while this message waited.
          if (this.#isCurrent(member, socket)) await this.#events.onMessage(member, message);
          return;
        }
        const greeting = checkHello(message, { crypto, roster, rosterRoot: this.#root, challenge });
        endGreeting();
        if (!greeting.ok) {
          log.warn({ reason: greeting.reason }, 'connection refused');
          if (greeting.member !== undefined) this.#otherVersions.set(greeting.member, greeting.reason);
          socket.close(greeting.code, greeting.reason);
          return;
        }
        ({ member } = greeting.hello);
        this.#open(greeting.hello, {
          socket,
          standing,
          outbox: new Outbox(socket),
          version: commonVersion(greeting.hello),
          knownSums: this.#knownSums(greeting.hello),
        });
      },
      onFault: (error) => log.error({ client: this.#name(member), err: error }, 'message not handled'),
      onMalformed: (detail) => log.warn({ client: this.#name(member), detail }, 'malformed frame'),
      onClose: () => {
        endGreeting();
        if (member === undefined || !this.#isCurrent(member, socket)) return;
        this.#members.delete(member);
        this.#events.onLost(member);
      },
    });
    const endGreeting = limitGreeting(socket, webSocket, stream);
    void socket.sendFrame(this.#signed('challenge', { federation: roster.federation, nonce: challenge }));
  }

  /** Whoever knows more sums than there are means those of another run. */
  #knownSums({ knownSums }: Bodies['hello']): number {
    return knownSums <= this.#options.openedSums().length ? knownSums : 0;
  }

  #isCurrent(member: number, socket: MessageSocket): boolean {
    return this.#members.get(member)?.socket === socket;
  }

  #open(hello: Bodies['hello'], session: Session): void {
    const { member } = hello;
    this.#otherVersions.delete(member);
    this.disconnect(member, CLOSE.superseded, 'a newer connection of this member took over');
    const openedSums = this.#options.openedSums();
    this.#members.set(member, session);
    session.standing.joined();
    const { manifest } = this.#options;
    const welcome = {
      nonce: hello.nonce,
      version: session.version,
      manifest,
      openedSums: openedSums.length,
    };
    session.outbox.push(this.#signed('welcome', welcome));
    this.#deliver(member, session, openedSums);
    this.#events.onJoined(member);
  }

  /** Signs once and puts it on the way to all; a member that left is skipped. */
  send<K extends MessageKind>(members: readonly number[], kind: K, body: Bodies[K]): void {
    const frame = this.#signed(kind, body);
    for (const member of members) this.#members.get(member)?.outbox.push(frame);
  }

  /** Puts the opened sums that a member does not have on their way to it, in order. */
  deliverSums(): void {
    const openedSums = this.#options.openedSums();
    for (const [member, session] of this.#members) this.#deliver(member, session, openedSums);
  }

  #deliver(member: number, session: Session, openedSums: readonly OpenedSum[]): void {
    const onFault = (error: unknown): void =>
      this.#options.log.error({ client: this.#name(member), err: error }, 'sum not sent');
    for (const sum of openedSums.slice(session.knownSums)) {
      session.outbox.pushStream(sum.frames, onFault);
    }
    session.knownSums = Math.max(session.knownSums, openedSums.length);
  }

  /** Ends the session of a member, if it has one: it is lost at once, whether or not it answers the close. */
  disconnect(member: number, code: CloseCode, reason: string): void {
    const session = this.#members.get(member);
    if (session === undefined) return;
    this.#members.delete(member);
    session.socket.close(code, reason);
    session.standing.left();
    this.#events.onLost(member);
  }

  /** Closes every session when what is on its way has left, or at last after `graceMs`. */
  async end(code: CloseCode, reason: string, graceMs: number): Promise<void> {
    const sessions = [...this.#members.values()];
    this.#members.clear();
    let timer: NodeJS.Timeout | undefined;
    const grace = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, graceMs);
    });
    const finished = sessions.map(async ({ socket, outbox }) => {
      await outbox.drained();
      socket.close(code, reason);
      await socket.closed;
    });
    await Promise.race([Promise.all(finished), grace]);
    clearTimeout(timer);
  }

  #signed<K extends MessageKind>(kind: K, body: Bodies[K]): Uint8Array {
    const { crypto, identity } = this.#options;
    return encodeMessage(kind, body, signMessage(crypto, identity, kind, body));
  }

  #name(member: number | undefined): string {
    return member === undefined ? 'unknown' : (this.#options.roster.members[member]?.name ?? String(member));
  }
}

/** Bounds what a stranger costs, in time and in bytes. @returns what ends the bounds */
function limitGreeting(socket: MessageSocket, webSocket: WebSocket, stream: Readable): () => void {
  let received = 0;
  const count = (bytes: Buffer): void => {
    received += bytes.length;
    if (received > MAX_GREETING_BYTES) webSocket.terminate();
  };
  const timer = setTimeout(() => socket.close(CLOSE.notAuthenticated, 'no hello in time'), HELLO_TIMEOUT_MS);
  timer.unref();
  stream.on('data', count);
  return () => {
    clearTimeout(timer);
    stream.off('data', count);
  };
}
