/**
 * A member's secrets of one batch as bytes. Integers are u32, little-endian; `bytes` is a length and as many bytes, a list is a count and
 * as many items.
 *
 *     magic "TRBS", version u8, batch context (32 bytes),
 *     sealing secret: bytes, round secrets: list of bytes, self seeds: list of bytes, held shares: list of (dealer, bytes),
 *     dealt shares: list of (holder, bytes), draw nonce: bytes,
 *     crc32c of all before
 */
import { equalBytes } from '@tributary/crypto';
import type { BatchSecrets } from '@tributary/protocol';
import { crc32c } from './crc32c.ts';

const MAGIC = Uint8Array.of(0x54, 0x52, 0x42, 0x53);
const VERSION = 2;
const FIXED_BYTES = MAGIC.length + 1 + 32;
const CHECKSUM_BYTES = 4;

/** Every array that holds a secret. */
export function arraysOf(secrets: BatchSecrets): Uint8Array[] {
  const { sealingSecret, roundSecrets, selfSeeds, held, dealt, drawNonce } = secrets;
  return [sealingSecret, ...roundSecrets, ...selfSeeds, ...held.values(), ...dealt.values(), drawNonce];
}

/** The caller wipes what it gets. */
export function encodeBatchSecrets(batchContext: Uint8Array, secrets: BatchSecrets): Uint8Array {
  const { sealingSecret, roundSecrets, selfSeeds, held, dealt, drawNonce } = secrets;
  const arrays = arraysOf(secrets);
  const content = arrays.reduce((sum, array) => sum + 4 + array.length, 0);
  // Four counts, and a member for each of the held and the dealt.
  const members = held.size + dealt.size;
  const encoded = new Uint8Array(FIXED_BYTES + content + 16 + 4 * members + CHECKSUM_BYTES);
  const view = new DataView(encoded.buffer);
  let at = 0;
  const raw = (bytes: Uint8Array): void => {
    encoded.set(bytes, at);
    at += bytes.length;
  };
  const integer = (value: number): void => {
    view.setUint32(at, value, true);
    at += 4;
  };
  const bytes = (array: Uint8Array): void => {
    integer(array.length);
    raw(array);
  };
  raw(MAGIC);
  raw(Uint8Array.of(VERSION));
  raw(batchContext);
  bytes(sealingSecret);
  for (const list of [roundSecrets, selfSeeds]) {
    integer(list.length);
    list.forEach(bytes);
  }
  for (const byMember of [held, dealt]) {
    integer(byMember.size);
    for (const [member, shares] of byMember) {
      integer(member);
      bytes(shares);
    }
  }
  bytes(drawNonce);
  integer(crc32c(encoded.subarray(0, at)));
  return encoded;
}

/** Secrets, in arrays of their own, or what is wrong with the bytes: never any of them. */
export type DecodedBatchSecrets =
  | { readonly ok: true; readonly secrets: BatchSecrets }
  | { readonly ok: false; readonly fault: string };

export function decodeBatchSecrets(batchContext: Uint8Array, encoded: Uint8Array): DecodedBatchSecrets {
  const end = encoded.length - CHECKSUM_BYTES;
  const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  if (end < FIXED_BYTES) return fault(`has ${encoded.length} bytes only`);
  if (MAGIC.some((byte, i) => encoded[i] !== byte)) return fault('holds no secrets of a batch');
  if (view.getUint32(end, true) !== crc32c(encoded.subarray(0, end))) return fault('has a wrong checksum');
  const version = encoded[MAGIC.length];
  if (version !== VERSION) return fault(`has version ${version}, not ${VERSION}`);
  if (!equalBytes(encoded.subarray(FIXED_BYTES - 32, FIXED_BYTES), batchContext)) {
    return fault('belongs to another batch');
  }
  try {
    return { ok: true, secrets: readSecrets(new Reader(encoded.subarray(0, end), FIXED_BYTES)) };
  } catch (error) {
    if (error instanceof Malformed) return fault('is malformed');
    throw error;
  }
}

function fault(text: string): DecodedBatchSecrets {
  return { ok: false, fault: text };
}

function readSecrets(reader: Reader): BatchSecrets {
  const sealingSecret = reader.bytes();
  const roundSecrets = reader.list(() => reader.bytes());
  const selfSeeds = reader.list(() => reader.bytes());
  const byMember = (): Map<number, Uint8Array> =>
    new Map(reader.list(() => [reader.integer(), reader.bytes()] as const));
  const held = byMember();
  const dealt = byMember();
  const drawNonce = reader.bytes();
  reader.finish();
  return { sealingSecret, roundSecrets, selfSeeds, held, dealt, drawNonce };
}

class Malformed extends Error {}

class Reader {
  readonly #source: Uint8Array;
  #at: number;

  constructor(source: Uint8Array, at: number) {
    this.#source = source;
    this.#at = at;
  }

  integer(): number {
    const four = this.#take(4);
    return new DataView(four.buffer, four.byteOffset).getUint32(0, true);
  }

  /** A copy, so that the source can be wiped. */
  bytes(): Uint8Array {
    return this.#take(this.integer()).slice();
  }

  list<T>(item: () => T): T[] {
    const items: T[] = [];
    for (let left = this.integer(); left > 0; left--) items.push(item());
    return items;
  }

  finish(): void {
    if (this.#at !== this.#source.length) throw new Malformed();
  }

  #take(length: number): Uint8Array {
    const start = this.#at;
    if (start + length > this.#source.length) throw new Malformed();
    this.#at += length;
    return this.#source.subarray(start, this.#at);
  }
}
