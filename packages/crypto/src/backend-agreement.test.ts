import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CryptoBackend } from './backend.ts';
import { CryptoError } from './crypto-error.ts';
import { nobleAesCtr, nobleBackend } from './noble-backend.ts';
import { nodeAesCtr, nodeBackend } from './node/node-backend.ts';

const bytes = (maxLength: number) => fc.uint8Array({ maxLength });
const exactly = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

/** What a call returns, or the code, message and class of what it throws. */
function outcome(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    if (error instanceof CryptoError) return { code: error.code, message: error.message };
    throw error;
  }
}

function expectAgreement(call: (backend: CryptoBackend) => unknown): void {
  expect(outcome(() => call(nodeBackend))).toEqual(outcome(() => call(nobleBackend)));
}

describe('the two backends agree on any input', () => {
  it('hashes, whole and in pieces', () => {
    fc.assert(
      fc.property(fc.array(bytes(200), { maxLength: 5 }), (parts) => {
        expectAgreement((backend) => backend.sha256(...parts));
        expectAgreement((backend) => {
          const stream = backend.sha256Stream();
          for (const part of parts) stream.update(part);
          return stream.digest();
        });
      }),
    );
  });

  it('derives keys, also from empty inputs and under an info longer than 1,024 bytes', () => {
    fc.assert(
      fc.property(bytes(80), bytes(80), bytes(2000), fc.integer({ min: 1, max: 8160 }), (input, salt, info, length) => {
        expectAgreement((backend) => backend.hkdfSha256(input, salt, info, length));
      }),
    );
  });

  it('agrees on keys, signatures and their verdicts', () => {
    fc.assert(
      fc.property(exactly(32), exactly(32), bytes(100), fc.nat(511), (secret, other, message, bit) => {
        expectAgreement((backend) => backend.x25519PublicKey(secret));
        expectAgreement((backend) => backend.x25519(secret, other));
        expectAgreement((backend) => backend.ed25519PublicKey(secret));
        expectAgreement((backend) => backend.ed25519Sign(secret, message));
        const key = nodeBackend.ed25519PublicKey(secret);
        const signature = nodeBackend.ed25519Sign(secret, message);
        expect(nobleBackend.ed25519Verify(key, message, signature)).toBe(true);
        expect(nodeBackend.ed25519Verify(key, message, signature)).toBe(true);
        signature[bit >>> 3]! ^= 1 << (bit & 7);
        expect(nobleBackend.ed25519Verify(key, message, signature)).toBe(false);
        expect(nodeBackend.ed25519Verify(key, message, signature)).toBe(false);
      }),
      { numRuns: 40 },
    );
  });

  it('agrees that arbitrary bytes of any length are no signature', () => {
    fc.assert(
      fc.property(bytes(40), bytes(20), bytes(80), (key, message, signature) => {
        expect(nobleBackend.ed25519Verify(key, message, signature)).toBe(false);
        expect(nodeBackend.ed25519Verify(key, message, signature)).toBe(false);
      }),
    );
  });

  it('opens what the other seals, and nothing that changed', () => {
    fc.assert(
      fc.property(exactly(32), exactly(12), bytes(50), bytes(200), fc.nat(), (key, nonce, data, text, where) => {
        expectAgreement((backend) => backend.seal(key, nonce, data, text));
        const sealed = nobleBackend.seal(key, nonce, data, text);
        const bit = where % (8 * sealed.length);
        const forged = sealed.slice();
        forged[bit >>> 3]! ^= 1 << (bit & 7);
        const otherData = Uint8Array.of(...data, 0);
        for (const backend of [nobleBackend, nodeBackend]) {
          expect(backend.open(key, nonce, data, sealed)).toEqual(text);
          expect(backend.open(key, nonce, data, forged)).toBeUndefined();
          expect(backend.open(key, nonce, otherData, sealed)).toBeUndefined();
          expect(backend.open(key, nonce, data, sealed.subarray(0, where % sealed.length))).toBeUndefined();
        }
      }),
    );
  });

  it('streams the same key bytes, in any pieces, from any block', () => {
    const pieces = fc.array(fc.nat(20), { maxLength: 6 });
    fc.assert(
      fc.property(exactly(32), fc.maxSafeNat(), pieces, fc.nat(40), (key, block, blocks, last) => {
        expectAgreement((backend) => {
          const stream = backend.keystream(key, block);
          return [...blocks.map((count) => 16 * count), last].map((length) => stream.next(length).slice());
        });
      }),
    );
  });
});

