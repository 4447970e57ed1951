import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CryptoBackend } from './backend.ts';
import { toHex } from './byte-text.ts';
import { concatBytes } from './bytes.ts';
import { CryptoError } from './crypto-error.ts';
import { nobleAesCtr, nobleBackend } from './noble-backend.ts';
import { nodeAesCtr, nodeBackend } from './node/node-backend.ts';

const bytes = (maxLength: number) => fc.uint8Array({ maxLength });
const exactly = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

const bytesOf = (length: number): Uint8Array => new Uint8Array(length).fill(7);

const flipBit = (array: Uint8Array, bit: number): Uint8Array =>
  array.map((byte, i) => (i === (bit >>> 3) % array.length ? byte ^ (1 << (bit & 7)) : byte));

/** The code and message of the `CryptoError` that a call throws. */
function refusal(call: () => unknown): { code: string; message: string } | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    if (error instanceof CryptoError) return { code: error.code, message: error.message };
    throw error;
  }
}

/** The bytes that each backend gives, in hexadecimal. */
function both(call: (backend: CryptoBackend) => Uint8Array): { noble: string; node: string } {
  return { noble: toHex(call(nobleBackend)), node: toHex(call(nodeBackend)) };
}

describe('the two backends agree on any input', () => {
  it('hashes, whole and in pieces', () => {
    fc.assert(
      fc.property(fc.array(bytes(200), { maxLength: 5 }), (parts) => {
        const whole = both((backend) => backend.sha256(...parts));
        const streamed = both((backend) => {
          const stream = backend.sha256Stream();
          for (const part of parts) stream.update(part);
          return stream.digest();
        });
        expect(whole.node).toBe(whole.noble);
        expect(streamed).toEqual(whole);
      }),
    );
  });

  it('derives keys, also from empty inputs and under an info longer than 1,024 bytes', () => {
    fc.assert(
      fc.property(
        fc.record({
          input: bytes(80),
          salt: bytes(80),
          info: bytes(2000),
          length: fc.integer({ min: 1, max: 8160 }),
        }),
        ({ input, salt, info, length }) => {
          const { noble, node } = both((backend) => backend.hkdfSha256(input, salt, info, length));
          expect(node).toBe(noble);
          expect(node.length).toBe(2 * length);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('makes keys, shared secrets and signatures', () => {
    fc.assert(
      fc.property(exactly(32), exactly(32), bytes(100), (secret, other, message) => {
        for (const { noble, node } of [
          both((backend) => backend.x25519PublicKey(secret)),
          both((backend) => backend.x25519(secret)(other) ?? bytesOf(0)),
          both((backend) => backend.ed25519PublicKey(secret)),
          both((backend) => backend.ed25519Sign(secret, message)),
        ]) {
          expect(node).toBe(noble);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('accepts a signature and no other: each flipped bit of key, message or signature counts', () => {
    fc.assert(
      fc.property(exactly(32), bytes(100), fc.nat(1023), (secret, text, bit) => {
        const message = Uint8Array.of(...text, 1);
        const key = nodeBackend.ed25519PublicKey(secret);
        const signature = nodeBackend.ed25519Sign(secret, message);
        for (const backend of [nobleBackend, nodeBackend]) {
          expect(backend.ed25519Verify(key, message, signature)).toBe(true);
          expect(backend.ed25519Verify(flipBit(key, bit), message, signature)).toBe(false);
          expect(backend.ed25519Verify(key, flipBit(message, bit), signature)).toBe(false);
          expect(backend.ed25519Verify(key, message, flipBit(signature, bit))).toBe(false);
        }
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
      fc.property(
        exactly(32),
        exactly(12),
        bytes(50),
        bytes(200),
        fc.nat(),
        (key, nonce, data, text, where) => {
          const { noble, node } = both((backend) => backend.seal(key, nonce, data, text));
          expect(node).toBe(noble);
          const sealed = nobleBackend.seal(key, nonce, data, text);
          const forged = flipBit(sealed, where);
          const otherData = Uint8Array.of(...data, 0);
          for (const backend of [nobleBackend, nodeBackend]) {
            expect(backend.open(key, nonce, data, sealed)).toEqual(text);
            expect(backend.open(key, nonce, data, forged)).toBeUndefined();
            expect(backend.open(key, nonce, otherData, sealed)).toBeUndefined();
            expect(backend.open(key, nonce, data, sealed.subarray(0, where % sealed.length))).toBeUndefined();
          }
        },
      ),
    );
  });

  it('streams the same key bytes, in any pieces, from any block', () => {
    const pieces = fc.array(fc.nat(20), { maxLength: 6 });
    fc.assert(
      fc.property(exactly(32), fc.maxSafeNat(), pieces, fc.nat(40), (key, block, blocks, last) => {
        const lengths = [...blocks.map((count) => 16 * count), last];
        const { noble, node } = both((backend) => {
          const stream = backend.keystream(key, block);
          return concatBytes(...lengths.map((length) => stream.next(length).slice()));
        });
        expect(node).toBe(noble);
        const whole = nodeBackend.keystream(key, block).next(node.length / 2);
        expect(toHex(whole)).toBe(node);
      }),
    );
  });
});

describe.each([nobleBackend, nodeBackend])('the $name backend', (backend) => {
  it.each<[argument: string, call: () => unknown]>([
    ['secret', () => backend.x25519PublicKey(bytesOf(31))],
    ['secret', () => backend.x25519(bytesOf(33))(bytesOf(32))],
    ['publicKey', () => backend.x25519(bytesOf(32))(bytesOf(0))],
    ['secret', () => backend.ed25519PublicKey(bytesOf(64))],
    ['secret', () => backend.ed25519Sign(bytesOf(31), bytesOf(1))],
    ['key', () => backend.seal(bytesOf(16), bytesOf(12), bytesOf(0), bytesOf(0))],
    ['nonce', () => backend.seal(bytesOf(32), bytesOf(24), bytesOf(0), bytesOf(0))],
    ['key', () => backend.open(bytesOf(33), bytesOf(12), bytesOf(0), bytesOf(16))],
    ['nonce', () => backend.open(bytesOf(32), bytesOf(8), bytesOf(0), bytesOf(16))],
    ['key', () => backend.keystream(bytesOf(16))],
  ])('refuses a wrong length and names the argument: %s', (argument, call) => {
    expect(refusal(call)).toMatchObject({
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
    expect(refusal(call)).toMatchObject({
      code: 'OUT_OF_RANGE',
      message: expect.stringMatching(`^${argument}: wanted an integer in `),
    });
  });

  it('refuses a stream that is spent', () => {
    const hash = backend.sha256Stream();
    hash.digest();
    expect(refusal(() => hash.digest())).toMatchObject({ code: 'STREAM_SPENT' });
    expect(refusal(() => hash.update(bytesOf(1)))).toMatchObject({ code: 'STREAM_SPENT' });
    const keystream = backend.keystream(bytesOf(32));
    keystream.next(16);
    keystream.next(15);
    expect(refusal(() => keystream.next(16))).toMatchObject({ code: 'STREAM_SPENT' });
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
    const seen = new Set([toHex(backend.keystream(key).next(16))]);
    for (let bit = 0; bit < 256; bit += 1) seen.add(toHex(backend.keystream(flipBit(key, bit)).next(16)));
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
      x25519: backend.x25519(secret)(backend.x25519PublicKey(text.subarray(0, 32))),
      ed25519PublicKey: backend.ed25519PublicKey(secret),
      ed25519Sign: backend.ed25519Sign(secret, text),
      sealed,
      opened: backend.open(secret, nonce, text, sealed),
      keystream: backend.keystream(secret).next(100),
    };
    const shared = Object.entries(results).filter(
      ([, result]) => result?.buffer.byteLength !== result?.length,
    );
    expect(shared).toEqual([]);
    const special = Object.entries(results).filter(([, result]) => result?.constructor !== Uint8Array);
    expect(special).toEqual([]);
    expect([secret, nonce, text]).toEqual([bytesOf(32), bytesOf(12), bytesOf(100)]);
  });
});

it.each([
  ['noble', nobleAesCtr],
  ['node', nodeAesCtr],
])('a counter block of another length is refused: %s', (_, aesCtr) => {
  expect(refusal(() => aesCtr(new Uint8Array(32), new Uint8Array(12)))).toEqual({
    code: 'LENGTH_MISMATCH',
    message: 'counter: wanted length 16, got 12',
  });
});
