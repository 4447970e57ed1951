/**
 * Frames: msgpack arrays `[number, body, signature]` that hold integers, text and `Uint8Array` only. This is
 * the one place that imports msgpackr. Its defaults pack other typed arrays wrongly, one byte per element
 * with stale memory behind, so the encoder refuses every view but `Uint8Array`; shapes never produce another.
 * What it would decode beyond plain values, `frameFault` refuses before it is called.
 */
import { Packr } from 'msgpackr';
import { ProtocolError, type Rejection } from '../errors.ts';
import { type Bodies, type Message, type MessageKind, MESSAGES } from '../messages/index.ts';
import { frameFault } from './frame-check.ts';
import { Malformed, type Packed, type Shape } from './shape.ts';

/** Frames above this are refused before they are decoded. Vectors stream in chunks far below it. */
export const MAX_FRAME_BYTES: number = 16 * 2 ** 20;

// Other encoders write integers above 2^32 as uint 64, msgpackr as float 64: both arrive as numbers.
const packr = new Packr({ useRecords: false, moreTypes: false, int64AsType: 'number' });

const KIND_BY_NUMBER: ReadonlyMap<number, MessageKind> = new Map(
  Object.entries(MESSAGES).map(([kind, { number }]) => [number, kind as MessageKind]),
);

/** @throws ProtocolError INVARIANT where the frame would exceed `MAX_FRAME_BYTES` */
export function encodeMessage<K extends MessageKind>(
  kind: K,
  body: Bodies[K],
  signature: Uint8Array,
): Uint8Array {
  const definition = MESSAGES[kind];
  const packed: Packed = [definition.number, definition.shape.pack(body), signature];
  const frame = packValue(packed);
  if (frame.length > MAX_FRAME_BYTES) {
    throw new ProtocolError(
      'INVARIANT',
      `a ${kind} message of ${frame.length} bytes exceeds ${MAX_FRAME_BYTES}`,
    );
  }
  return frame;
}

/** msgpack bytes of a packed value. @throws ProtocolError INVARIANT on any typed array but `Uint8Array` */
export function packValue(value: Packed): Uint8Array {
  requirePackable(value);
  return packr.pack(value);
}

function requirePackable(value: unknown): void {
  if (typeof value === 'number' || typeof value === 'string') return;
  if (value instanceof Uint8Array) return;
  if (Array.isArray(value)) {
    for (const item of value as readonly unknown[]) requirePackable(item);
    return;
  }
  throw new ProtocolError('INVARIANT', 'only integers, text, lists and Uint8Array cross the codec');
}

export type Decoded =
  | { readonly ok: true; readonly message: Message }
  | { readonly ok: false; readonly code: Rejection['code']; readonly detail: string };

/** Decodes and checks a frame from a peer. Never throws, whatever the bytes. */
export function decodeMessage(frame: Uint8Array): Decoded {
  if (frame.length > MAX_FRAME_BYTES) {
    return { ok: false, code: 'LENGTH_MISMATCH', detail: `frame of ${frame.length} bytes` };
  }
  const fault = frameFault(frame);
  if (fault !== undefined) return { ok: false, code: 'MALFORMED', detail: fault };
  let packed: unknown;
  try {
    packed = packr.unpack(frame);
  } catch {
    return { ok: false, code: 'MALFORMED', detail: 'frame is no msgpack' };
  }
  if (!Array.isArray(packed) || packed.length !== 3) {
    return { ok: false, code: 'MALFORMED', detail: 'frame must be [number, body, signature]' };
  }
  const [number, body, signature] = packed as readonly unknown[];
  const kind = typeof number === 'number' ? KIND_BY_NUMBER.get(number) : undefined;
  if (kind === undefined) return { ok: false, code: 'MALFORMED', detail: 'unknown message number' };
  const signatureLength = kind === 'vector-chunk' ? 0 : 64;
  if (!(signature instanceof Uint8Array) || signature.length !== signatureLength) {
    return { ok: false, code: 'MALFORMED', detail: `${kind}: signature must be ${signatureLength} bytes` };
  }
  try {
    const shape: Shape<Bodies[MessageKind]> = MESSAGES[kind].shape;
    const message = { kind, body: shape.unpack(body, ''), signature: new Uint8Array(signature) } as Message;
    return { ok: true, message };
  } catch (error) {
    if (error instanceof Malformed)
      return { ok: false, code: 'MALFORMED', detail: `${kind}: ${error.message}` };
    throw error;
  }
}