describe.each([nobleBackend, nodeBackend])('the $name backend', (backend) => {
  const bytesOf = (length: number) => new Uint8Array(length).fill(7);

  it.each<[argument: string, call: () => unknown]>([
    ['secret', () => backend.x25519PublicKey(bytesOf(31))],
    ['secret', () => backend.x25519(bytesOf(33), bytesOf(32))],
    ['publicKey', () => backend.x25519(bytesOf(32), bytesOf(0))],
    ['secret', () => backend.ed25519PublicKey(bytesOf(64))],
    ['secret', () => backend.ed25519Sign(bytesOf(31), bytesOf(1))],
    ['key', () => backend.seal(bytesOf(16), bytesOf(12), bytesOf(0), bytesOf(0))],
    ['nonce', () => backend.seal(bytesOf(32), bytesOf(24), bytesOf(0), bytesOf(0))],
    ['key', () => backend.open(bytesOf(33), bytesOf(12), bytesOf(0), bytesOf(16))],
    ['nonce', () => backend.open(bytesOf(32), bytesOf(8), bytesOf(0), bytesOf(16))],
    ['key', () => backend.keystream(bytesOf(16))],
  ])('refuses a wrong length and names the argument: %s', (argument, call) => {
    expect(call).toThrow(CryptoError);
    expect(outcome(call)).toMatchObject({
      code: 'LENGTH_MISMATCH',
      message: expect.stringMatching(`^${argument}: wanted length \\d+, got \\d+$`),
    });
  });

  it.each<[argument: string, call: () => unknown]>([
    ['length', () => backend.hkdfSha256(bytesOf(1), bytesOf(1), bytesOf(1), 0)],
    ['length', () => backend.hkdfSha256(bytesOf(1), bytesOf(1), bytesOf(1), 8161)],
    ['length', () => backend.hkdfSha256(bytesOf(1), bytesOf(1), bytesOf(1), 1.5)],
    ['firstBlock', () => backend.keystream(bytesOf(32), -1)],
    ['firstBlock', () => backend.keystream(bytesOf(32), 0.5)],
    ['firstBlock', () => backend.keystream(bytesOf(32), 2 ** 53)],
    ['length', () => backend.keystream(bytesOf(32)).next(-16)],
    ['length', () => backend.keystream(bytesOf(32)).next(Number.NaN)],
  ])('refuses a number out of range and names the argument: %s', (argument, call) => {
    expect(outcome(call)).toMatchObject({
      code: 'OUT_OF_RANGE',
      message: expect.stringMatching(`^${argument}: wanted an integer in `),
    });
  });

  it('refuses a stream that is spent', () => {
    const hash = backend.sha256Stream();
    hash.digest();
    expect(outcome(() => hash.digest())).toMatchObject({ code: 'STREAM_SPENT' });
    expect(outcome(() => hash.update(bytesOf(1)))).toMatchObject({ code: 'STREAM_SPENT' });
    const keystream = backend.keystream(bytesOf(32));
    keystream.next(16);
    keystream.next(15);
    expect(outcome(() => keystream.next(16))).toMatchObject({ code: 'STREAM_SPENT' });
  });

  it('keeps its own key, so that the caller may wipe at once', () => {
    const key = bytesOf(32);
    const expected = backend.keystream(bytesOf(32)).next(64).slice();
    const stream = backend.keystream(key);
    key.fill(0);
    expect(stream.next(64)).toEqual(expected);
  });

  it('changes the keystream from its first block with each of the 256 key bits', () => {
    const key = bytesOf(32);
    const seen = new Set([String(backend.keystream(key).next(16))]);
    for (let bit = 0; bit < 256; bit += 1) {
      const flipped = key.slice();
      flipped[bit >>> 3]! ^= 1 << (bit & 7);
      seen.add(String(backend.keystream(flipped).next(16)));
    }
    expect(seen.size).toBe(257);
  });

  it('changes no argument and returns plain arrays in memory of their own', () => {
    const [secret, nonce, text] = [bytesOf(32), bytesOf(12), bytesOf(100)];
    const sealed = backend.seal(secret, nonce, text, text);
    const results = {
      sha256: backend.sha256(text),
      digest: backend.sha256Stream().digest(),
      hkdf: backend.hkdfSha256(secret, nonce, text, 32),
      x25519PublicKey: backend.x25519PublicKey(secret),
      x25519: backend.x25519(secret, backend.x25519PublicKey(text.subarray(0, 32))),
      ed25519PublicKey: backend.ed25519PublicKey(secret),
      ed25519Sign: backend.ed25519Sign(secret, text),
      sealed,
      opened: backend.open(secret, nonce, text, sealed),
      keystream: backend.keystream(secret).next(100),
    };
    for (const [name, result] of Object.entries(results)) {
      expect(result?.constructor, name).toBe(Uint8Array);
      expect(result?.buffer.byteLength, name).toBe(result?.length);
    }
    expect([secret, nonce, text]).toEqual([bytesOf(32), bytesOf(12), bytesOf(100)]);
  });
});

it.each([
  ['noble', nobleAesCtr],
  ['node', nodeAesCtr],
])('a counter block of another length is refused: %s', (_, aesCtr) => {
  expect(outcome(() => aesCtr(new Uint8Array(32), new Uint8Array(12)))).toEqual({
    code: 'LENGTH_MISMATCH',
    message: 'counter: wanted length 16, got 12',
  });
});
