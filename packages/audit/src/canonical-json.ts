/**
 * JSON in canonical form (RFC 8785), for the values that a log has: integers within 2^53, text, booleans, null, arrays and objects.
 * One value has one spelling, so its bytes can be hashed.
 */
import { utf8 } from '@tributary/crypto';
import { AuditError } from './errors.ts';

export type JsonValue = number | string | boolean | null | readonly JsonValue[] | JsonObject;

export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** @throws AuditError BAD_VALUE for a number that is no integer within 2^53, and for text with a lone surrogate */
export function canonicalJson(value: JsonValue): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return integerText(value);
  if (typeof value === 'string') return quotedText(value);
  if (isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  // Section 3.2.3: by UTF-16 code units, as the default order of `toSorted` is.
  const fields = Object.keys(value)
    .toSorted()
    .map((key) => `${quotedText(key)}:${canonicalJson(value[key] as JsonValue)}`);
  return `{${fields.join(',')}}`;
}

/** `Array.isArray` does not narrow to readonly arrays. */
function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function integerText(value: number): string {
  if (!Number.isSafeInteger(value)) {
    throw new AuditError('BAD_VALUE', `a log holds integers within 2^53, not ${value}`);
  }
  // Section 3.2.2.3: -0 is written as 0.
  return String(value === 0 ? 0 : value);
}

function quotedText(value: string): string {
  if (/\p{Surrogate}/u.test(value)) throw new AuditError('BAD_VALUE', 'text holds a lone surrogate');
  // What ECMAScript escapes, and how, is what section 3.2.2.2 prescribes.
  return JSON.stringify(value);
}

/** The value that canonical bytes stand for; undefined for all other bytes. */
export function parseCanonicalJson(bytes: Uint8Array): JsonValue | undefined {
  try {
    const ascii = bytes.every((byte) => byte < 0x80);
    const text = ascii ? asciiText(bytes) : textOf(bytes);
    // Bytes that are no UTF-8 became text of other bytes.
    if (!ascii && !isUtf8Of(text, bytes)) return undefined;
    const value = JSON.parse(text) as JsonValue;
    return canonicalJson(value) === text ? value : undefined;
  } catch {
    // No JSON, a number or text that has no canonical form, or more nesting than the stack holds.
    return undefined;
  }
}

/** Most arguments of one call. */
const CHUNK_CHARACTERS = 8192;

function asciiText(bytes: Uint8Array): string {
  const pieces: string[] = [];
  for (let at = 0; at < bytes.length; at += CHUNK_CHARACTERS) {
    pieces.push(String.fromCharCode(...bytes.subarray(at, at + CHUNK_CHARACTERS)));
  }
  return pieces.join('');
}

/** Text of UTF-8; of other bytes some text that has other bytes. */
function textOf(bytes: Uint8Array): string {
  const pieces: string[] = [];
  let units: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    const lead = bytes[at] as number;
    const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    let point = length === 1 ? lead : lead & (0xff >>> (length + 1));
    for (let i = 1; i < length; i++) point = (point << 6) | ((bytes[at + i] ?? 0) & 0x3f);
    at += length;
    units.push(Math.min(point, 0x10ffff));
    if (units.length >= CHUNK_CHARACTERS) {
      pieces.push(String.fromCodePoint(...units));
      units = [];
    }
  }
  return pieces.join('') + String.fromCodePoint(...units);
}

function isUtf8Of(text: string, bytes: Uint8Array): boolean {
  const encoded = utf8(text);
  return encoded.length === bytes.length && encoded.every((byte, i) => byte === bytes[i]);
}
