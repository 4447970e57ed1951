import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, uint32LE, utf8 } from './bytes.ts';
import { commit, verifyCommitment } from './commitment.ts';
import { nobleBackend } from './noble-backend.ts';
import { nodeBackend } from './node/node-backend.ts';

const salts = fc.uint8Array({ minLength: 32, maxLength: 32 });
const values = fc.uint8Array({ minLength: 1, maxLength: 64 });
const labels = fc.string({ maxLength: 20 });

const behindLength = (bytes: Uint8Array): Uint8Array => concatBytes(uint32LE(bytes.length), bytes);

const flipBit = (bytes: Uint8Array, bit: number): Uint8Array =>
  bytes.map((byte, i) => (i === (bit >>> 3) % bytes.length ? byte ^ (1 << (bit & 7)) : byte));

describe('a salted commitment', () => {
  it('is the hash of domain, label, salt and value, each behind its length', () => {
    const salt = new Uint8Array(32).fill(1);
    const preimage = [utf8('tributary1/commitment'), utf8('share'), salt, utf8('secret')].map(behindLength);
    const expected = nodeBackend.sha256(...preimage);
    expect(commit(nodeBackend, 'share', salt, utf8('secret'))).toEqual(expected);
    expect(commit(nobleBackend, 'share', salt, utf8('secret'))).toEqual(expected);
  });

  it('opens with its own label, salt and value only', () => {
    fc.assert(
      fc.property(labels, salts, values, fc.nat(), (label, salt, value, bit) => {
        const made = commit(nodeBackend, label, salt, value);
        expect(verifyCommitment(nobleBackend, made, label, salt, value)).toBe(true);
        for (const [commitment, otherLabel, otherSalt, otherValue] of [
          [flipBit(made, bit), label, salt, value],
          [made, `${label}.`, salt, value],
          [made, label, flipBit(salt, bit), value],
          [made, label, salt, flipBit(value, bit)],
          [made, label, salt, concatBytes(value, Uint8Array.of(0))],
        ] as const) {
          expect(verifyCommitment(nodeBackend, commitment, otherLabel, otherSalt, otherValue)).toBe(false);
        }
      }),
    );
  });

  it('does not confuse where the label ends and the value begins', () => {
    const salt = new Uint8Array(32);
    expect(commit(nodeBackend, 'ab', salt, utf8('c'))).not.toEqual(
      commit(nodeBackend, 'a', salt, utf8('bc')),
    );
  });

  it('refuses a salt of another length: throws when making, false when a peer opens', () => {
    const salt = new Uint8Array(16);
    expect(() => commit(nodeBackend, 'share', salt, utf8('v'))).toThrow(
      expect.objectContaining({ code: 'LENGTH_MISMATCH', message: 'salt: wanted length 32, got 16' }),
    );
    expect(verifyCommitment(nodeBackend, new Uint8Array(32), 'share', salt, utf8('v'))).toBe(false);
    expect(verifyCommitment(nodeBackend, new Uint8Array(5), 'share', new Uint8Array(32), utf8('v'))).toBe(
      false,
    );
  });
});
