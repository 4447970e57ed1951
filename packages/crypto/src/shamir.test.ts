import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes } from './bytes.ts';
import { CryptoError } from './crypto-error.ts';
import { multiply } from './gf256.ts';
import { combineShares, type Share, splitSecret } from './shamir.ts';

const secrets = fc.uint8Array({ minLength: 32, maxLength: 32 });

/** A secret, another one, a threshold, holders, the coefficients of both, and an order of the holders. */
const sharings = fc.tuple(fc.integer({ min: 2, max: 12 }), fc.nat(8)).chain(([threshold, spare]) => {
  const coefficients = fc.uint8Array({ minLength: (threshold - 1) * 32, maxLength: (threshold - 1) * 32 });
  const holders = threshold + spare;
  const order = fc.shuffledSubarray(
    Array.from({ length: holders }, (_, i) => i),
    { minLength: holders },
  );
  return fc.record({
    threshold: fc.constant(threshold),
    holders: fc.constant(holders),
    order,
    secret: secrets,
    other: secrets,
    random: coefficients,
    otherRandom: coefficients,
  });
});

/** The shares of the first `count` holders of this order. */
const pick = (shares: readonly Share[], order: readonly number[], count: number): Share[] =>
  order.slice(0, count).flatMap((holder) => shares.slice(holder, holder + 1));

const xor = (a: Uint8Array, b: Uint8Array): Uint8Array => a.map((byte, i) => byte ^ (b.at(i) ?? Number.NaN));

const scale = (bytes: Uint8Array, factor: number): Uint8Array => bytes.map((byte) => multiply(byte, factor));

const zeros = (length = 32): Uint8Array => new Uint8Array(length);

