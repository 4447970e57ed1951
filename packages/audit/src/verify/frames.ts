/** Frames out of entries, with their signatures checked. */
import {
  type Bodies,
  decodeMessage,
  encodeMessage,
  type Message,
  type MessageKind,
  sameBytes,
  verifyMessage,
} from '@tributary/protocol';
import { type Finding, finding } from '../errors.ts';
import type { AuditState } from './state.ts';

export const isFinding = (value: object): value is Finding => 'code' in value && 'reason' in value;

/** The message of a frame, where it is one of this kind, written as this protocol writes it. */
function messageOf<K extends MessageKind>(kind: K, frame: Uint8Array): Message<K> | Finding {
  const decoded = decodeMessage(frame);
  if (!decoded.ok) return finding('MALFORMED', `${kind}: ${decoded.detail}`);
  const { message } = decoded;
  if (message.kind !== kind) return finding('MALFORMED', `the frame of a ${kind} is a ${message.kind}`);
  // One message has one frame, so that no byte of a log is without meaning.
  if (!sameBytes(encodeMessage(message.kind, message.body, message.signature), frame)) {
    return finding('MALFORMED', `${kind}: the frame is not written as the protocol writes it`);
  }
  return message as unknown as Message<K>;
}

/** A message that the coordinator signed. */
export function fromCoordinator<K extends MessageKind>(
  { crypto, roster }: AuditState,
  kind: K,
  frame: Uint8Array,
): Message<K> | Finding {
  const message = messageOf(kind, frame);
  if (isFinding(message)) return message;
  const { body, signature } = message as unknown as Message;
  const key = roster?.coordinatorKey ?? new Uint8Array(32);
  return verifyMessage(crypto, key, kind, body as unknown as Bodies[K], signature)
    ? message
    : finding('BAD_SIGNATURE', `${kind} is not signed by the coordinator`);
}

type MemberKind = 'key-advert' | 'draw-reveal' | 'upload-end' | 'release';

/** A message that the member which it names signed. */
export function fromMember<K extends MemberKind>(
  state: AuditState,
  kind: K,
  frame: Uint8Array,
): Message<K> | Finding {
  const message = messageOf(kind, frame);
  if (isFinding(message)) return message;
  const { body, signature } = message as unknown as Message<MemberKind>;
  return isSigned(state, body.member, kind, body as unknown as Bodies[K], signature)
    ? message
    : finding('BAD_SIGNATURE', `${kind} is not signed by ${state.nameOf(body.member)}`);
}

export function isSigned<K extends MessageKind>(
  { crypto, roster }: AuditState,
  member: number,
  kind: K,
  body: Bodies[K],
  signature: Uint8Array,
): boolean {
  const key = roster?.members[member]?.publicKey;
  return key !== undefined && verifyMessage(crypto, key, kind, body, signature);
}
