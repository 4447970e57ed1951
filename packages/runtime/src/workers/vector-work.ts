/**
 * Work on vectors: masking an upload, adding uploads, taking masks off a sum. What is large goes to worker threads, so that the event
 * loop goes on serving; what is small is done here in less time than a thread needs to start. Both ways give the same bytes.
 */
import { availableParallelism } from 'node:os';
import { setImmediate as breathe } from 'node:timers/promises';
import type { TransferListItem } from 'node:worker_threads';
import { type CryptoBackend, wipe } from '@tributary/crypto';
import { nodeBackend } from '@tributary/crypto/node';
import { applyMasks, CHUNK_WORDS, type Mask, maskChunks, packedLengthOf } from '@tributary/protocol';
import { canSpawn, spawnWorker } from './spawn-worker.ts';
import {
  type AddJob,
  type MaskJob,
  PIECE_WORDS,
  type SharedMasks,
  shareMasks,
  type UnmaskJob,
  type VectorJob,
} from './vector-jobs.ts';
import { WorkerPool } from './worker-pool.ts';

/** More threads than this wait for memory rather than for a core. */
const MAX_THREADS = 4;

/**
 * Words times masks from which threads are used: 35 ms of masking. To start a thread takes 100 to 200 ms of CPU time once, to hand it
 * a piece less than 0.1 ms; below, the work is done here in turns of a few milliseconds.
 */
const LARGE_MASKING = 2 ** 24;

/** Words of an upload from which a thread adds it: a few milliseconds of reading, hashing and adding. */
const LARGE_UPLOAD = 2 ** 16;

/** Words times masks that may hold up the event loop at a time: 2 to 5 ms. */
const MASKING_PER_TURN = 2 ** 20;
const MASKS_PER_TURN = 64;

/** Words that threads can share, all zero. */
export function sharedWords(length: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4 * length));
}

export interface VectorWorkOptions {
  /** By default as many as there are cores, at most 4; 0 for none. */
  readonly threads?: number;
  /** Words times masks from which threads are used. */
  readonly largeMasking?: number;
  /** Words from which threads add an upload. */
  readonly largeUpload?: number;
}

export class VectorWork {
  readonly #crypto: CryptoBackend = nodeBackend;
  readonly #pool: Pool | undefined;
  readonly #largeMasking: number;
  readonly #largeUpload: number;

  constructor(options: VectorWorkOptions = {}) {
    const { threads = Math.min(availableParallelism(), MAX_THREADS) } = options;
    this.#largeMasking = options.largeMasking ?? LARGE_MASKING;
    this.#largeUpload = options.largeUpload ?? LARGE_UPLOAD;
    const name = 'vector-worker';
    if (threads > 0 && canSpawn(name)) {
      this.#pool = new WorkerPool({ size: threads, spawn: () => spawnWorker(name) });
    }
  }

