/** The way to the coordinator: connect with growing pauses, prove who we are, check who answers. */
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { CryptoBackend } from '@tributary/crypto';
import { nodeRandomBytes } from '@tributary/crypto/node';
import {
  type Bodies,
  type Message,
  OLDEST_PROTOCOL_VERSION,
  PROTOCOL_VERSION,
  type Roster,
  rosterRoot,
  sameBytes,
  signMessage,
  verifyMessage,
} from '@tributary/protocol';
import { CLOSE, MessageSocket, RuntimeError, SOCKET_OPTIONS } from '@tributary/runtime';
import { WebSocket } from 'ws';

export interface ConnectionOptions {
  readonly crypto: CryptoBackend;
  readonly roster: Roster;
  /** Member id. */
  readonly self: number;
  /** Ed25519 seed of the member. */
  readonly identity: Uint8Array;
  readonly url: string;
  readonly ca: string | undefined;
  readonly connectSeconds: number;
  /** Opened sums that the member has already. */
  readonly knownSums: () => number;
}

export interface ConnectionEvents {
  /** Before any later message is delivered. */
  readonly onWelcome: (welcome: Bodies['welcome'], socket: MessageSocket) => void;
  readonly onMessage: (message: Message) => Promise<void>;
}

/** An open session. */
export interface Connection {
  readonly socket: MessageSocket;
  /** Resolves with the reason when the session ends. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
}

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5000;

/** @throws RuntimeError CANNOT_CONNECT, REFUSED_BY_PEER, VERSION_MISMATCH */
export async function connect(options: ConnectionOptions, events: ConnectionEvents): Promise<Connection> {
  const deadline = Date.now() + options.connectSeconds * 1000;
  for (let wait = FIRST_PAUSE_MS; ; wait = Math.min(2 * wait, LONGEST_PAUSE_MS)) {
    const attempt = await tryConnect(options, events);
    if ('socket' in attempt) return attempt;
    if (attempt.final !== undefined) throw attempt.final;
    // Full jitter, so that members that lost the same coordinator do not come back in step.
    const jittered = ((nodeRandomBytes(1)[0] ?? 0) / 255) * wait;
    if (Date.now() + jittered > deadline) {
      throw new RuntimeError(
        'CANNOT_CONNECT',
        `no session with ${options.url} within ${options.connectSeconds} s: ${attempt.reason}`,
        "check 'coordinator', the network and whether the coordinator runs",
      );
    }
    await pause(jittered);
  }
}

interface FailedAttempt {
  readonly reason: string;
  /** Set where trying again cannot help. */
  readonly final: RuntimeError | undefined;
}

async function tryConnect(
  options: ConnectionOptions,
  events: ConnectionEvents,
): Promise<Connection | FailedAttempt> {
  const { ca, url } = options;
  const webSocket = new WebSocket(url, {
    ...SOCKET_OPTIONS,
    handshakeTimeout: 10_000,
    ...(ca === undefined ? {} : { ca: readFileSync(ca) }),
  });
  return await new Promise((resolve) => {
    let failure = 'connection refused';
    let welcomed = false;
    const nonce = nodeRandomBytes(32);
    let close: (ended: { code: number; reason: string }) => void = () => {};
    const closed = new Promise<{ code: number; reason: string }>((settle) => {
      close = settle;
    });
    webSocket.once('error', (error) => {
      failure = error.message;
    });
    const socket: MessageSocket = new MessageSocket(webSocket, {
      onMessage: async (message) => {
        if (welcomed) {
          await events.onMessage(message);
          return;
        }
        const fault = await greet(options, socket, message, nonce);
        if (fault !== undefined) {
          failure = fault;
          socket.close(CLOSE.notAuthenticated, fault);
        } else if (message.kind === 'welcome') {
          welcomed = true;
          events.onWelcome(message.body, socket);
          resolve({ socket, closed });
        }
      },
      onMalformed: (detail) => {
        failure = `the coordinator sent no message of this protocol (${detail})`;
      },
      onFault: (error) => {
        failure = error instanceof Error ? error.message : 'internal error';
      },
      onClose: (code, reason) => {
        close({ code, reason });
        resolve({ reason: reason === '' ? failure : reason, final: finalFailure(options, code, reason) });
      },
    });
  });
}

/** Answers the challenge and checks the welcome. @returns why the peer is not the coordinator we know */
async function greet(
  options: ConnectionOptions,
  socket: MessageSocket,
  message: Message,
  nonce: Uint8Array,
): Promise<string | undefined> {
  const { crypto, roster, self, identity } = options;
  const { kind, signature } = message;
  if (!verifyMessage(crypto, roster.coordinatorKey, kind, message.body, signature)) {
    return 'the peer does not hold the key of the roster’s coordinator';
  }
  if (kind === 'challenge') {
    if (message.body.federation !== roster.federation) {
      return `the peer serves federation '${message.body.federation}'`;
    }
    const hello = {
      federation: roster.federation,
      member: self,
      rosterRoot: rosterRoot(crypto, roster),
      oldestVersion: OLDEST_PROTOCOL_VERSION,
      newestVersion: PROTOCOL_VERSION,
      knownSums: options.knownSums(),
      challenge: message.body.nonce,
      nonce,
    };
    await socket.send('hello', hello, signMessage(crypto, identity, 'hello', hello));
    return undefined;
  }
  if (kind === 'welcome') {
    return sameBytes(message.body.nonce, nonce) ? undefined : 'the welcome answers another hello';
  }
  return `a ${kind} came where a challenge or a welcome was due`;
}

function finalFailure({ url }: ConnectionOptions, code: number, reason: string): RuntimeError | undefined {
  if (code === CLOSE.version) {
    return new RuntimeError(
      'VERSION_MISMATCH',
      `${url} speaks another version: ${reason}`,
      'upgrade the older side',
    );
  }
  if (code === CLOSE.notAuthenticated || code === CLOSE.policy) {
    return new RuntimeError(
      'REFUSED_BY_PEER',
      `${url} and this client do not accept each other: ${reason}`,
      'both sides must hold the same roster file, and this client the key that stands in it',
    );
  }
  return undefined;
}
