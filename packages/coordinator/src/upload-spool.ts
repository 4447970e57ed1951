/**
 * One member's upload on its way in: bytes go to a file as they arrive, so that a death in mid-upload leaves no trace in the
 * sum and memory does not grow with the cohort.
 */
import { type FileHandle, open, rm } from 'node:fs/promises';
import { addPackedWords, type CryptoBackend, type HashStream } from '@tributary/crypto';
import { CHUNK_WORDS } from '@tributary/protocol';

export class UploadSpool {
  readonly #path: string;
  readonly #limit: number;
  readonly #hash: HashStream;
  #file: FileHandle | undefined;
  #length = 0;
  #sequence = 0;
  #over = false;
  #tail: Promise<void> = Promise.resolve();

  /** @param limit bytes of a whole upload: one more ends it */
  constructor(crypto: CryptoBackend, path: string, limit: number) {
    this.#path = path;
    this.#limit = limit;
    this.#hash = crypto.sha256Stream();
  }

  /** @returns why the chunk ends the upload, or undefined where it was taken or the upload is over */
  async write(sequence: number, bytes: Uint8Array): Promise<string | undefined> {
    return await this.#inTurn(async () => {
      if (this.#over) return undefined;
      if (sequence !== this.#sequence) return `chunk ${sequence} came where ${this.#sequence} was due`;
      if (this.#length + bytes.length > this.#limit)
        return `upload is longer than the ${this.#limit} bytes due`;
      this.#file ??= await open(this.#path, 'w+', 0o600);
      await this.#file.write(bytes, 0, bytes.length, this.#length);
      this.#hash.update(bytes);
      this.#length += bytes.length;
      this.#sequence += 1;
      return undefined;
    });
  }

  /** Length and SHA-256 of all that was received. The spool takes no more bytes. */
  async finish(): Promise<{ readonly length: number; readonly digest: Uint8Array }> {
    return await this.#inTurn(async () => {
      if (this.#over) return { length: 0, digest: new Uint8Array(32) };
      this.#over = true;
      return { length: this.#length, digest: this.#hash.digest() };
    });
  }

  /** Adds the packed words to `into`, chunk by chunk, giving way to other work in between. */
  async addTo(into: Int32Array, bits: number): Promise<void> {
    if (this.#file === undefined) return;
    const chunkBytes = (CHUNK_WORDS * bits) / 8;
    const buffer = new Uint8Array(Math.min(chunkBytes, this.#length));
    for (let offset = 0, atWord = 0; offset < this.#length; offset += chunkBytes, atWord += CHUNK_WORDS) {
      const size = Math.min(chunkBytes, this.#length - offset);
      const { bytesRead } = await this.#file.read(buffer, 0, size, offset);
      if (bytesRead !== size || !addPackedWords(buffer.subarray(0, size), bits, into, atWord)) {
        throw new Error(`spool ${this.#path} does not hold the ${this.#length} bytes that were verified`);
      }
    }
  }

  async discard(): Promise<void> {
    await this.#inTurn(async () => {
      this.#over = true;
      await this.#file?.close();
      this.#file = undefined;
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
