/**
 * Canonical bytes: what is signed and hashed, never what msgpack happens to write. Every value is written
 * under a fixed shape: integers as 8 bytes big-endian, bytes and text with a 4-byte length, lists with a
 * 4-byte count. With the shape known, no two values share bytes.
 */
import { utf8 } from '@tributary/crypto';
import { ProtocolError } from '../errors.ts';
import { DOMAIN } from '../version.ts';

const FIRST_CAPACITY = 256;
/** Memory of writers that are finished, wiped, for the next ones. */
const spare: Uint8Array<ArrayBuffer>[] = [];
const MAX_SPARE = 8;
const MAX_SPARE_BYTES = 65_536;

/** Labels of domains and kinds are written again and again; other text is not kept. */
const LABEL_BYTES = new Map<string, Uint8Array>();
const MAX_LABELS = 256;

function textBytes(value: string): Uint8Array {
  if (!value.startsWith(DOMAIN)) return utf8(value);
  const known = LABEL_BYTES.get(value);
  if (known !== undefined) return known;
  const bytes = utf8(value);
  if (LABEL_BYTES.size < MAX_LABELS) LABEL_BYTES.set(value, bytes);
  return bytes;
}

export class CanonicalWriter {
  #bytes = spare.pop() ?? new Uint8Array(FIRST_CAPACITY);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;
  #finished = false;

  integer(value: number): this {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new ProtocolError(
        'INVARIANT',
        `canonical bytes hold integers of 0..2^53-1, not ${String(value)}`,
      );
    }
    const at = this.#extend(8);
    this.#view.setUint32(at, Math.floor(value / 2 ** 32));
    this.#view.setUint32(at + 4, value % 2 ** 32);
    return this;
  }

  /** Length of what follows: items of a list, bytes of a value. */
  count(value: number): this {
    const at = this.#extend(4);
    this.#view.setUint32(at, value);
    return this;
  }

  bytes(value: Uint8Array): this {
    this.count(value.length);
    const at = this.#extend(value.length);
    this.#bytes.set(value, at);
    return this;
  }

  text(value: string): this {
    return this.bytes(textBytes(value));
  }

  /** All that was written, in memory of its own. Nothing can be written after it. */
  finish(): Uint8Array {
    if (this.#finished) throw new ProtocolError('INVARIANT', 'canonical bytes were finished before');
    this.#finished = true;
    const written = this.#bytes.slice(0, this.#length);
    // It may be a secret.
    this.#bytes.fill(0, 0, this.#length);
    if (spare.length < MAX_SPARE && this.#bytes.length <= MAX_SPARE_BYTES) spare.push(this.#bytes);
    return written;
  }

  /** Makes room for `length` more bytes. @returns where they begin */
  #extend(length: number): number {
    if (this.#finished) throw new ProtocolError('INVARIANT', 'canonical bytes were finished before');
    const at = this.#length;
    this.#length += length;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length, 2 * this.#bytes.length));
      larger.set(this.#bytes);
      // What was written may be a secret, and this buffer is left behind.
      this.#bytes.fill(0);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return at;
  }
}