  /**
   * The masked upload in chunks of `CHUNK_WORDS` words, as `maskChunks` gives them. Mask keys are wiped at the end, also where the
   * upload is given up, and so is `input` as far as it was taken.
   * @throws RuntimeError RUN_FAILED
   */
  async *mask(
    masks: readonly Mask[],
    input: Int32Array,
    bits: number,
  ): AsyncGenerator<Uint8Array, void, void> {
    const pool = this.#pool;
    if (pool === undefined || input.length * masks.length < this.#largeMasking) {
      yield* maskChunks(this.#crypto, masks, input, bits);
      return;
    }
    const chunkBytes = packedLengthOf({ dimension: CHUNK_WORDS, bits });
    const pieceWords = this.#pieceWords(input.length);
    const jobs = new JobsUnderMasks(pool, masks);
    let next = 0;
    const begin = (): void => {
      if (next >= input.length) return;
      const words = input.slice(next, next + pieceWords);
      input.fill(0, next, next + pieceWords);
      jobs.begin({ kind: 'mask', words, firstWord: next, bits }, [words.buffer as TransferListItem]);
      next += pieceWords;
    };
    try {
      // One more than there are threads, so that none waits while a piece is on its way to the peer.
      for (let i = 0; i <= pool.size; i++) begin();
      for (;;) {
        const piece = await jobs.oldest();
        if (!(piece instanceof Uint8Array)) return;
        begin();
        for (let at = 0; at < piece.length; at += chunkBytes) yield piece.subarray(at, at + chunkBytes);
      }
    } finally {
      await jobs.end();
    }
  }

  /**
   * Takes masks off `words`, in place, and wipes their keys. Threads take part where the words are `sharedWords`.
   * @throws RuntimeError RUN_FAILED
   */
  async unmask(masks: readonly Mask[], words: Int32Array): Promise<void> {
    const pool = this.#pool;
    const small = words.length * masks.length < this.#largeMasking;
    if (pool === undefined || small || !(words.buffer instanceof SharedArrayBuffer)) {
      await this.#unmaskHere(masks, words);
      return;
    }
    const pieceWords = this.#pieceWords(words.length);
    const jobs = new JobsUnderMasks(pool, masks);
    try {
      for (let first = 0; first < words.length; first += pieceWords) {
        jobs.begin({ kind: 'unmask', words: words.subarray(first, first + pieceWords), firstWord: first });
      }
      while ((await jobs.oldest()) !== undefined);
    } finally {
      await jobs.end();
    }
  }

  /** Whether `addFile` is the way to add an upload of so many words. */
  addsFiles(words: number): boolean {
    return this.#pool !== undefined && words >= this.#largeUpload;
  }

  /**
   * Adds a file that holds a packed vector to `into`, which are `sharedWords`, mod 2^32.
   * @returns whether the file was the packed vector with this digest; where it was not, `into` is spoilt
   * @throws RuntimeError RUN_FAILED
   */
  async addFile(upload: Omit<AddJob, 'kind'>): Promise<boolean> {
    return (await this.#pool?.run({ kind: 'add', ...upload })) === true;
  }

  /** Ends the threads. Work that is not done is rejected. */
  async close(): Promise<void> {
    await this.#pool?.close();
  }

  /** Even shares for the threads, unless these are larger than a cache. */
  #pieceWords(words: number): number {
    const share = Math.ceil(words / Math.max(1, this.#pool?.size ?? 1) / CHUNK_WORDS) * CHUNK_WORDS;
    return Math.min(PIECE_WORDS, share);
  }

  async #unmaskHere(masks: readonly Mask[], words: Int32Array): Promise<void> {
    const share = MASKING_PER_TURN / Math.min(MASKS_PER_TURN, Math.max(1, masks.length));
    const pieceWords = Math.max(1, Math.floor(share / CHUNK_WORDS)) * CHUNK_WORDS;
    try {
      for (let first = 0; first < words.length; first += pieceWords) {
        const piece = words.subarray(first, first + pieceWords);
        for (let at = 0; at < masks.length; at += MASKS_PER_TURN) {
          applyMasks(this.#crypto, masks.slice(at, at + MASKS_PER_TURN), piece, first);
          await breathe();
        }
      }
    } finally {
      wipe(...masks.map(({ key }) => key));
    }
  }
}

type Pool = WorkerPool<VectorJob, Uint8Array | boolean>;
type UnderMasks = Omit<MaskJob, 'masks'> | Omit<UnmaskJob, 'masks'>;

/** Jobs over one copy of mask keys, which is wiped when the last of them is over. */
class JobsUnderMasks {
  readonly #pool: Pool;
  readonly #masks: SharedMasks;
  readonly #jobs: Promise<Uint8Array | boolean>[] = [];

  constructor(pool: Pool, masks: readonly Mask[]) {
    this.#pool = pool;
    this.#masks = shareMasks(masks);
  }

  begin(job: UnderMasks, transfer: readonly TransferListItem[] = []): void {
    const result = this.#pool.run({ ...job, masks: this.#masks }, transfer);
    // Whoever awaits it hears of a failure; a job behind one that failed is awaited by nobody.
    result.catch(() => {});
    this.#jobs.push(result);
  }

  /** What the oldest job that is not asked for yet gives; undefined where there is none. */
  async oldest(): Promise<Uint8Array | boolean | undefined> {
    return await this.#jobs.shift();
  }

  async end(): Promise<void> {
    await Promise.allSettled(this.#jobs);
    wipe(this.#masks);
  }
}
