import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import type { CryptoBackend, Keystream } from '../backend.ts';
import { concatBytes, wipe } from '../bytes.ts';
import { expectInteger, expectLength } from '../crypto-error.ts';
import { counterBlock, expectAesCtrArguments, guardHashStream, guardKeystream } from '../streams.ts';
import { isSmallOrderX25519, passesStrictChecks } from '../strict-points.ts';

type Curve = 'X25519' | 'Ed25519';

const ZEROS = new Uint8Array(65_536);
const AEAD = 'chacha20-poly1305';
const TAG_BYTES = 16;
const HASH_BYTES = 32;

/** The same memory without the methods of Buffer, whose `slice` shares where that of Uint8Array copies. */
function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}

const base64url = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64url');

// Raw keys go in as JWK (RFC 8037), ten times faster than as DER under OpenSSL 3. The price: a short-lived string
// of the secret, which nobody can wipe. Node asks for an `x` beside `d`, but derives the public key itself.
const UNUSED_X = base64url(new Uint8Array(32));

function privateKey(curve: Curve, secret: Uint8Array): KeyObject {
  expectLength('secret', secret, 32);
  return createPrivateKey({
    key: { kty: 'OKP', crv: curve, d: base64url(secret), x: UNUSED_X },
    format: 'jwk',
  });
}

/** Public keys that are kept taken in: those of a large federation. */
const MAX_PUBLIC_KEYS = 4096;
const publicKeys: Readonly<Record<Curve, Map<string, KeyObject>>> = { X25519: new Map(), Ed25519: new Map() };

/**
 * The same keys verify many signatures and enter many agreements, and taking one in costs a quarter of a
 * verification and a third of an agreement.
 */
function publicKeyObject(curve: Curve, bytes: Uint8Array): KeyObject {
  const kept = publicKeys[curve];
  const x = base64url(bytes);
  const known = kept.get(x);
  if (known !== undefined) return known;
  if (kept.size >= MAX_PUBLIC_KEYS) kept.clear();
  const key = createPublicKey({ key: { kty: 'OKP', crv: curve, x }, format: 'jwk' });
  kept.set(x, key);
  return key;
}

function publicKeyOf(curve: Curve, secret: Uint8Array): Uint8Array {
  const { x } = createPublicKey(privateKey(curve, secret)).export({ format: 'jwk' });
  return new Uint8Array(Buffer.from(x as string, 'base64url'));
}

function hmac(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const mac = createHmac('sha256', key);
  for (const part of parts) mac.update(part);
  return plain(mac.digest());
}

/** AES-256-CTR keystream from any 16-byte initial counter block, as the published vectors need it. */
export function nodeAesCtr(key: Uint8Array, counter: Uint8Array): Keystream {
  expectAesCtrArguments(key, counter);
  const cipher = createCipheriv('aes-256-ctr', key, counter);
  return guardKeystream((length) =>
    plain(cipher.update(length <= ZEROS.length ? ZEROS.subarray(0, length) : new Uint8Array(length))),
  );
}

/** The primitives by OpenSSL through node:crypto, synchronous. */
export const nodeBackend: CryptoBackend = {
  name: 'node',

  sha256(...parts) {
    const hash = createHash('sha256');
    for (const part of parts) hash.update(part);
    return plain(hash.digest());
  },

  sha256Stream() {
    const hash = createHash('sha256');
    return guardHashStream(
      (bytes) => void hash.update(bytes),
      () => plain(hash.digest()),
    );
  },

  // Not hkdfSync, which refuses an `info` above 1,024 bytes and takes longer.
  hkdfSha256(inputKey, salt, info, length) {
    expectInteger('length', length, 1, 255 * HASH_BYTES);
    const extracted = hmac(salt, inputKey);
    const output = new Uint8Array(Math.ceil(length / HASH_BYTES) * HASH_BYTES);
    let block: Uint8Array = new Uint8Array(0);
    for (let at = 0; at < length; at += HASH_BYTES) {
      block = hmac(extracted, block, info, Uint8Array.of(at / HASH_BYTES + 1));
      output.set(block, at);
    }
    const derived = output.slice(0, length);
    wipe(extracted, block, output);
    return derived;
  },

  x25519PublicKey(secret) {
    return publicKeyOf('X25519', secret);
  },

  x25519(secret) {
    const own = privateKey('X25519', secret);
    return (publicKey) => {
      expectLength('publicKey', publicKey, 32);
      if (isSmallOrderX25519(publicKey)) return undefined;
      return plain(diffieHellman({ privateKey: own, publicKey: publicKeyObject('X25519', publicKey) }));
    };
  },

  ed25519PublicKey(secret) {
    return publicKeyOf('Ed25519', secret);
  },

  ed25519Sign(secret, message) {
    return plain(sign(null, message, privateKey('Ed25519', secret)));
  },

  ed25519Verify(publicKey, message, signature) {
    if (!passesStrictChecks(publicKey, signature)) return false;
    return verify(null, message, publicKeyObject('Ed25519', publicKey), signature);
  },

  seal(key, nonce, associatedData, plaintext) {
    expectLength('key', key, 32);
    expectLength('nonce', nonce, 12);
    const cipher = createCipheriv(AEAD, key, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(associatedData, { plaintextLength: plaintext.length });
    const ciphertext = cipher.update(plaintext);
    cipher.final();
    return concatBytes(ciphertext, cipher.getAuthTag());
  },

  open(key, nonce, associatedData, sealed) {
    expectLength('key', key, 32);
    expectLength('nonce', nonce, 12);
    const length = sealed.length - TAG_BYTES;
    if (length < 0) return undefined;
    const decipher = createDecipheriv(AEAD, key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(associatedData, { plaintextLength: length });
    decipher.setAuthTag(sealed.subarray(length));
    const plaintext = plain(decipher.update(sealed.subarray(0, length)));
    try {
      decipher.final();
      return plaintext;
    } catch {
      wipe(plaintext);
      return undefined;
    }
  },

  keystream(key, firstBlock = 0) {
    return nodeAesCtr(key, counterBlock(firstBlock));
  },
};