describe('Shamir sharing', () => {
  it('gives the points of the polynomial with the given coefficients, lowest first', () => {
    // f(x) = 0x42 + 0x01 x + 0x02 x^2 and g(x) = 0x57 + 0x83 x + 0x00 x^2, by hand in GF(2^8):
    // f(1) = 42^01^02 = 41, f(2) = 42^02^(02*04=08) = 48, f(3) = 42^03^(02*05=0a) = 4b
    // g(1) = 57^83 = d4, g(2) = 57^(83*02=1d) = 4a, g(3) = 57^(83*03=9e) = c9
    const shares = splitSecret(Uint8Array.of(0x42, 0x57), 3, 3, Uint8Array.of(0x01, 0x83, 0x02, 0x00));
    expect(shares).toEqual([
      { x: 1, y: Uint8Array.of(0x41, 0xd4) },
      { x: 2, y: Uint8Array.of(0x48, 0x4a) },
      { x: 3, y: Uint8Array.of(0x4b, 0xc9) },
    ]);
    expect(combineShares(shares, 3)).toEqual(Uint8Array.of(0x42, 0x57));
  });

  it('gives the secret back from any threshold of shares, in any order', () => {
    fc.assert(
      fc.property(sharings, ({ threshold, holders, order, secret, random }) => {
        const shares = splitSecret(secret, threshold, holders, random);
        expect(shares.map(({ x }) => x)).toEqual(Array.from({ length: holders }, (_, i) => i + 1));
        expect(combineShares(pick(shares, order, threshold), threshold)).toEqual(secret);
        expect(combineShares(pick(shares, order, holders), threshold)).toEqual(secret);
      }),
    );
  });

  it('reaches 255 holders', () => {
    const secret = Uint8Array.from({ length: 32 }, (_, i) => 7 * i);
    const random = Uint8Array.from({ length: 32 * 169 }, (_, i) => (i * i) ^ (i >>> 3));
    const shares = splitSecret(secret, 170, 255, random);
    expect(combineShares(shares.slice(85), 170)).toEqual(secret);
  });

  it('says nothing with one share less: each other secret fits those shares, by exactly one polynomial', () => {
    fc.assert(
      fc.property(sharings, ({ threshold, holders, order, secret, other, random }) => {
        const known = pick(splitSecret(secret, threshold, holders, random), order, threshold - 1);
        const [constant, ...coefficients] = interpolate([{ x: 0, y: other }, ...known]);
        expect(constant).toEqual(other);
        const possible = splitSecret(other, threshold, holders, concatBytes(...coefficients));
        expect(pick(possible, order, threshold - 1)).toEqual(known);
      }),
    );
  });

  it('is linear: sums of shares are shares of the sum', () => {
    fc.assert(
      fc.property(sharings, ({ threshold, holders, order, secret, other, random, otherRandom }) => {
        const shares = pick(splitSecret(secret, threshold, holders, random), order, threshold);
        const others = pick(splitSecret(other, threshold, holders, otherRandom), order, threshold);
        const sums = shares.map(({ x, y }, i) => ({ x, y: xor(y, others.at(i)?.y ?? zeros()) }));
        expect(combineShares(sums, threshold)).toEqual(xor(secret, other));
      }),
    );
  });

  it('gives another secret when one used share changed: a wrong share is not noticed here', () => {
    fc.assert(
      fc.property(sharings, ({ threshold, holders, order, secret, random }) => {
        const shares = pick(splitSecret(secret, threshold, holders, random), order, threshold);
        const wrong = shares.map(({ x, y }, i) => ({ x, y: i === 0 ? y.map((byte) => byte ^ 1) : y }));
        const error = xor(combineShares(wrong, threshold), secret);
        expect(error).not.toContain(0);
      }),
    );
  });

  it.each<[code: string, argument: string, call: () => unknown]>([
    ['OUT_OF_RANGE', 'threshold', () => splitSecret(zeros(), 1, 3, zeros(0))],
    ['OUT_OF_RANGE', 'threshold', () => splitSecret(zeros(), 4, 3, zeros(96))],
    ['OUT_OF_RANGE', 'threshold', () => splitSecret(zeros(), 2.5, 3, zeros(48))],
    ['OUT_OF_RANGE', 'holders', () => splitSecret(zeros(), 2, 256, zeros())],
    ['LENGTH_MISMATCH', 'randomBytes', () => splitSecret(zeros(), 3, 3, zeros(63))],
    ['LENGTH_MISMATCH', 'randomBytes', () => splitSecret(zeros(), 3, 3, zeros(96))],
    ['BELOW_THRESHOLD', 'shares', () => combineShares([{ x: 1, y: zeros() }], 2)],
    ['OUT_OF_RANGE', 'threshold', () => combineShares([], 0)],
    [
      'DUPLICATE_SHARE',
      'shares',
      () =>
        combineShares(
          [
            { x: 7, y: zeros() },
            { x: 7, y: zeros() },
          ],
          2,
        ),
    ],
    [
      'OUT_OF_RANGE',
      'x',
      () =>
        combineShares(
          [
            { x: 0, y: zeros() },
            { x: 7, y: zeros() },
          ],
          2,
        ),
    ],
    [
      'OUT_OF_RANGE',
      'x',
      () =>
        combineShares(
          [
            { x: 1, y: zeros() },
            { x: 256, y: zeros() },
          ],
          2,
        ),
    ],
    [
      'LENGTH_MISMATCH',
      'y',
      () =>
        combineShares(
          [
            { x: 1, y: zeros() },
            { x: 2, y: zeros(31) },
          ],
          2,
        ),
    ],
  ])('refuses with %s and names %s: %s', (code, argument, call) => {
    expect(call).toThrow(CryptoError);
    expect(call).toThrow(expect.objectContaining({ code, message: expect.stringMatching(`^${argument}: `) }));
  });
});

/**
 * Coefficients of the polynomials of least degree through the points, one array per power, constant first. A
 * polynomial grows point by point by a multiple of the product of (x - x_j): another way than Lagrange's,
 * with inverses by search.
 */
function interpolate(points: readonly Share[]): Uint8Array[] {
  const at = (polynomial: readonly Uint8Array[], x: number) =>
    polynomial.reduceRight((value, coefficient) => xor(scale(value, x), coefficient), zeros());
  let polynomial: Uint8Array[] = [];
  let product: Uint8Array[] = [zeros().fill(1)];
  for (const { x, y } of points) {
    const [height = 0] = at(product, x);
    const inverse =
      Array.from({ length: 256 }, (_, i) => i).find((b) => multiply(height, b) === 1) ?? Number.NaN;
    const missing = xor(y, at(polynomial, x));
    polynomial = product.map((coefficient, power) => {
      const factor = multiply(coefficient.at(0) ?? Number.NaN, inverse);
      return xor(scale(missing, factor), polynomial.at(power) ?? zeros());
    });
    product = [zeros(), ...product].map((coefficient, power) =>
      xor(coefficient, scale(product.at(power) ?? zeros(), x)),
    );
  }
  return polynomial;
}
