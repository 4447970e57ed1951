/**
 * Canonical bytes: what is signed and hashed, never what msgpack happens to write. Every value is written
 * under a fixed shape: integers as 8 bytes big-endian, bytes and text with a 4-byte length, lists with a
 * 4-byte count. With the shape known, no two values share bytes.
 */
import { utf8 } from '@tributary/crypto';
import { ProtocolError } from '../errors.ts';

export class CanonicalWriter {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

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
    return this.#push(bytes);
  }

  /** Length of what follows: items of a list, bytes of a value. */
  count(value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, value);
    return this.#push(bytes);
  }

  bytes(value: Uint8Array): this {
    return this.count(value.length).#push(value);
  }

  text(value: string): this {
    return this.bytes(utf8(value));
  }

  /** All that was written, in memory of its own. */
  finish(): Uint8Array {
    // Part by part: a list from a peer has more parts than a call may have arguments.
    const whole = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  #push(part: Uint8Array): this {
    this.#parts.push(part);
    this.#length += part.length;
    return this;
  }
}
