/**
 * One member's upload on its way in: bytes go to a file as they arrive, so that a death in mid-upload leaves no trace in the
 * sum and memory does not grow with the cohort.
 */
import { type FileHandle, open, rm } from 'node:fs/promises';
import { addPackedWords, type CryptoBackend, type HashStream, packedLength } from '@tributary/crypto';
import { CHUNK_WORDS, unusedBitsAreZero } from '@tributary/protocol';
import { RuntimeError } from '@tributary/runtime';

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

export class UploadSpool {
  readonly #path: string;
  readonly #shape: VectorShape;
  readonly #hash: HashStream;
  #file: FileHandle | undefined;
  #length = 0;
  #sequence = 0;
  #lastByte = 0;
  #over = false;
  #tail: Promise<void> = Promise.resolve();

  constructor(crypto: CryptoBackend, path: string, shape: VectorShape) {
    this.#path = path;
    this.#shape = shape;
    this.#hash = crypto.sha256Stream();
  }

  /**
   * Takes the next chunk. Every chunk but the last holds `CHUNK_WORDS` words, so an upload has a bounded number of them.
   * @returns why the chunk ends the upload; undefined where it was taken, or where the upload is over
   */
  async write(sequence: number, bytes: Uint8Array): Promise<string | undefined> {
    return await this.#inTurn(async () => {
      if (this.#over) return undefined;
      const words = Math.min(CHUNK_WORDS, this.#shape.dimension - this.#sequence * CHUNK_WORDS);
      const due = words > 0 ? packedLength(words, this.#shape.bits) : 0;
      if (sequence !== this.#sequence || bytes.length !== due) {
        this.#over = true;
        return due === 0
          ? `chunk ${sequence} is behind the end of the upload`
          : `chunk ${sequence} of ${bytes.length} bytes came where chunk ${this.#sequence} of ${due} was due`;
      }
      this.#file ??= await open(this.#path, 'w+', 0o600);
      await this.#file.write(bytes, 0, bytes.length, this.#length);
      this.#hash.update(bytes);
      this.#length += bytes.length;
      this.#sequence += 1;
      this.#lastByte = bytes.at(-1) ?? 0;
      return undefined;
    });
  }

  /** What was received. The spool takes no more bytes. */
  async finish(): Promise<SpooledUpload> {
    return await this.#inTurn(async () => {
      if (this.#over) return NOTHING;
      this.#over = true;
      const whole = this.#length === packedLength(this.#shape.dimension, this.#shape.bits);
      const fault =
        whole && !unusedBitsAreZero(this.#shape, this.#lastByte)
          ? 'bits behind the last word are not zero'
          : undefined;
      return { length: this.#length, digest: this.#hash.digest(), fault };
    });
  }

  /**
   * Adds the packed words to `into`, chunk by chunk, giving way to other work in between.
   * @throws RuntimeError RUN_FAILED where the file does not hold the upload that was finished
   */
  async addTo(into: Int32Array): Promise<void> {
    const { bits } = this.#shape;
    const chunkBytes = packedLength(CHUNK_WORDS, bits);
    const buffer = new Uint8Array(Math.min(chunkBytes, this.#length));
    for (let offset = 0, atWord = 0; offset < this.#length; offset += chunkBytes, atWord += CHUNK_WORDS) {
      const chunk = buffer.subarray(0, Math.min(chunkBytes, this.#length - offset));
      const read = await this.#file?.read(chunk, 0, chunk.length, offset);
      if (read?.bytesRead !== chunk.length || !addPackedWords(chunk, bits, into, atWord)) {
        throw new RuntimeError(
          'RUN_FAILED',
          `spool ${this.#path} does not hold the ${this.#length} bytes that were received`,
          "nothing else may write to 'output'",
        );
      }
    }
  }

  /** Removes the file; the upload is over. */
  async discard(): Promise<void> {
    await this.#inTurn(async () => {
      this.#over = true;
      const file = this.#file;
      this.#file = undefined;
      if (file === undefined) return;
      await file.close();
      await rm(this.#path, { force: true });
    });
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
