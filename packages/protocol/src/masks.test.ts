import { toHex } from '@tributary/crypto';
import { nodeBackend as crypto } from '@tributary/crypto/node';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyMasks, type Mask, pairMask, type RoundKeyHolder, selfMaskKey } from './masks.ts';
import { existing, seededBytes } from './testing/cast.ts';

const random = seededBytes(crypto, 1);
const context = random(32);
const otherContext = random(32);

interface Party extends RoundKeyHolder {
  readonly secret: Uint8Array;
}

const parties: Party[] = [3, 8, 11].map((member) => {
  const secret = random(32);
  return { member, secret, roundKey: crypto.x25519PublicKey(secret) };
});
const [first, second, third] = parties as [Party, Party, Party];

function mask(own: Party, peer: RoundKeyHolder, roundContext = context): Mask {
  const result = pairMask(crypto, roundContext, crypto.x25519(own.secret), own, peer);
  if (result === undefined) throw new Error('key of small order');
  return result;
}

const masked = (masks: readonly Mask[], words = new Int32Array(100), firstWord = 0): Int32Array => {
  applyMasks(crypto, masks, words, firstWord);
  return words;
};

describe('a pair mask', () => {
  it('is the same key on both sides, added by the lower member and subtracted by the higher', () => {
    for (const [low, high] of [
      [first, second],
      [first, third],
      [second, third],
    ] as const) {
      expect(mask(low, high).sign).toBe(1);
      expect(mask(high, low)).toEqual({ key: mask(low, high).key, sign: -1 });
    }
  });

  it('cancels in the sum of its two sides, mod 2^32', () => {
    fc.assert(
      fc.property(
        fc.int32Array({ minLength: 1, maxLength: 50 }),
        fc.int32Array({ minLength: 50, maxLength: 50 }),
        (a, b) => {
          const left = masked([mask(first, second)], Int32Array.from(a));
          const right = masked([mask(second, first)], Int32Array.from(b.subarray(0, a.length)));
          left.forEach((word, i) => {
            expect((word + existing(right[i])) | 0).toBe((existing(a[i]) + existing(b[i])) | 0);
          });
        },
      ),
    );
  });

  it.each([
    ['another round', () => mask(first, second, otherContext)],
    ['another pair', () => mask(first, third)],
    ['another id of the peer', () => mask(first, { ...second, member: 9 })],
    ['another id of its own', () => mask({ ...first, member: 4 }, second)],
    ['another key of the peer', () => mask(first, { ...second, roundKey: third.roundKey })],
  ])('is another for %s', (_, other) => {
    const words = masked([mask(first, second)]);
    expect(toHex(other().key)).not.toBe(toHex(mask(first, second).key));
    expect(masked([other()])).not.toEqual(words);
  });

  it('is none where the key of the peer is of small order', () => {
    const weak = { member: 9, roundKey: new Uint8Array(32) };
    expect(pairMask(crypto, context, crypto.x25519(first.secret), first, weak)).toBeUndefined();
  });
});

describe('a self mask', () => {
  const seed = random(32);
  const key = toHex(selfMaskKey(crypto, context, 3, seed));

  it('is another for another round, member or seed', () => {
    expect(toHex(selfMaskKey(crypto, context, 3, seed))).toBe(key);
    expect(toHex(selfMaskKey(crypto, otherContext, 3, seed))).not.toBe(key);
    expect(toHex(selfMaskKey(crypto, context, 4, seed))).not.toBe(key);
    expect(toHex(selfMaskKey(crypto, context, 3, random(32)))).not.toBe(key);
  });
});

describe('masks of a vector', () => {
  it('are the same however the vector is cut', () => {
    const masks = [mask(first, second), mask(first, third)];
    const whole = masked(masks);
    const pieces = [masked(masks, new Int32Array(40)), masked(masks, new Int32Array(60), 40)];
    expect(pieces.flatMap((piece) => [...piece])).toEqual([...whole]);
  });
});
