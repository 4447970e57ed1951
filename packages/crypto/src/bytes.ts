import { expectInteger } from './crypto-error.ts';

/** One new array that holds all parts in order. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Whether two arrays hold the same bytes, in a time that depends on their lengths only. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i += 1) difference |= (a[i] as number) ^ (b[i] as number);
  return difference === 0;
}

/** Overwrites secrets with zeros. Best effort: a JavaScript engine may have copied them. */
export function wipe(...arrays: readonly (Uint8Array | Int32Array)[]): void {
  for (const array of arrays) array.fill(0);
}

/**
 * UTF-8 (RFC 3629) of a text. A lone surrogate, which has no UTF-8 form, becomes its own three bytes (as in
 * WTF-8) and not a replacement character, so different texts never give the same bytes and no text is
 * refused.
 */
export function utf8(text: string): Uint8Array {
  const bytes = new Uint8Array(3 * text.length);
  let length = 0;
  for (const character of text) {
    const point = character.codePointAt(0) as number;
    if (point < 0x80) {
      bytes[length++] = point;
    } else if (point < 0x800) {
      bytes[length++] = 0xc0 | (point >>> 6);
      bytes[length++] = 0x80 | (point & 0x3f);
    } else if (point < 0x10000) {
      bytes[length++] = 0xe0 | (point >>> 12);
      bytes[length++] = 0x80 | ((point >>> 6) & 0x3f);
      bytes[length++] = 0x80 | (point & 0x3f);
    } else {
      bytes[length++] = 0xf0 | (point >>> 18);
      bytes[length++] = 0x80 | ((point >>> 12) & 0x3f);
      bytes[length++] = 0x80 | ((point >>> 6) & 0x3f);
      bytes[length++] = 0x80 | (point & 0x3f);
    }
  }
  return bytes.slice(0, length);
}

/** Four bytes, little-endian. @param value integer in [0, 2^32) */
export function uint32LE(value: number): Uint8Array {
  expectInteger('value', value, 0, 0xffff_ffff);
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

/** Eight bytes, little-endian. @param value integer in [0, 2^53) */
export function uint64LE(value: number): Uint8Array {
  expectInteger('value', value, 0, Number.MAX_SAFE_INTEGER);
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true);
  return bytes;
}
