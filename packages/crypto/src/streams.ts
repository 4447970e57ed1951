import type { HashStream, Keystream } from './backend.ts';
import { CryptoError, expectInteger, expectLength } from './crypto-error.ts';

/** Bytes of an AES block. */
export const BLOCK_BYTES = 16;

/** The two calls of a library's incremental hash, made to refuse use after `digest`. */
export function guardHashStream(update: (bytes: Uint8Array) => void, digest: () => Uint8Array): HashStream {
  let spent = false;
  const expectFresh = (): void => {
    if (spent) throw new CryptoError('STREAM_SPENT', 'hash stream: digest() was already called');
  };
  return {
    update(bytes) {
      expectFresh();
      update(bytes);
    },
    digest() {
      expectFresh();
      spent = true;
      return digest();
    },
  };
}

/**
 * A library's keystream, made to refuse use after a call that ended within a block, where libraries differ.
 */
export function guardKeystream(produce: (length: number) => Uint8Array): Keystream {
  let spent = false;
  return {
    next(length) {
      expectInteger('length', length, 0, 0x7fff_ffff);
      if (spent) throw new CryptoError('STREAM_SPENT', 'keystream: the last call ended within a block');
      spent = length % BLOCK_BYTES !== 0;
      return produce(length);
    },
  };
}

/** The 16-byte big-endian counter block with this number (SP 800-38A, B.1). */
export function counterBlock(block: number): Uint8Array {
  expectInteger('firstBlock', block, 0, Number.MAX_SAFE_INTEGER);
  const counter = new Uint8Array(BLOCK_BYTES);
  new DataView(counter.buffer).setBigUint64(8, BigInt(block));
  return counter;
}

/** Adds a number of blocks to a big-endian counter block in place, modulo 2^128. */
export function advanceCounter(counter: Uint8Array, blocks: number): void {
  let carry = blocks;
  for (let i = BLOCK_BYTES - 1; i >= 0 && carry > 0; i -= 1) {
    carry += counter[i] as number;
    counter[i] = carry % 256;
    carry = Math.floor(carry / 256);
  }
}

/** The checks of AES-256-CTR that both backends share. */
export function expectAesCtrArguments(key: Uint8Array, counter: Uint8Array): void {
  expectLength('key', key, 32);
  expectLength('counter', counter, BLOCK_BYTES);
}
