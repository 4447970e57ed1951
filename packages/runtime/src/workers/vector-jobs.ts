/** The work on vectors that is done off the event loop, as jobs that any thread can carry out. */
import { closeSync, openSync, readSync } from 'node:fs';
import { addPackedWords, type CryptoBackend, equalBytes, packedLength, packWords } from '@tributary/crypto';
import { applyMasks, CHUNK_WORDS, type Mask } from '@tributary/protocol';
import { storeFailure } from '../stores/store-failure.ts';

/** Masks in memory that threads share, so that there is one copy of their keys to wipe: 32 bytes of key and one of sign each. */
export type SharedMasks = Uint8Array;

const KEY_BYTES = 32;

/** The words of one job: enough to pay for a message and for a cipher per mask, few enough to stay in a core's cache. */
export const PIECE_WORDS: number = 2 * CHUNK_WORDS;

/** Masks and packs a piece of an upload. @returns the packed bytes */
export interface MaskJob {
  readonly kind: 'mask';
  /** Overwritten. */
  readonly words: Int32Array;
  /** Where they stand in the vector, a multiple of 8. */
  readonly firstWord: number;
  readonly bits: number;
  readonly masks: SharedMasks;
}

/** Takes masks off a piece of a sum, in place in shared memory. */
export interface UnmaskJob {
  readonly kind: 'unmask';
  readonly words: Int32Array;
  readonly firstWord: number;
  readonly masks: SharedMasks;
}

/** Adds a file with a packed vector to an integer sum in shared memory. */
export interface AddJob {
  readonly kind: 'add';
  readonly path: string;
  readonly bits: number;
  readonly into: Int32Array;
  /** SHA-256 of the file. */
  readonly digest: Uint8Array;
}

export type VectorJob = MaskJob | UnmaskJob | AddJob;

/** @returns packed bytes where the job masks, and whether a file was the one that was meant where it adds */
export function performVectorJob(crypto: CryptoBackend, job: VectorJob): Uint8Array | boolean {
  switch (job.kind) {
    case 'mask': {
      applyMasks(crypto, masksIn(job.masks), job.words, job.firstWord);
      const packed = new Uint8Array(packedLength(job.words.length, job.bits));
      packWords(job.words, job.bits, packed);
      return packed;
    }
    case 'unmask':
      applyMasks(crypto, masksIn(job.masks), job.words, job.firstWord);
      return true;
    case 'add':
      return addFile(crypto, job);
  }
}

/** The masks, whose own keys are wiped: from now on the shared copy is the only one. */
export function shareMasks(masks: readonly Mask[]): SharedMasks {
  const shared = new Uint8Array(new SharedArrayBuffer(masks.length * (KEY_BYTES + 1)));
  for (const [i, { key, sign }] of masks.entries()) {
    shared.set(key, i * KEY_BYTES);
    shared[masks.length * KEY_BYTES + i] = sign === 1 ? 1 : 0;
    key.fill(0);
  }
  return shared;
}

/** Their keys are views of the shared memory. */
function masksIn(shared: SharedMasks): Mask[] {
  const count = shared.length / (KEY_BYTES + 1);
  return Array.from({ length: count }, (_, i) => ({
    key: shared.subarray(i * KEY_BYTES, (i + 1) * KEY_BYTES),
    sign: shared[count * KEY_BYTES + i] === 1 ? 1 : -1,
  }));
}

function addFile(crypto: CryptoBackend, { path, bits, into, digest }: AddJob): boolean {
  const hash = crypto.sha256Stream();
  const piece = new Uint8Array(packedLength(PIECE_WORDS, bits));
  let fits = true;
  let atWord = 0;
  try {
    const file = openSync(path, 'r');
    try {
      for (;;) {
        const bytes = piece.subarray(0, fill(file, piece));
        if (bytes.length === 0) break;
        hash.update(bytes);
        fits &&= atWord < into.length && addPackedWords(bytes, bits, into, atWord);
        atWord += PIECE_WORDS;
      }
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw storeFailure('read blob', path, error);
  }
  return fits && equalBytes(hash.digest(), digest);
}

/** @returns bytes read, fewer than `into` holds only at the end of the file */
function fill(file: number, into: Uint8Array): number {
  let done = 0;
  while (done < into.length) {
    const read = readSync(file, into, done, into.length - done, null);
    if (read === 0) break;
    done += read;
  }
  return done;
}
