/**
 * Canonical bytes: what is signed and hashed, never what msgpack happens to write. Every value is written under a fixed shape: integers as
 * 8 bytes big-endian, bytes and text with a 4-byte length, lists with a 4-byte count. With the shape known, no two values
 * share bytes.
 */
import { concatBytes, utf8 } from '@tributary/crypto';
import { ProtocolError } from '../errors.ts';

export class CanonicalWriter {
  readonly #parts: Uint8Array[] = [];

  integer(value: number): this {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new ProtocolError(
        'INVARIANT',
        `canonical bytes hold integers of 0..2^53-1, not ${String(value)}`,
      );
    }
    const bytes = new Uint8Array(8);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, Math.floor(value / 2 ** 32));
    view.setUint32(4, value % 2 ** 32);
    this.#parts.push(bytes);
    return this;
  }

  count(value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, value);
    this.#parts.push(bytes);
    return this;
  }

  bytes(value: Uint8Array): this {
    this.count(value.length);
    this.#parts.push(value);
    return this;
  }

  text(value: string): this {
    return this.bytes(utf8(value));
  }

  finish(): Uint8Array {
    return concatBytes(...this.#parts);
  }
}
