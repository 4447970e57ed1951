/** The vectors of one round: uploads on their way in, and the words that they are added to and that are opened at last. */
import { setImmediate as breathe } from 'node:timers/promises';
import { concatBytes, type CryptoBackend, liftWords, packWords } from '@tributary/crypto';
import {
  CHUNK_WORDS,
  decodeFieldElement,
  FIELD_PRIME,
  InnerProduct,
  packedLengthOf,
  planUnmask,
  type RoundInProgress,
  RunningSum,
  type UnmaskRequestForKernel,
  UploadProduct,
} from '@tributary/protocol';
import { type BlobStore, RuntimeError, sharedWords, type VectorWork } from '@tributary/runtime';
import { uploadName, UploadSpool } from './upload-spool.ts';

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
  | { readonly ok: true; readonly opened: OpenedVector }
  | { readonly ok: false; readonly badDealers: readonly number[] };

/** A whole upload and the digest that its member signed. */
export interface FinishedUpload {
  readonly member: number;
  readonly digest: Uint8Array;
}

export class Accumulator {
  readonly round: RoundInProgress;
  readonly #crypto: CryptoBackend;
  readonly #work: VectorWork;
  /** Of the added uploads, as integers. */
  readonly #masked: RunningSum;
  readonly #spools: ReadonlyMap<number, UploadSpool>;
  #opened: OpenedVector | undefined;

  /** @param blobs for the uploads, one of each participant */
  constructor(crypto: CryptoBackend, round: RoundInProgress, blobs: BlobStore, work: VectorWork) {
    const { terms, participants, context } = round;
    this.round = round;
    this.#crypto = crypto;
    this.#work = work;
    this.#masked = new RunningSum(sharedWords(terms.dimension), terms.bits);
    this.#spools = new Map(
      participants.map((id) => [id, new UploadSpool(crypto, blobs, uploadName(context, id), terms)] as const),
    );
  }

  /**
   * After a restart: the uploads that were whole before it are there, and those of `members` are in the sum.
   * @throws RuntimeError RUN_FAILED
   */
  async restore(uploads: Iterable<FinishedUpload>, members: readonly number[]): Promise<void> {
    for (const { member, digest } of uploads) this.#spools.get(member)?.finished(digest);
    for (const member of members) await this.add(member);
  }

  /** Where the upload of a participant goes. */
  spool(member: number): UploadSpool | undefined {
    return this.#spools.get(member);
  }

  /** Adds a finished upload. Its spool stays until the round closes. @throws RuntimeError RUN_FAILED */
  async add(member: number): Promise<void> {
    const spool = this.#spools.get(member);
    if (spool === undefined) {
      throw new RuntimeError('RUN_FAILED', `there is no upload of member ${member} to add`);
    }
    this.#masked.begin();
    await spool.addTo(this.#masked.words, this.#work);
  }

  /** The integer sum of the added uploads, as its digest covers it. */
  maskedSum(): Uint8Array {
    return this.#masked.encode();
  }

  /** Takes the masks off while other messages are served. */
  async unmask(request: UnmaskRequestForKernel): Promise<Unmasked> {
    const crypto = this.#crypto;
    const plan = planUnmask(crypto, request);
    if (!plan.ok) return plan;
    const words = sharedWords(this.#masked.words.length);
    this.#masked.ringWords(words);
    await this.#work.unmask(plan.masks, words);
    const { terms } = this.round;
    const packed = new Uint8Array(packedLengthOf(terms));
    liftWords(words, terms.bits);
    packWords(words, terms.bits, packed);
    this.#opened = { sum: words, packed, digest: crypto.sha256(packed) };
    return { ok: true, opened: this.#opened };
  }

  /**
   * Uploads that an auditor needs: of survivors that signed no inner product, and of those that signed a wrong one.
   * @param products as survivors signed them
   */
  async *unproven(
    survivors: readonly number[],
    products: ReadonlyMap<number, Uint8Array>,
    challenge: Uint8Array,
  ): AsyncGenerator<{ readonly member: number; readonly packed: Uint8Array }, void, void> {
    const signed = new Map(
      survivors.flatMap((member) => {
        const product = decodeFieldElement(products.get(member) ?? new Uint8Array(0));
        return product === undefined ? [] : [[member, product] as const];
      }),
    );
    let total = [...signed.values()].reduce((sum, product) => sum + product, 0n);
    for (const member of survivors.filter((id) => !signed.has(id))) {
      const upload = await this.#upload(member, challenge);
      total += upload.product;
      yield { member, packed: upload.packed };
    }
    if (total % FIELD_PRIME === (await this.#maskedProduct(challenge))) return;
    for (const [member, product] of signed) {
      const upload = await this.#upload(member, challenge);
      if (upload.product !== product) yield { member, packed: upload.packed };
    }
  }

  async #upload(
    member: number,
    challenge: Uint8Array,
  ): Promise<{ readonly packed: Uint8Array; readonly product: bigint }> {
    const spool = this.#spools.get(member);
    const product = new UploadProduct(this.#crypto, challenge, this.round.terms);
    const chunks: Uint8Array[] = [];
    for await (const chunk of spool?.chunks() ?? []) {
      chunks.push(chunk);
      product.add(chunk);
    }
    const value = product.value();
    if (value === undefined) {
      throw new RuntimeError('RUN_FAILED', `the upload of member ${member} is not there any more`);
    }
    return { packed: concatBytes(...chunks), product: value };
  }

  async #maskedProduct(challenge: Uint8Array): Promise<bigint> {
    const product = new InnerProduct(this.#crypto, challenge);
    for (let first = 0; first < this.#masked.words.length; first += CHUNK_WORDS) {
      product.addIntegers(this.#masked.values(first, CHUNK_WORDS));
      await breathe();
    }
    return product.value();
  }

  /** What `unmask` opened. */
  get opened(): OpenedVector {
    if (this.#opened === undefined) throw new RuntimeError('RUN_FAILED', 'the sum is not opened');
    return this.#opened;
  }

  /** The process stops: whole uploads stay. */
  async suspend(): Promise<void> {
    await Promise.all([...this.#spools.values()].map((spool) => spool.suspend()));
  }

  /** Removes what is left of uploads. */
  async close(): Promise<void> {
    await Promise.all([...this.#spools.values()].map((spool) => spool.discard()));
  }
}
