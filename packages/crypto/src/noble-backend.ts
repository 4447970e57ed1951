import { ctr } from '@noble/ciphers/aes.js';
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { ed25519, x25519 } from '@noble/curves/ed25519.js';
import { bytesToNumberLE } from '@noble/curves/utils.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import type { CryptoBackend, Keystream } from './backend.ts';
import { concatBytes, equalBytes } from './bytes.ts';
import { expectInteger, expectLength } from './crypto-error.ts';
import {
  advanceCounter,
  BLOCK_BYTES,
  counterBlock,
  expectAesCtrArguments,
  guardHashStream,
  guardKeystream,
} from './streams.ts';
import { isSmallOrderX25519, passesStrictChecks } from './strict-points.ts';

const TAG_BYTES = 16;

/** AES-256-CTR keystream from any 16-byte initial counter block, as the published vectors need it. */
export function nobleAesCtr(key: Uint8Array, counter: Uint8Array): Keystream {
  expectAesCtrArguments(key, counter);
  const ownKey = key.slice();
  const ownCounter = counter.slice();
  return guardKeystream((length) => {
    const bytes = ctr(ownKey, ownCounter).encrypt(new Uint8Array(length));
    advanceCounter(ownCounter, Math.ceil(length / BLOCK_BYTES));
    return bytes;
  });
}

/** Point 3 of the rule in strict-points.ts, on encodings. Noble's own `verify` multiplies by the cofactor. */
function satisfiesEquation(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const { Point } = ed25519;
  const r = signature.subarray(0, 32);
  const k = Point.Fn.create(bytesToNumberLE(sha512(concatBytes(r, publicKey, message))));
  let a: InstanceType<typeof Point>;
  try {
    a = Point.fromBytes(publicKey);
  } catch {
    return false;
  }
  const s = bytesToNumberLE(signature.subarray(32));
  return equalBytes(Point.BASE.multiplyUnsafe(s).subtract(a.multiplyUnsafe(k)).toBytes(), r);
}

/**
 * The primitives in plain JavaScript, by the noble libraries: any engine, about 20 times slower than node.
 */
export const nobleBackend: CryptoBackend = {
  name: 'noble',

  sha256(...parts) {
    const hash = sha256.create();
    for (const part of parts) hash.update(part);
    return hash.digest();
  },

  sha256Stream() {
    const hash = sha256.create();
    return guardHashStream(
      (bytes) => void hash.update(bytes),
      () => hash.digest(),
    );
  },

  hkdfSha256(inputKey, salt, info, length) {
    expectInteger('length', length, 1, 8160);
    return hkdf(sha256, inputKey, salt, info, length);
  },

  x25519PublicKey(secret) {
    expectLength('secret', secret, 32);
    return x25519.getPublicKey(secret);
  },

  x25519(secret) {
    expectLength('secret', secret, 32);
    const own = secret.slice();
    return (publicKey) => {
      expectLength('publicKey', publicKey, 32);
      return isSmallOrderX25519(publicKey) ? undefined : x25519.getSharedSecret(own, publicKey);
    };
  },

  ed25519PublicKey(secret) {
    expectLength('secret', secret, 32);
    return ed25519.getPublicKey(secret);
  },

  ed25519Sign(secret, message) {
    expectLength('secret', secret, 32);
    return ed25519.sign(message, secret);
  },

  ed25519Verify(publicKey, message, signature) {
    return passesStrictChecks(publicKey, signature) && satisfiesEquation(publicKey, message, signature);
  },

  seal(key, nonce, associatedData, plaintext) {
    expectLength('key', key, 32);
    expectLength('nonce', nonce, 12);
    return chacha20poly1305(key, nonce, associatedData).encrypt(plaintext);
  },

  open(key, nonce, associatedData, sealed) {
    expectLength('key', key, 32);
    expectLength('nonce', nonce, 12);
    if (sealed.length < TAG_BYTES) return undefined;
    try {
      return chacha20poly1305(key, nonce, associatedData).decrypt(sealed);
    } catch {
      return undefined; // Lengths are checked above: what is left to throw for is the tag.
    }
  },

  keystream(key, firstBlock = 0) {
    return nobleAesCtr(key, counterBlock(firstBlock));
  },
};
