import { nodeBackend } from '@tributary/crypto/node';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bernoulli,
  bernoulliBig,
  expMinus,
  expMinusBig,
  expMinusOne,
  expMinusProduct,
  MAX_NUMBER_DENOMINATOR,
} from './bernoulli.ts';
import { uniformBelow, bitsOf, type RandomBits } from './random-bits.ts';

function seeded(seed: number): RandomBits {
  return bitsOf(nodeBackend.keystream(new Uint8Array(32).fill(seed)));
}

/** Replays the given bytes and counts how many were spent; runs dry with an error. */
function replay(bytes: readonly number[]): RandomBits & { spent: number } {
  return {
    spent: 0,
    byte(): number {
      const byte = bytes[this.spent++];
      if (byte === undefined) throw new Error('dry');
      return byte;
    },
  };
}

/** What a coin decides on the given bytes and how many it spends. */
function outcome(bytes: readonly number[], flip: (bits: RandomBits) => boolean): [string, number] {
  const bits = replay(bytes);
  try {
    return [String(flip(bits)), bits.spent];
  } catch {
    return ['undecided', bits.spent];
  }
}

const FLIPS = 40_000;

/** Standard deviations between the observed and the expected frequency. */
function deviation(flip: () => boolean, probability: number): number {
  let heads = 0;
  for (let i = 0; i < FLIPS; i++) if (flip()) heads++;
  return (heads - FLIPS * probability) / Math.sqrt(FLIPS * probability * (1 - probability));
}

describe('a coin of probability a/b', () => {
  it.each([
    [3, 8],
    [1, 3],
    [0, 5],
    [123_456_789, 2 ** 37],
  ])(
    '%d/%d is exact: of all first 16 bits, floor(2^16 a/b) are heads and one at most is undecided',
    (a, b) => {
      const outcomes = new Map<string, number>();
      for (let prefix = 0; prefix < 65_536; prefix++) {
        const [decision] = outcome([prefix >> 8, prefix & 255], (bits) => bernoulli(bits, a, b));
        outcomes.set(decision, (outcomes.get(decision) ?? 0) + 1);
      }
      expect(outcomes.get('true') ?? 0).toBe(Number((BigInt(a) * 65_536n) / BigInt(b)));
      expect(outcomes.get('undecided')).toBe(1);
    },
  );

  it('on Numbers and on BigInts decides alike and spends the same bits, up to the boundary and across it', () => {
    const denominator = fc.oneof(
      fc.integer({ min: 2, max: 2 ** 31 - 1 }),
      fc.integer({ min: 2, max: Number.MAX_SAFE_INTEGER }),
      fc.integer({ min: -5, max: 5 }).map((offset) => MAX_NUMBER_DENOMINATOR + offset),
    );
    const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    const tail = fc.uint8Array({ minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(denominator, share, fc.integer({ min: 0, max: 6 }), tail, (b, of, undecided, bytes) => {
        const a = Math.floor(of * b);
        // The first digits of a/b itself, so that the comparison goes on after each of them.
        const digits = Array.from({ length: undecided }, (_, i) =>
          Number(((BigInt(a) << BigInt(8 * (i + 1))) / BigInt(b)) & 255n),
        );
        const onNumbers = outcome([...digits, ...bytes], (bits) => bernoulli(bits, a, b));
        expect(onNumbers).toEqual(
          outcome([...digits, ...bytes], (bits) => bernoulliBig(bits, BigInt(a), BigInt(b))),
        );
        expect(onNumbers[1]).toBeGreaterThan(undecided);
      }),
    );
  });

  it.each([
    [1, 2],
    [1, 3],
    [2, 7],
    [999, 1000],
  ])('comes up with frequency %d/%d', (a, b) => {
    const bits = seeded(1);
    expect(Math.abs(deviation(() => bernoulli(bits, a, b), a / b))).toBeLessThan(6);
  });
});

describe('coins of probability exp(-x)', () => {
  it('exp(-1)', () => {
    const bits = seeded(2);
    expect(Math.abs(deviation(() => expMinusOne(bits), Math.exp(-1)))).toBeLessThan(6);
  });

  it.each([
    [0.25, 1, 4],
    [1, 5, 5],
    [2.5, 5, 2],
    [4, 4, 1],
    [0.001, 1, 1000],
  ])('exp(-%d) on Numbers and on BigInts', (x, a, b) => {
    const bits = seeded(3);
    expect(Math.abs(deviation(() => expMinus(bits, a, b), Math.exp(-x)))).toBeLessThan(6);
    expect(Math.abs(deviation(() => expMinusBig(bits, BigInt(a), BigInt(b)), Math.exp(-x)))).toBeLessThan(6);
  });

  it('exp(-0) is certain', () => {
    const bits = seeded(4);
    expect(
      Array.from({ length: 100 }, () => expMinus(bits, 0, 9) && expMinusBig(bits, 0n, 9n)),
    ).not.toContain(false);
  });

  it('exp(-(2/3)(3/5)), as a product of two coins', () => {
    const bits = seeded(5);
    expect(Math.abs(deviation(() => expMinusProduct(bits, 2, 3, 3, 5), Math.exp(-0.4)))).toBeLessThan(6);
  });
});

describe('uniform integers below a bound', () => {
  it.each([1, 2, 3, 1000, 2 ** 31, 2 ** 32 - 1, 2 ** 32])('stay below %d and reach both halves', (bound) => {
    const bits = seeded(6);
    const drawn = Array.from({ length: 200 }, () => uniformBelow(bits, bound));
    expect(drawn.every((value) => Number.isInteger(value) && value >= 0 && value < bound)).toBe(true);
    expect(drawn.some((value) => value < bound / 2)).toBe(true);
    expect(bound === 1 || drawn.some((value) => value >= bound / 2)).toBe(true);
  });

  it('rejects instead of folding: 0, 1 and 2 are equally likely', () => {
    const bits = seeded(7);
    for (const wanted of [0, 1, 2]) {
      expect(Math.abs(deviation(() => uniformBelow(bits, 3) === wanted, 1 / 3))).toBeLessThan(6);
    }
  });

  it('a byte source that gives too little is refused, never padded', () => {
    expect(() => bitsOf({ next: () => new Uint8Array(4) }).byte()).toThrowError(
      expect.objectContaining({ code: 'BAD_PARAMETER' }),
    );
  });
});
