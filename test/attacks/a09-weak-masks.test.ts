/**
 * A9: masks that can be searched for. Flower folded its 32-byte key to 28..32 bits and seeded a Mersenne
 * Twister with them; one masked vector then gave the input back. Here every bit of every key counts.
 */
import { fromHex, nobleBackend, toHex } from '@tributary/crypto';
import { nodeBackend } from '@tributary/crypto/node';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Attacker } from '../support/attacker.ts';
import { masksOf } from '../support/mask-arithmetic.ts';
import { chiSquare, UNIFORM } from '../support/uniformity.ts';
import { seededBytes } from '../support/federation.ts';

const crypto = nodeBackend;
const random = seededBytes(9);
const selfSeed = random(32);
const roundSecret = random(32);
const roundContext = random(32);
const self = { member: 0, roundKey: crypto.x25519PublicKey(roundSecret) };
const peer = { member: 1, roundKey: crypto.x25519PublicKey(random(32)) };

const flip = (bytes: Uint8Array, bit: number): Uint8Array =>
  bytes.with(bit >> 3, (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7)));

/** Keys of the self mask and of the one pairwise mask. */
function keysOf(change: Partial<Parameters<typeof masksOf>[0]> = {}): [string, string] {
  const [own, pair] = masksOf({ self, partners: [peer], roundContext, selfSeed, roundSecret, ...change });
  return [toHex(own?.key ?? new Uint8Array(0)), toHex(pair?.key ?? new Uint8Array(0))];
}

const BITS_OF_256 = Array.from({ length: 256 }, (_, bit) => bit);

describe('A9: weak masks', () => {
  it('of both backends are AES-256 in counter mode (FIPS 197 under the zero key, SP 800-38A counter)', () => {
    for (const backend of [nodeBackend, nobleBackend]) {
      const stream = backend.keystream(new Uint8Array(32)).next(32);
      expect(toHex(stream)).toBe('dc95c078a2408989ad48a21492842087530f8afbc74536b9a963b4f1c4cb738b');
    }
  });

  it('have keys of 256 bits, each different for each of the 256 bits of a self seed', () => {
    const keys = BITS_OF_256.map((bit) => keysOf({ selfSeed: flip(selfSeed, bit) })[0]);
    expect(new Set([...keys, keysOf()[0]]).size).toBe(257);
    for (const key of keys) expect(fromHex(key)).toHaveLength(32);
  });

  it('have other pairwise keys for each bit of a round key that X25519 looks at', () => {
    // RFC 7748, section 5: the three lowest bits and the two highest of a scalar are set by the function.
    const clamped = new Set([0, 1, 2, 254, 255]);
    const keys = BITS_OF_256.map((bit) => keysOf({ roundSecret: flip(roundSecret, bit) })[1]);
    const counted = keys.filter((_, bit) => !clamped.has(bit));
    expect(new Set([...counted, keysOf()[1]]).size).toBe(252);
    for (const bit of clamped) expect(keys[bit]).toBe(keysOf()[1]);
  });

  it('have other keys for each bit of the round context, and for each pair and direction', () => {
    const contexts = BITS_OF_256.map((bit) => keysOf({ roundContext: flip(roundContext, bit) }));
    expect(new Set([...contexts.flat(), ...keysOf()]).size).toBe(514);
    const others = [2, 3, 4].map((member) => keysOf({ partners: [{ ...peer, member }] })[1]);
    expect(new Set([...others, keysOf()[1]]).size).toBe(4);
    // Both ends of a pair derive the same key: that is what cancels.
    expect(others).not.toContain(keysOf()[0]);
  });

  it('differ in their stream for each bit of the key', () => {
    const key = random(32);
    const streams = BITS_OF_256.map((bit) => toHex(crypto.keystream(flip(key, bit)).next(16)));
    expect(new Set([...streams, toHex(crypto.keystream(key).next(16))]).size).toBe(257);
  });

  it('do not agree where keys agree in every fold, cut or sum to 32 bits', () => {
    // Two keys with the same XOR of their words, the same sum of bytes, and the same first and last words.
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (key) => {
        const other = Uint8Array.from([
          ...key.subarray(0, 8),
          ...key.subarray(12, 16),
          ...key.subarray(8, 12),
          ...key.subarray(16),
        ]);
        fc.pre(toHex(other) !== toHex(key));
        expect(toHex(crypto.keystream(key).next(16))).not.toBe(toHex(crypto.keystream(other).next(16)));
        expect(keysOf({ selfSeed: key })[0]).not.toBe(keysOf({ selfSeed: other })[0]);
      }),
    );
  });

  it('withstand the search that broke Flower: no 16-bit slice of seeds explains an upload', () => {
    const attacker = new Attacker({ members: 3, dimension: 2048 });
    attacker.openBatch();
    attacker.collectUploads();
    const vector = attacker.attempt(0);
    expect(chiSquare(vector)).toBeLessThan(UNIFORM);
    // Candidates as Flower's fold gives them: a 32-bit word repeated through the key.
    const left = Int32Array.from(vector.subarray(0, 16));
    let explained = 0;
    for (let seed = 0; seed < 4096; seed++) {
      const key = new Uint8Array(32);
      new DataView(key.buffer).setUint32(28, seed);
      const stream = new Int32Array(crypto.keystream(key).next(64).slice().buffer);
      const rest = left.map((word, i) => ((word - (stream[i] ?? 0)) << 12) >> 12);
      if (rest.every((value) => Math.abs(value) <= 1000)) explained += 1;
    }
    expect(explained).toBe(0);
  });
});
