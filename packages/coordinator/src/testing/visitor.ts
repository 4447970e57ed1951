/** Somebody who connects to the coordinator: by hand, message by message. */
import { once } from 'node:events';
import { nodeBackend } from '@tributary/crypto/node';
import {
  type Bodies,
  decodeMessage,
  encodeMessage,
  type Message,
  type MessageKind,
  rosterRoot,
  signMessage,
} from '@tributary/protocol';
import { WebSocket } from 'ws';
import type { TestFederation } from './federation.ts';

export class Visitor {
  readonly webSocket: WebSocket;
  readonly received: Message[] = [];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  readonly #federation: TestFederation;
  readonly #listeners = new Set<() => void>();

  constructor(federation: TestFederation, url: string) {
    this.#federation = federation;
    this.webSocket = new WebSocket(url, { perMessageDeflate: false });
    this.webSocket.on('error', () => {});
    this.webSocket.on('message', (data: Buffer) => {
      const decoded = decodeMessage(data);
      if (!decoded.ok) throw new Error(decoded.detail);
      this.received.push(decoded.message);
      for (const listener of this.#listeners) listener();
    });
    this.closed = once(this.webSocket, 'close').then(([code, reason]: (number | Buffer)[]) => ({
      code: Number(code),
      reason: String(reason),
    }));
  }

  /** Resolves when as many messages of the kind have arrived. */
  async hears<K extends MessageKind>(kind: K, count = 1): Promise<Message<K>> {
    return await new Promise((resolve) => {
      const check = (): void => {
        const last = this.received.filter((message) => message.kind === kind)[count - 1];
        if (last === undefined) return;
        this.#listeners.delete(check);
        resolve(last as Message<K>);
      };
      this.#listeners.add(check);
      check();
    });
  }

  say<K extends MessageKind>(kind: K, body: Bodies[K], identity: Uint8Array): void {
    this.webSocket.send(encodeMessage(kind, body, signMessage(nodeBackend, identity, kind, body)));
  }

  /** An honest hello but for `change`. */
  async hello(
    member: number,
    change: Partial<Bodies['hello']> = {},
    identity?: Uint8Array,
  ): Promise<Bodies['hello']> {
    const { roster, identities } = this.#federation;
    const { body } = await this.hears('challenge');
    const hello = {
      federation: roster.federation,
      member,
      rosterRoot: rosterRoot(nodeBackend, roster),
      oldestVersion: 1,
      newestVersion: 1,
      knownSums: 0,
      challenge: body.nonce,
      nonce: new Uint8Array(32).fill(member + 1),
      ...change,
    };
    this.say('hello', hello, identity ?? identities[member] ?? new Uint8Array(32));
    return hello;
  }
}
