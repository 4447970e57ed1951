/**
 * Plain data as bytes, for a journal that only the process which wrote it reads again. Unlike the wire's
 * msgpack it has fractions, booleans, absent values and records with names, and gives back exactly what it
 * was given.
 *
 *     value  = tag u8, content
 *     number = float64; text = length u32, UTF-16 code units; bytes = length u32, bytes
 *     list   = count u32, values; record = count u32, (text, value) each
 *
 * Integers are little-endian.
 */
import { ProtocolError } from '../errors.ts';

export type PlainValue =
  | undefined
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | readonly PlainValue[]
  | PlainRecord;

export interface PlainRecord {
  readonly [name: string]: PlainValue;
}

const TAG = { absent: 0, nothing: 1, false: 2, true: 3, number: 4, text: 5, bytes: 6, list: 7, record: 8 };

/** Deeper than any value of ours; bounds the recursion over a file that is not ours. */
const MAX_DEPTH = 16;

/** @throws ProtocolError INVARIANT on what is no plain data: maps, other typed arrays, functions */
export function encodePlain(value: PlainValue): Uint8Array {
  const writer = new Writer();
  write(writer, value);
  return writer.finish();
}

export type DecodedPlain =
  | { readonly ok: true; readonly value: PlainValue }
  | { readonly ok: false; readonly fault: string };

/** Never throws, whatever the bytes. Byte arrays are copies. */
export function decodePlain(bytes: Uint8Array): DecodedPlain {
  try {
    const reader = new Reader(bytes);
    const value = read(reader, 0);
    reader.finish();
    return { ok: true, value };
  } catch (error) {
    if (error instanceof Malformed) return { ok: false, fault: error.message };
    throw error;
  }
}

function write(writer: Writer, value: unknown): void {
  switch (typeof value) {
    case 'undefined':
      writer.byte(TAG.absent);
      return;
    case 'boolean':
      writer.byte(value ? TAG.true : TAG.false);
      return;
    case 'number':
      writer.byte(TAG.number);
      writer.float(value);
      return;
    case 'string':
      writer.byte(TAG.text);
      writer.text(value);
      return;
    case 'object':
      writeObject(writer, value);
      return;
    case 'bigint':
    case 'function':
    case 'symbol':
      throw new ProtocolError('INVARIANT', `a ${typeof value} is no plain data`);
  }
}

function writeObject(writer: Writer, value: object | null): void {
  if (value === null) {
    writer.byte(TAG.nothing);
  } else if (value instanceof Uint8Array) {
    writer.byte(TAG.bytes);
    writer.integer(value.length);
    writer.raw(value);
  } else if (Array.isArray(value)) {
    writer.byte(TAG.list);
    writer.integer(value.length);
    for (const item of value as readonly unknown[]) write(writer, item);
  } else {
    if (ArrayBuffer.isView(value) || Symbol.iterator in value) {
      throw new ProtocolError('INVARIANT', 'only records, lists and Uint8Array are plain data');
    }
    const fields = Object.entries(value);
    writer.byte(TAG.record);
    writer.integer(fields.length);
    for (const [name, field] of fields) {
      writer.text(name);
      write(writer, field);
    }
  }
}

function read(reader: Reader, depth: number): PlainValue {
  if (depth > MAX_DEPTH) throw new Malformed('values are nested too deeply');
  const tag = reader.byte();
  switch (tag) {
    case TAG.absent:
      return undefined;
    case TAG.nothing:
      return null;
    case TAG.false:
      return false;
    case TAG.true:
      return true;
    case TAG.number:
      return reader.float();
    case TAG.text:
      return reader.text();
    case TAG.bytes:
      return reader.take(reader.integer()).slice();
    case TAG.list: {
      const items: PlainValue[] = [];
      for (let left = reader.integer(); left > 0; left--) items.push(read(reader, depth + 1));
      return items;
    }
    case TAG.record: {
      const fields: [string, PlainValue][] = [];
      for (let left = reader.integer(); left > 0; left--)
        fields.push([reader.text(), read(reader, depth + 1)]);
      // Defines each name as the record's own, also `__proto__`.
      return Object.fromEntries(fields);
    }
    default:
      throw new Malformed(`byte ${reader.position - 1} begins no value`);
  }
}

class Writer {
  #bytes: Uint8Array = new Uint8Array(256);
  #view: DataView = new DataView(this.#bytes.buffer);
  #length = 0;

  byte(value: number): void {
    // Grown first: growing replaces the array.
    const at = this.#grow(1);
    this.#bytes[at] = value;
  }

  integer(value: number): void {
    const at = this.#grow(4);
    this.#view.setUint32(at, value, true);
  }

  float(value: number): void {
    const at = this.#grow(8);
    this.#view.setFloat64(at, value, true);
  }

  text(value: string): void {
    this.integer(value.length);
    const at = this.#grow(2 * value.length);
    for (let i = 0; i < value.length; i++) this.#view.setUint16(at + 2 * i, value.charCodeAt(i), true);
  }

  raw(bytes: Uint8Array): void {
    const at = this.#grow(bytes.length);
    this.#bytes.set(bytes, at);
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** Makes room for as many bytes. @returns where they begin */
  #grow(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length, 2 * this.#bytes.length));
      larger.set(this.#bytes.subarray(0, at));
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return at;
  }
}

class Malformed extends Error {}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  byte(): number {
    return this.take(1)[0] as number;
  }

  integer(): number {
    const at = this.#advance(4);
    return this.#view.getUint32(at, true);
  }

  float(): number {
    const at = this.#advance(8);
    return this.#view.getFloat64(at, true);
  }

  text(): string {
    const length = this.integer();
    const at = this.#advance(2 * length);
    let text = '';
    for (let i = 0; i < length; i++) text += String.fromCharCode(this.#view.getUint16(at + 2 * i, true));
    return text;
  }

  take(count: number): Uint8Array {
    const at = this.#advance(count);
    return this.#bytes.subarray(at, at + count);
  }

  finish(): void {
    const left = this.#bytes.length - this.position;
    if (left > 0) throw new Malformed(`${left} bytes behind the value`);
  }

  #advance(count: number): number {
    const at = this.position;
    if (at + count > this.#bytes.length) throw new Malformed('the bytes end within a value');
    this.position += count;
    return at;
  }
}
