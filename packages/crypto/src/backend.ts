/**
 * The primitives that every other package stands on. A backend is passed as an argument; nothing here draws
 * randomness. Both implementations (noble in `@tributary/crypto`, node:crypto in `@tributary/crypto/node`)
 * pass one known-answer file. Lengths are fixed by the algorithms; a wrong length throws `CryptoError`
 * LENGTH_MISMATCH, because only our own code can cause it. What a peer can cause (a low-order point, a bad
 * signature, a forged box) is a return value. Every returned array is new and plain, in memory of its own.
 */
export interface CryptoBackend {
  readonly name: 'noble' | 'node';

  /** SHA-256 (FIPS 180-4) of the concatenation of `parts`: 32 bytes. */
  sha256(...parts: readonly Uint8Array[]): Uint8Array;

  /** Incremental SHA-256 for vectors that stream. */
  sha256Stream(): HashStream;

  /**
   * HKDF-SHA256 (RFC 5869), extract then expand.
   * @param length output bytes, 1..8160
   * @throws CryptoError OUT_OF_RANGE (length)
   */
  hkdfSha256(inputKey: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Uint8Array;

  /** X25519 public key (RFC 7748) of a 32-byte secret. */
  x25519PublicKey(secret: Uint8Array): Uint8Array;

  /**
   * X25519 with one 32-byte secret and any number of peers, because taking in the secret costs a third of an
   * agreement. The function keeps the secret for as long as it is kept itself.
   */
  x25519(secret: Uint8Array): KeyAgreement;

  /** Ed25519 public key (RFC 8032) of a 32-byte secret seed. */
  ed25519PublicKey(secret: Uint8Array): Uint8Array;

  /** Ed25519 signature, 64 bytes, by a 32-byte secret seed. */
  ed25519Sign(secret: Uint8Array, message: Uint8Array): Uint8Array;

  /**
   * Strict verification: canonical encodings, S below the group order, neither key nor R of small order, and
   * the equation without the cofactor (the exact rule: `strict-points.ts`). Any input a peer can send, of any
   * length, gives true or false, never a throw. Both backends give the same verdict.
   */
  ed25519Verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;

  /**
   * ChaCha20-Poly1305 (RFC 8439): ciphertext followed by the 16-byte tag.
   * @param key 32 bytes
   * @param nonce 12 bytes, never used twice under one key
   */
  seal(key: Uint8Array, nonce: Uint8Array, associatedData: Uint8Array, plaintext: Uint8Array): Uint8Array;

  /**
   * The plaintext, or undefined where the box, of any length, was not sealed under this key, nonce and
   * associated data.
   */
  open(
    key: Uint8Array,
    nonce: Uint8Array,
    associatedData: Uint8Array,
    sealed: Uint8Array,
  ): Uint8Array | undefined;

  /**
   * AES-256-CTR keystream (SP 800-38A section 6.5) from the 16-byte big-endian counter block with number
   * `firstBlock` on. The stream keeps its own copy of the key.
   * @param key 32 bytes, used for one stream only
   * @param firstBlock 0 by default, below 2^53
   * @throws CryptoError OUT_OF_RANGE (firstBlock)
   */
  keystream(key: Uint8Array, firstBlock?: number): Keystream;
}

/** The shared secret, or undefined where it is all zero (RFC 7748 section 6.1: a low-order peer key). */
export type KeyAgreement = (publicKey: Uint8Array) => Uint8Array | undefined;

export interface HashStream {
  /** @throws CryptoError STREAM_SPENT after `digest` */
  update(bytes: Uint8Array): void;
  /** The 32-byte digest; the stream is spent. @throws CryptoError STREAM_SPENT the second time */
  digest(): Uint8Array;
}

export interface Keystream {
  /**
   * The next `length` bytes, a multiple of 16 except in the last call. Caller and next call may both
   * overwrite the result.
   * @param length below 2^31
   * @throws CryptoError STREAM_SPENT after a call that was not a multiple of 16, OUT_OF_RANGE (length)
   */
  next(length: number): Uint8Array;
}
