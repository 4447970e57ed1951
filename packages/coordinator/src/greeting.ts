/** The coordinator's side of the handshake: a connection is nobody until its hello verifies. */
import type { CryptoBackend } from '@tributary/crypto';
import {
  type Message,
  OLDEST_PROTOCOL_VERSION,
  PROTOCOL_VERSION,
  type Roster,
  sameBytes,
  verifyMessage,
} from '@tributary/protocol';
import { CLOSE, type CloseCode } from '@tributary/runtime';

/** How long a connection may take to say who it is. */
export const HELLO_TIMEOUT_MS = 10_000;

/** Bytes that a connection may send before its hello is checked. */
export const MAX_GREETING_BYTES = 65_536;

export interface GreetingTerms {
  readonly crypto: CryptoBackend;
  readonly roster: Roster;
  readonly rosterRoot: Uint8Array;
  /** The nonce that this connection was given. */
  readonly challenge: Uint8Array;
}

export type Greeting =
  | { readonly ok: true; readonly hello: Message<'hello'>['body'] }
  | {
      readonly ok: false;
      readonly code: CloseCode;
      readonly reason: string;
      /** Who it is, where that is proven. */
      readonly member?: number;
    };

/** Whether the first message of a connection is the hello of a member. */
export function checkHello(
  message: Message,
  { crypto, roster, rosterRoot, challenge }: GreetingTerms,
): Greeting {
  if (message.kind !== 'hello') return refused(CLOSE.notAuthenticated, 'a hello was due');
  const { body, signature } = message;
  if (body.federation !== roster.federation) {
    return refused(CLOSE.policy, `this coordinator serves federation ${roster.federation}`);
  }
  const key = roster.members[body.member]?.publicKey;
  if (
    key === undefined ||
    !sameBytes(body.challenge, challenge) ||
    !verifyMessage(crypto, key, 'hello', body, signature)
  ) {
    return refused(CLOSE.notAuthenticated, 'the hello is signed by no member of the roster');
  }
  if (body.oldestVersion > PROTOCOL_VERSION || body.newestVersion < OLDEST_PROTOCOL_VERSION) {
    const here = `${OLDEST_PROTOCOL_VERSION}..${PROTOCOL_VERSION}`;
    const reason = `protocol ${here} here, ${body.oldestVersion}..${body.newestVersion} there`;
    return { ok: false, code: CLOSE.version, reason, member: body.member };
  }
  if (!sameBytes(body.rosterRoot, rosterRoot)) {
    return refused(CLOSE.policy, 'the roster differs: compare roster roots');
  }
  return { ok: true, hello: body };
}

/** The newest version that both sides speak. */
export function commonVersion({ newestVersion }: Message<'hello'>['body']): number {
  return Math.min(newestVersion, PROTOCOL_VERSION);
}

function refused(code: CloseCode, reason: string): Greeting {
  return { ok: false, code, reason };
}
