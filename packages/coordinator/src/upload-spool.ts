/**
 * One member's upload on its way in: bytes go to a blob as they arrive, so that a death in mid-upload leaves no trace in the
 * sum and memory does not grow with the cohort. A whole upload stays until its round closes: from it a restart adds up anew.
 */
import {
  addPackedWords,
  type CryptoBackend,
  equalBytes,
  type HashStream,
  packedLength,
  toHex,
} from '@tributary/crypto';
import { CHUNK_WORDS, unusedBitsAreZero } from '@tributary/protocol';
import { type BlobStore, type BlobWriter, RuntimeError, type VectorWork } from '@tributary/runtime';

/** Shape of the vectors of a round. */
export interface VectorShape {
  /** Words. */
  readonly dimension: number;
  /** Bits of a packed word, 13..32. */
  readonly bits: number;
}

/** What became of an upload; `fault` where it is whole and yet no packed vector. */
export interface SpooledUpload {
  readonly length: number;
  readonly digest: Uint8Array;
  readonly fault: string | undefined;
}

const NOTHING: SpooledUpload = { length: 0, digest: new Uint8Array(32), fault: undefined };

/** Blob with a member's upload of the round with this context. */
export function uploadName(roundContext: Uint8Array, member: number): string {
  return `upload-${toHex(roundContext)}-${member}`;
}

export class UploadSpool {
  readonly #crypto: CryptoBackend;
  readonly #blobs: BlobStore;
  readonly #name: string;
  readonly #shape: VectorShape;
  #hash: HashStream;
  #blob: BlobWriter | undefined;
  #length = 0;
  #sequence = 0;
  #lastByte = 0;
  #over = false;
  /** Of the whole upload, once its blob is durable. */
  #stored: Uint8Array | undefined;
  #tail: Promise<void> = Promise.resolve();

  constructor(crypto: CryptoBackend, blobs: BlobStore, name: string, shape: VectorShape) {
    this.#crypto = crypto;
    this.#blobs = blobs;
    this.#name = name;
    this.#shape = shape;
    this.#hash = crypto.sha256Stream();
  }

  /**
   * Takes the next chunk; chunk 0 begins anew, for a member that comes back. Every chunk but the last holds `CHUNK_WORDS`
   * words, so an upload has a bounded number of them.
   * @returns why the chunk ends the upload; undefined where it was taken, or where the upload is over
   * @throws RuntimeError RUN_FAILED
   */
  async write(sequence: number, bytes: Uint8Array): Promise<string | undefined> {
    return await this.#inTurn(async () => {
      if (this.#over) return undefined;
      if (sequence === 0) await this.#begin();
      const words = Math.min(CHUNK_WORDS, this.#shape.dimension - this.#sequence * CHUNK_WORDS);
      const due = words > 0 ? packedLength(words, this.#shape.bits) : 0;
      if (sequence !== this.#sequence || bytes.length !== due) {
        this.#over = true;
        return due === 0
          ? `chunk ${sequence} is behind the end of the upload`
          : `chunk ${sequence} of ${bytes.length} bytes came where chunk ${this.#sequence} of ${due} was due`;
      }
      await this.#blob?.append(bytes);
      this.#hash.update(bytes);
      this.#length += bytes.length;
      this.#sequence += 1;
      this.#lastByte = bytes.at(-1) ?? 0;
      return undefined;
    });
  }

  /**
   * What was received. The spool takes no more bytes; where they are what the member signed they are durable from now on.
   * @param signed digest of the upload
   * @throws RuntimeError RUN_FAILED
   */
  async finish(signed: Uint8Array): Promise<SpooledUpload> {
    return await this.#inTurn(async () => {
      if (this.#over) return NOTHING;
      this.#over = true;
      const whole = this.#length === packedLength(this.#shape.dimension, this.#shape.bits);
      const fault =
        whole && !unusedBitsAreZero(this.#shape, this.#lastByte)
          ? 'bits behind the last word are not zero'
          : undefined;
      const digest = this.#hash.digest();
      if (whole && fault === undefined && equalBytes(digest, signed)) {
        await this.#blob?.commit();
        this.#stored = digest;
      }
      return { length: this.#length, digest, fault };
    });
  }

  /** The upload was finished before a restart: its blob is there. */
  finished(digest: Uint8Array): void {
    this.#over = true;
    this.#stored = digest;
  }

  /**
   * Adds the packed words to `into` mod 2^32, off the event loop where they are many.
   * @param into `sharedWords`
   * @throws RuntimeError RUN_FAILED where the blob does not hold the upload that was finished
   */
  async addTo(into: Int32Array, work: VectorWork): Promise<void> {
    const digest = this.#stored;
    const path = work.addsFiles(into.length) ? this.#blobs.fileOf(this.#name) : undefined;
    const added =
      digest !== undefined &&
      (path === undefined
        ? await this.#addChunks(into, digest)
        : await work.addFile({ path, bits: this.#shape.bits, into, digest }));
    if (added) return;
    throw new RuntimeError(
      'RUN_FAILED',
      `blob ${this.#name} does not hold the upload that was received`,
      "nothing else may write to 'output'",
    );
  }

  /** The finished upload, in chunks of `CHUNK_WORDS` words. @throws RuntimeError RUN_FAILED */
  chunks(): AsyncIterable<Uint8Array> {
    return this.#blobs.chunks(this.#name, packedLength(CHUNK_WORDS, this.#shape.bits));
  }

  /** Chunk by chunk, giving way to other work in between. */
  async #addChunks(into: Int32Array, digest: Uint8Array): Promise<boolean> {
    const { bits } = this.#shape;
    const hash = this.#crypto.sha256Stream();
    let atWord = 0;
    let fits = true;
    for await (const chunk of this.chunks()) {
      hash.update(chunk);
      fits &&= atWord < into.length && addPackedWords(chunk, bits, into, atWord);
      atWord += CHUNK_WORDS;
    }
    return fits && equalBytes(hash.digest(), digest);
  }

  /** The process stops: an upload that is not whole is given up, a whole one stays. */
  async suspend(): Promise<void> {
    await this.#inTurn(async () => {
      this.#over = true;
      await this.#blob?.abort();
    });
  }

  /** Removes what was received; the upload is over. */
  async discard(): Promise<void> {
    await this.#inTurn(async () => {
      this.#over = true;
      await this.#blob?.abort();
      if (this.#stored !== undefined) await this.#blobs.delete(this.#name);
      this.#stored = undefined;
    });
  }

  async #begin(): Promise<void> {
    await this.#blob?.abort();
    this.#blob = await this.#blobs.create(this.#name);
    this.#hash = this.#crypto.sha256Stream();
    this.#length = 0;
    this.#sequence = 0;
  }

  /** One operation at a time: a spool may be given up while a chunk is still being written. */
  async #inTurn<T>(operation: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(operation);
    this.#tail = result.then(
      () => {},
      () => {},
    );
    return await result;
  }
}
