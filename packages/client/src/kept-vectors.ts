/**
 * The vectors that a member keeps across restarts: its own masked upload while its round is open, because a second masking of the same
 * round would tell two vectors apart; and the sums it has taken, because what it expects next follows from them.
 */
import { type CryptoBackend, equalBytes, packedLength, toHex, unpackWords } from '@tributary/crypto';
import { CHUNK_WORDS, type RoundResult } from '@tributary/protocol';
import { type BlobStore, type BlobWriter, RuntimeError } from '@tributary/runtime';

const UPLOAD = 'upload-';
const SUM = 'sum-';

export class KeptVectors {
  readonly #crypto: CryptoBackend;
  readonly #blobs: BlobStore;

  constructor(crypto: CryptoBackend, blobs: BlobStore) {
    this.#crypto = crypto;
    this.#blobs = blobs;
  }

  /**
   * Removes what a crash has left: uploads of closed rounds, sums that were not taken.
   * @param roundContext of the open round
   */
  async clear(roundContext: Uint8Array | undefined, sums: number): Promise<void> {
    const known = new Set(Array.from({ length: sums }, (_, i) => sumName(i + 1)));
    if (roundContext !== undefined) known.add(uploadName(roundContext));
    for (const name of await this.#blobs.list()) if (!known.has(name)) await this.#blobs.delete(name);
  }

  /** Begins the upload of a round; it is kept once its writer has committed. */
  async beginUpload(roundContext: Uint8Array): Promise<BlobWriter> {
    return await this.#blobs.create(uploadName(roundContext));
  }

  /** The upload of a round as it was sent, chunk by chunk; undefined where it was never complete. */
  async upload(roundContext: Uint8Array, bits: number): Promise<AsyncIterable<Uint8Array> | undefined> {
    const name = uploadName(roundContext);
    const names = await this.#blobs.list();
    return names.includes(name) ? this.#blobs.chunks(name, packedLength(CHUNK_WORDS, bits)) : undefined;
  }

  async discardUpload(roundContext: Uint8Array): Promise<void> {
    await this.#blobs.delete(uploadName(roundContext));
  }

  async keepSum(round: number, packed: Uint8Array): Promise<void> {
    await this.#blobs.put(sumName(round), packed);
  }

  async discardSum(round: number): Promise<void> {
    await this.#blobs.delete(sumName(round));
  }

  /** The words of a sum that was taken, each the low bits of its value. @throws RuntimeError BAD_FILE */
  async sum(
    { round, digest }: RoundResult,
    shape: { readonly dimension: number; readonly bits: number },
  ): Promise<Int32Array> {
    const packed = await this.#blobs.get(sumName(round));
    const words = new Int32Array(shape.dimension);
    if (
      packed === undefined ||
      !equalBytes(this.#crypto.sha256(packed), digest) ||
      !unpackWords(packed, shape.bits, words)
    ) {
      throw new RuntimeError(
        'BAD_FILE',
        `the state of this client does not hold the sum of round ${round} any more`,
        "look for a failing disk; this client cannot go on in this run, name another 'state' for the next",
      );
    }
    return words;
  }
}

function uploadName(roundContext: Uint8Array): string {
  return UPLOAD + toHex(roundContext);
}

function sumName(round: number): string {
  return SUM + String(round).padStart(5, '0');
}
