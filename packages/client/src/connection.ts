/** The way to the coordinator: connect with growing pauses, prove who we are, check who answers. */
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
import {
  CLOSE,
  MessageSocket,
  readTextFile,
  RuntimeError,
  SOCKET_OPTIONS,
  type SocketEnd,
  systemErrorCode,
  throwIfStopped,
} from '@tributary/runtime';
import { WebSocket } from 'ws';
import type { Backoff } from './backoff.ts';

export interface ConnectionOptions {
  readonly crypto: CryptoBackend;
  readonly roster: Roster;
  /** Member id. */
  readonly self: number;
  /** Ed25519 seed of the member. */
  readonly identity: Uint8Array;
  readonly url: string;
  /** PEM file of the authority to trust. */
  readonly ca?: string | undefined;
  /** How long to keep beginning attempts. */
  readonly connectSeconds: number;
  /** Opened sums that the member has already. */
  readonly knownSums: () => number;
  readonly backoff: Backoff;
  /** Ends attempts and the session. */
  readonly signal?: AbortSignal | undefined;
}

export interface ConnectionEvents {
  /** Before any later message is delivered. */
  readonly onWelcome: (welcome: Bodies['welcome'], socket: MessageSocket) => void;
  /** One after the other. */
  readonly onMessage: (message: Message, socket: MessageSocket) => Promise<void>;
  /** The coordinator broke the protocol, or this side failed; the session closes after it. */
  readonly onFault: (error: unknown) => void;
}

/** Longest time from an attempt's begin to the welcome; the last attempt has at least the shorter one, or it would tell nothing. */
const GREETING_TIMEOUT_MS = 10_000;
const LAST_TIMEOUT_MS = 1000;

/**
 * @returns the socket of an open session
 * @throws RuntimeError CANNOT_CONNECT, REFUSED_BY_PEER, VERSION_MISMATCH, BAD_FILE (`ca`); RUN_FAILED where `signal` aborted
 */
export async function connect(options: ConnectionOptions, events: ConnectionEvents): Promise<MessageSocket> {
  const { backoff, connectSeconds, signal, url } = options;
  const deadline = Date.now() + connectSeconds * 1000;
  const ca = options.ca === undefined ? {} : { ca: readTextFile(options.ca) };
  let reason = 'the coordinator ends each session at once';
  for (;;) {
    const wait = backoff.next();
    if (Date.now() + wait >= deadline) {
      throw new RuntimeError(
        'CANNOT_CONNECT',
        `no session with ${url} within ${connectSeconds} s: ${reason}`,
        "check 'coordinator', the network and whether the coordinator runs",
      );
    }
    // An abort ends the pause; what follows sees it.
    await pause(wait, undefined, { signal }).catch(() => {});
    throwIfStopped(signal);
    const timeout = Math.min(GREETING_TIMEOUT_MS, Math.max(LAST_TIMEOUT_MS, deadline - Date.now()));
    const webSocket = new WebSocket(url, { ...SOCKET_OPTIONS, ...ca });
    const attempt = await greeted(webSocket, timeout, options, events);
    if (attempt instanceof MessageSocket) return attempt;
    throwIfStopped(signal);
    if (attempt.final !== undefined) throw attempt.final;
    ({ reason } = attempt);
  }
}

interface FailedConnection {
  readonly reason: string;
  /** Set where trying again cannot help. */
  readonly final?: RuntimeError | undefined;
}

