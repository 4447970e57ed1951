import { describe, expect, it } from 'vitest';
import type { CryptoBackend, Keystream } from './backend.ts';
import { fromHex, toHex } from './byte-text.ts';
import { concatBytes } from './bytes.ts';
import {
  AES_256_CTR,
  CHACHA20_POLY1305,
  HKDF_SHA256,
  SHA256,
  X25519,
  X25519_AGREEMENT,
  X25519_ITERATED,
} from './known-answers.ts';
import { ED25519, ED25519_EDGE_CASES } from './known-answers-ed25519.ts';
import { nobleAesCtr, nobleBackend } from './noble-backend.ts';
import { nodeAesCtr, nodeBackend } from './node/node-backend.ts';

const BACKENDS: readonly [CryptoBackend, (key: Uint8Array, counter: Uint8Array) => Keystream][] = [
  [nobleBackend, nobleAesCtr],
  [nodeBackend, nodeAesCtr],
];

function hex(text: string): Uint8Array {
  const bytes = fromHex(text);
  if (bytes === undefined) throw new Error(`a vector is not hexadecimal: ${text}`);
  return bytes;
}

describe.each(BACKENDS)('the $name backend gives the published answers', (backend, aesCtr) => {
  it.each(SHA256)('SHA-256, FIPS 180-4: $repeat x "$message"', ({ message, repeat, digest }) => {
    const stream = backend.sha256Stream();
    const piece = hex(message);
    for (let i = 0; i < repeat; i += 1) stream.update(piece);
    expect(toHex(stream.digest())).toBe(digest);
    const whole = new Uint8Array(repeat * piece.length);
    for (let i = 0; i < repeat; i += 1) whole.set(piece, i * piece.length);
    expect(toHex(backend.sha256(whole))).toBe(digest);
    expect(toHex(backend.sha256(whole.subarray(0, 1), whole.subarray(1)))).toBe(digest);
  });

  it.each(HKDF_SHA256)('HKDF-SHA256, RFC 5869 $section', ({ inputKey, salt, info, output }) => {
    const derived = backend.hkdfSha256(hex(inputKey), hex(salt), hex(info), output.length / 2);
    expect(toHex(derived)).toBe(output);
  });

  it.each(X25519)('X25519, RFC 7748 section 5.2: $scalar', ({ scalar, u, product }) => {
    expect(toHex(backend.x25519(hex(scalar))(hex(u)) ?? new Uint8Array())).toBe(product);
  });

  it('X25519, RFC 7748 section 5.2: 1 and 1,000 iterations', () => {
    let k = hex(`09${'00'.repeat(31)}`);
    let u = k;
    const reached = new Map<number, string>();
    for (let iteration = 1; iteration <= 1000; iteration += 1) {
      const product = backend.x25519(k)(u);
      if (product === undefined) throw new Error(`zero at iteration ${iteration}`);
      u = k;
      k = product;
      reached.set(iteration, toHex(k));
    }
    for (const answer of X25519_ITERATED) expect(reached.get(answer.iterations)).toBe(answer.k);
  }, 30_000);

  it('X25519, RFC 7748 section 6.1: both sides agree', () => {
    const { aliceSecret, alicePublic, bobSecret, bobPublic, shared } = X25519_AGREEMENT;
    expect(toHex(backend.x25519PublicKey(hex(aliceSecret)))).toBe(alicePublic);
    expect(toHex(backend.x25519PublicKey(hex(bobSecret)))).toBe(bobPublic);
    expect(backend.x25519(hex(aliceSecret))(hex(bobPublic))).toEqual(hex(shared));
    expect(backend.x25519(hex(bobSecret))(hex(alicePublic))).toEqual(hex(shared));
  });

  it.each(ED25519)(
    'Ed25519, RFC 8032 section 7.1: test $test',
    ({ secret, publicKey, message, signature }) => {
      expect(toHex(backend.ed25519PublicKey(hex(secret)))).toBe(publicKey);
      expect(toHex(backend.ed25519Sign(hex(secret), hex(message)))).toBe(signature);
      expect(backend.ed25519Verify(hex(publicKey), hex(message), hex(signature))).toBe(true);
      expect(backend.ed25519Verify(hex(publicKey), hex(`${message}00`), hex(signature))).toBe(false);
    },
  );

  it.each(ED25519_EDGE_CASES.map((edge, number) => ({ ...edge, number })))(
    'Ed25519, "Taming the many EdDSAs" vector $number: $about',
    ({ publicKey, message, signature, number }) => {
      expect(backend.ed25519Verify(hex(publicKey), hex(message), hex(signature))).toBe(number === 3);
    },
  );

  it('ChaCha20-Poly1305, RFC 8439 section 2.8.2', () => {
    const { key, nonce, associatedData, plaintext, ciphertext, tag } = CHACHA20_POLY1305;
    const sealed = backend.seal(hex(key), hex(nonce), hex(associatedData), hex(plaintext));
    expect(toHex(sealed)).toBe(ciphertext + tag);
    expect(backend.open(hex(key), hex(nonce), hex(associatedData), sealed)).toEqual(hex(plaintext));
  });

  it.each(AES_256_CTR)('AES-256-CTR, $source', ({ key, counter, keystream }) => {
    expect(toHex(aesCtr(hex(key), hex(counter)).next(keystream.length / 2))).toBe(keystream);
    const stream = aesCtr(hex(key), hex(counter));
    const blocks = Array.from({ length: keystream.length / 32 }, () => toHex(stream.next(16)));
    expect(blocks.join('')).toBe(keystream);
  });

  it('AES-256-CTR: block number n of the public stream is the cipher of the counter n, big-endian', () => {
    const key = hex('603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4');
    for (const [block, counter] of [
      [0, '00000000000000000000000000000000'],
      [258, '00000000000000000000000000000102'],
      [2 ** 32 + 1, '00000000000000000000000100000001'],
      [Number.MAX_SAFE_INTEGER, '0000000000000000001fffffffffffff'],
    ] as const) {
      expect(backend.keystream(key, block).next(32)).toEqual(aesCtr(key, hex(counter)).next(32));
    }
    expect(backend.keystream(key).next(32)).toEqual(backend.keystream(key, 0).next(32));
  });

  it('AES-256-CTR: the counter carries through all 16 bytes and wraps', () => {
    const key = hex('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f');
    const wrapping = aesCtr(key, hex('ffffffffffffffffffffffffffffffff'));
    const first = wrapping.next(16).slice();
    const zero = backend.keystream(key).next(16).slice();
    expect(wrapping.next(16)).toEqual(zero);
    expect(aesCtr(key, hex('ffffffffffffffffffffffffffffffff')).next(32)).toEqual(concatBytes(first, zero));
  });
});
