/**
 * The summation check: whether a sum is that of the uploads, in O(d), from one number that each survivor signed. Uploads are fixed by
 * their signed digests, the integer sum S of the masked uploads by its own; both make the challenge r, and sum over u of <r, y_u> =
 * <r, S> over a field of 2^61 - 1 elements. A false S passes with probability 2^-61 a try.
 *
 * The challenge must cover the digest of S: whoever may choose S with r known finds a small vector that is orthogonal to r, and adds it.
 *
 * @source Freivalds 1977 (checking a linear relation with a random vector), made non-interactive by hashing (Fiat and Shamir 1986)
 */
import { type CryptoBackend, packedLength, unpackWords } from '@tributary/crypto';
import { CHUNK_WORDS } from '../messages/round.ts';
import { DOMAIN } from '../version.ts';
import { CanonicalWriter } from '../wire/canonical.ts';
import { InnerProduct } from './inner-product.ts';

/**
 * The key of r, 32 bytes.
 * @param survivorsDigest of the round's survivor set: it covers round context, members and upload digests
 * @param maskedSumDigest SHA-256 of `encodeIntegerSum`
 */
export function summationChallenge(
  crypto: CryptoBackend,
  survivorsDigest: Uint8Array,
  maskedSumDigest: Uint8Array,
): Uint8Array {
  const writer = new CanonicalWriter().text(`${DOMAIN}/summation-challenge`);
  return crypto.sha256(writer.bytes(survivorsDigest).bytes(maskedSumDigest).finish());
}

/** <r, y> of an upload that arrives in pieces, in order; each but the last is a packing of `CHUNK_WORDS` words. */
export class UploadProduct {
  readonly #product: InnerProduct;
  readonly #bits: number;
  readonly #words: Int32Array;
  #left: number;
  #fits = true;

  constructor(
    crypto: CryptoBackend,
    challenge: Uint8Array,
    { dimension, bits }: { readonly dimension: number; readonly bits: number },
  ) {
    this.#product = new InnerProduct(crypto, challenge);
    this.#bits = bits;
    this.#words = new Int32Array(Math.min(CHUNK_WORDS, dimension));
    this.#left = dimension;
  }

  /** @throws CryptoError OUT_OF_RANGE (bits) */
  add(packed: Uint8Array): void {
    const piece = this.#words.subarray(0, Math.min(CHUNK_WORDS, this.#left));
    this.#fits &&= piece.length > 0 && unpackWords(packed, this.#bits, piece);
    if (!this.#fits) return;
    this.#product.addWords(piece);
    this.#left -= piece.length;
  }

  /** In [0, p); undefined where the pieces were no packing of `dimension` words. */
  value(): bigint | undefined {
    return this.#fits && this.#left === 0 ? this.#product.value() : undefined;
  }
}

/**
 * <r, y> for a masked upload, in [0, p): what a survivor signs, and what anyone with the upload computes.
 * @param packed a whole packed vector
 * @returns undefined where it is no packing of `dimension` words
 * @throws CryptoError OUT_OF_RANGE (bits)
 */
export function uploadProduct(
  crypto: CryptoBackend,
  challenge: Uint8Array,
  packed: Uint8Array,
  { dimension, bits }: { readonly dimension: number; readonly bits: number },
): bigint | undefined {
  if (packed.length !== packedLength(dimension, bits)) return undefined;
  const product = new UploadProduct(crypto, challenge, { dimension, bits });
  const pieceBytes = packedLength(CHUNK_WORDS, bits);
  for (let at = 0; at < packed.length; at += pieceBytes) product.add(packed.subarray(at, at + pieceBytes));
  return product.value();
}

/** <r, S>, in [0, p). @param sum integers in [0, 2^53) */
export function sumProduct(crypto: CryptoBackend, challenge: Uint8Array, sum: Float64Array): bigint {
  const product = new InnerProduct(crypto, challenge);
  product.addIntegers(sum);
  return product.value();
}