async function greeted(
  webSocket: WebSocket,
  timeout: number,
  options: ConnectionOptions,
  events: ConnectionEvents,
): Promise<MessageSocket | FailedConnection> {
  const { signal, url } = options;
  const nonce = nodeRandomBytes(32);
  return await new Promise((resolve) => {
    let welcomed = false;
    let failure: FailedConnection | undefined;
    const giveUp = (attempt: FailedConnection): void => {
      failure ??= attempt;
      socket.close(CLOSE.notAuthenticated, attempt.reason);
    };
    const stop = (): void => socket.close(CLOSE.goingAway, 'client stops');
    webSocket.once('error', (error) => {
      failure ??= networkFailure(url, error);
    });
    const socket: MessageSocket = new MessageSocket(webSocket, {
      onMessage: async (message) => {
        if (welcomed) {
          await events.onMessage(message, socket);
          return;
        }
        const fault = await greet(options, socket, message, nonce);
        if (fault !== undefined) {
          giveUp({ reason: fault.reason, final: finalFailure(url, fault) });
        } else if (message.kind === 'welcome') {
          welcomed = true;
          clearTimeout(timer);
          events.onWelcome(message.body, socket);
          resolve(socket);
        }
      },
      onMalformed: (detail) => {
        const reason = `${url} sent what is no message of this protocol: ${detail}`;
        failure ??= { reason };
        if (!welcomed) return;
        events.onFault(
          new RuntimeError('CONNECTION_LOST', reason, 'both sides must be of compatible versions'),
        );
      },
      onFault: events.onFault,
      onClose: (end) => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', stop);
        const reason = end.reason === '' ? `the connection was closed with code ${end.code}` : end.reason;
        resolve(failure ?? { reason, final: finalFailure(url, end) });
      },
    });
    const timer = setTimeout(() => giveUp({ reason: 'no welcome in time' }), timeout);
    signal?.addEventListener('abort', stop);
  });
}

/** Answers the challenge and checks the welcome. @returns why no session with the peer can be, as a close says it */
async function greet(
  options: ConnectionOptions,
  socket: MessageSocket,
  message: Message,
  nonce: Uint8Array,
): Promise<SocketEnd | undefined> {
  const { crypto, roster, self, identity } = options;
  const { kind, signature } = message;
  if (!verifyMessage(crypto, roster.coordinatorKey, kind, message.body, signature)) {
    return stranger("the peer does not hold the key of the roster's coordinator");
  }
  if (kind === 'challenge') {
    if (message.body.federation !== roster.federation) {
      return stranger(`the peer serves federation '${message.body.federation}'`);
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
    if (!sameBytes(message.body.nonce, nonce)) return stranger('the welcome answers another hello');
    const { version } = message.body;
    if (version >= OLDEST_PROTOCOL_VERSION && version <= PROTOCOL_VERSION) return undefined;
    const here = `${OLDEST_PROTOCOL_VERSION}..${PROTOCOL_VERSION}`;
    return { code: CLOSE.version, reason: `protocol ${here} here, ${version} there` };
  }
  return stranger(`a ${kind} came where a challenge or a welcome was due`);
}

function stranger(reason: string): SocketEnd {
  return { code: CLOSE.notAuthenticated, reason };
}

/** Node's codes for certificates that are not trusted, or not for this host. */
const CERTIFICATE_FAULT = /CERT|UNABLE_TO_VERIFY/;

function networkFailure(url: string, error: Error): FailedConnection {
  const code = systemErrorCode(error) ?? '';
  // Where several addresses were tried the message is empty and the code says it all.
  const reason = error.message === '' ? code : error.message;
  if (!CERTIFICATE_FAULT.test(code)) return { reason };
  const final = new RuntimeError(
    'CANNOT_CONNECT',
    `the certificate of ${url} is not accepted: ${reason}`,
    "set 'ca' to the file of the authority that signed it",
  );
  return { reason, final };
}

/** The error where a session that ended like this is not to be tried again. */
export function finalFailure(url: string, { code, reason }: SocketEnd): RuntimeError | undefined {
  switch (code) {
    case CLOSE.version:
      return new RuntimeError(
        'VERSION_MISMATCH',
        `${url} speaks another version: ${reason}`,
        'upgrade the older side',
      );
    case CLOSE.notAuthenticated:
    case CLOSE.policy:
      return new RuntimeError(
        'REFUSED_BY_PEER',
        `${url} and this client do not accept each other: ${reason}`,
        'both sides must hold the same roster file, and this client the key that stands in it',
      );
    case CLOSE.superseded:
      return new RuntimeError(
        'CONNECTION_LOST',
        'another connection with the key of this client took over',
        'run one client for each key; if you do, somebody else has the key',
      );
    case CLOSE.badMessage:
      return new RuntimeError(
        'CONNECTION_LOST',
        `${url} did not understand this client: ${reason}`,
        'both sides must be of compatible versions',
      );
    default:
      return undefined;
  }
}
