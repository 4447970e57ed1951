/** The vectors of one round: uploads on their way in, and the words that they are added to and that are opened at last. */
import { setImmediate as breathe } from 'node:timers/promises';
import { type CryptoBackend, liftWords, packWords, wipe } from '@tributary/crypto';
import {
  CHUNK_WORDS,
  packedLengthOf,
  planUnmask,
  type RoundInProgress,
  type UnmaskRequestForKernel,
  unmaskWords,
} from '@tributary/protocol';
import { RuntimeError } from '@tributary/runtime';
import { spoolPath } from './output-directory.ts';
import { UploadSpool } from './upload-spool.ts';

/** An opened vector. */
export interface OpenedVector {
  /** Signed coordinates in units of the encoding. */
  readonly sum: Int32Array;
  /** The same, packed at the ring's width. */
  readonly packed: Uint8Array;
  /** SHA-256 of `packed`. */
  readonly digest: Uint8Array;
}

export type Unmasked =
  | { readonly ok: true; readonly digest: Uint8Array }
  | { readonly ok: false; readonly badDealers: readonly number[] };

export class Accumulator {
  readonly round: RoundInProgress;
  readonly #crypto: CryptoBackend;
  readonly #words: Int32Array;
  readonly #spools: ReadonlyMap<number, UploadSpool>;
  #opened: OpenedVector | undefined;

  /** @param directory for the spools, one file per participant */
  constructor(crypto: CryptoBackend, round: RoundInProgress, directory: string) {
    const { terms, participants } = round;
    this.round = round;
    this.#crypto = crypto;
    this.#words = new Int32Array(terms.dimension);
    this.#spools = new Map(
      participants.map((id) => {
        const path = spoolPath(directory, { ...terms, member: id });
        return [id, new UploadSpool(crypto, path, terms)] as const;
      }),
    );
  }

  /** Where the upload of a participant goes. */
  spool(member: number): UploadSpool | undefined {
    return this.#spools.get(member);
  }

  /** Adds a finished upload and removes its spool. */
  async add(member: number): Promise<void> {
    const spool = this.#spools.get(member);
    if (spool === undefined) {
      throw new RuntimeError('RUN_FAILED', `there is no upload of member ${member} to add`);
    }
    await spool.addTo(this.#words);
    await spool.discard();
  }

  /** Takes the masks off, chunk by chunk; between chunks other messages are served. */
  async unmask(request: UnmaskRequestForKernel): Promise<Unmasked> {
    const crypto = this.#crypto;
    const words = this.#words;
    const plan = planUnmask(crypto, request);
    if (!plan.ok) return plan;
    try {
      for (let first = 0; first < words.length; first += CHUNK_WORDS) {
        unmaskWords(crypto, plan.masks, words.subarray(first, first + CHUNK_WORDS), first);
        await breathe();
      }
    } finally {
      wipe(...plan.masks.map(({ key }) => key));
    }
    const { terms } = this.round;
    const packed = new Uint8Array(packedLengthOf(terms));
    liftWords(words, terms.bits);
    packWords(words, terms.bits, packed);
    this.#opened = { sum: words, packed, digest: crypto.sha256(packed) };
    return { ok: true, digest: this.#opened.digest };
  }

  /** What `unmask` opened. */
  get opened(): OpenedVector {
    if (this.#opened === undefined) throw new RuntimeError('RUN_FAILED', 'the sum is not opened');
    return this.#opened;
  }

  /** Removes what is left of uploads. */
  async close(): Promise<void> {
    await Promise.all([...this.#spools.values()].map((spool) => spool.discard()));
  }
}
