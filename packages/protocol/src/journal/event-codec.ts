/**
 * Events of the machines as bytes of a journal. An event's message travels as the frame that the wire would
 * carry, with its signature, so that what is replayed is checked as it was when it came.
 */
import type { ClientEvent } from '../client/state.ts';
import type { CoordinatorEvent } from '../coordinator/state.ts';
import type { Message } from '../messages/index.ts';
import { decodeMessage, encodeMessage } from '../wire/codec.ts';
import { decodePlain, encodePlain, type PlainRecord, type PlainValue } from './plain-value.ts';

/** Records, so that a kind of event that is left out is an error of types. */
const CLIENT_EVENTS: Readonly<Record<ClientEvent['kind'], true>> = {
  message: true,
  expect: true,
  'keys-generated': true,
  'shares-dealt': true,
  'shares-held': true,
  'nonce-drawn': true,
  'input-masked': true,
  'input-failed': true,
  'connection-lost': true,
};

const COORDINATOR_EVENTS: Readonly<Record<CoordinatorEvent['kind'], true>> = {
  'member-joined': true,
  'member-lost': true,
  message: true,
  'batch-requested': true,
  'round-requested': true,
  'upload-spooled': true,
  'upload-failed': true,
  'input-added': true,
  'masked-sum-kept': true,
  'sum-opened': true,
  'sum-not-opened': true,
  deadline: true,
  restarted: true,
};

/** What a journal's bytes say, or what is wrong with them. */
export type DecodedEvent<E> =
  | { readonly ok: true; readonly event: E }
  | { readonly ok: false; readonly fault: string };

/** @throws ProtocolError INVARIANT where the event holds what is no plain data */
export function encodeEvent(event: ClientEvent | CoordinatorEvent): Uint8Array {
  if (!('message' in event)) return encodePlain(event as unknown as PlainRecord);
  const { message, ...fields } = event;
  const frame = encodeMessage(message.kind, message.body, message.signature);
  return encodePlain({ ...fields, message: frame });
}

/** Never throws. What `encodeEvent` wrote comes back as it was; beyond its kind an event is not checked. */
export function decodeClientEvent(bytes: Uint8Array): DecodedEvent<ClientEvent> {
  return decodeEvent<ClientEvent>(bytes, CLIENT_EVENTS);
}

/** As `decodeClientEvent`. */
export function decodeCoordinatorEvent(bytes: Uint8Array): DecodedEvent<CoordinatorEvent> {
  return decodeEvent<CoordinatorEvent>(bytes, COORDINATOR_EVENTS);
}

function decodeEvent<E>(bytes: Uint8Array, kinds: object): DecodedEvent<E> {
  const decoded = decodePlain(bytes);
  if (!decoded.ok) return decoded;
  const fields = decoded.value;
  if (!isRecord(fields)) return { ok: false, fault: 'the value is no event' };
  const kind = fields['kind'];
  if (typeof kind !== 'string' || !Object.hasOwn(kinds, kind))
    return { ok: false, fault: 'an event of unknown kind' };
  const frame = fields['message'];
  if (frame === undefined) return { ok: true, event: fields as unknown as E };
  if (!(frame instanceof Uint8Array)) return { ok: false, fault: 'the message of an event is no frame' };
  const message = decodeMessage(frame);
  if (!message.ok) return { ok: false, fault: `the message of an event: ${message.detail}` };
  return { ok: true, event: { ...fields, message: message.message satisfies Message } as unknown as E };
}

function isRecord(value: PlainValue): value is PlainRecord {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  );
}
