/** A coordinator's side of a connection, by hand: what it says to each visitor is up to the test. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { nodeBackend } from '@tributary/crypto/node';
import {
  type Bodies,
  decodeMessage,
  encodeMessage,
  type Message,
  type MessageKind,
  signMessage,
} from '@tributary/protocol';
import { type WebSocket, WebSocketServer } from 'ws';
import type { TestFederation } from './federation.ts';

/** One visitor of the host. */
export interface Visit {
  readonly socket: WebSocket;
  readonly say: <K extends MessageKind>(kind: K, body: Bodies[K]) => void;
}

export interface HostBehaviour {
  readonly onConnection?: (visit: Visit) => void;
  readonly onMessage?: (visit: Visit, message: Message) => void;
}

export class Host {
  readonly #server: WebSocketServer;
  /** Connections so far. */
  visits = 0;

  private constructor(server: WebSocketServer) {
    this.#server = server;
  }

  static async open(identity: Uint8Array, behaviour: HostBehaviour): Promise<Host> {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
    await once(server, 'listening');
    const host = new Host(server);
    server.on('connection', (socket) => {
      host.visits += 1;
      const visit: Visit = {
        socket,
        say: (kind, body) =>
          socket.send(encodeMessage(kind, body, signMessage(nodeBackend, identity, kind, body))),
      };
      socket.on('message', (data: Buffer) => {
        const decoded = decodeMessage(data);
        if (decoded.ok) behaviour.onMessage?.(visit, decoded.message);
      });
      behaviour.onConnection?.(visit);
    });
    return host;
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    for (const client of this.#server.clients) client.terminate();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }
}

/** What a coordinator without faults does, up to the welcome; `change` is what of it is different. */
export function greeting(
  { roster }: TestFederation,
  change: {
    readonly challenge?: Partial<Bodies['challenge']>;
    readonly welcome?: Partial<Bodies['welcome']>;
    readonly onWelcomed?: (visit: Visit, hello: Bodies['hello']) => void;
  } = {},
): Required<HostBehaviour> {
  return {
    onConnection: ({ say }) =>
      say('challenge', {
        federation: roster.federation,
        nonce: new Uint8Array(32).fill(3),
        ...change.challenge,
      }),
    onMessage: (visit, { kind, body }) => {
      if (kind !== 'hello') return;
      visit.say('welcome', {
        nonce: body.nonce,
        version: 1,
        manifest: '{}',
        openedSums: 0,
        ...change.welcome,
      });
      change.onWelcomed?.(visit, body);
    },
  };
}
