import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addRational,
  ceilRational,
  compareRational,
  divideRational,
  formatRational,
  multiplyRational,
  parseRational,
  rational,
  rationalFromNumber,
  subtractRational,
  toNumberDown,
  toNumberUp,
  ZERO,
} from './rational.ts';

const anyRational = fc
  .tuple(fc.bigInt({ min: -(1n << 80n), max: 1n << 80n }), fc.bigInt({ min: 1n, max: 1n << 80n }))
  .map(([p, q]) => rational(p, q));

describe('fractions are exact', () => {
  it('in lowest terms, with the sign above', () => {
    expect(rational(6n, -4n)).toEqual({ numerator: -3n, denominator: 2n });
    expect(rational(0n, -7n)).toEqual(ZERO);
    expect(addRational(rational(1n, 6n), rational(1n, 3n))).toEqual(rational(1n, 2n));
    expect(() => rational(1n, 0n)).toThrowError(expect.objectContaining({ code: 'BAD_PARAMETER' }));
    expect(() => divideRational(rational(1n), ZERO)).toThrowError(
      expect.objectContaining({ code: 'BAD_PARAMETER' }),
    );
  });

  it('addition and multiplication are undone exactly, and order is kept', () => {
    fc.assert(
      fc.property(anyRational, anyRational, (a, b) => {
        expect(subtractRational(addRational(a, b), b)).toEqual(a);
        const factor = b.numerator === 0n ? rational(1n) : b;
        expect(divideRational(multiplyRational(a, factor), factor)).toEqual(a);
        expect(compareRational(a, b)).toBe(-compareRational(b, a) + 0);
        expect(compareRational(addRational(a, rational(1n, 1n << 200n)), a)).toBe(1);
      }),
    );
  });

  it('the ceiling is the next integer on either side of zero', () => {
    expect([rational(7n, 2n), rational(-7n, 2n), rational(4n), ZERO].map(ceilRational)).toEqual([
      4n,
      -3n,
      4n,
      0n,
    ]);
  });
});

describe('fractions as text', () => {
  it('have one form, which reads back', () => {
    expect(formatRational(rational(9n, 100n))).toBe('9/100');
    expect(formatRational(rational(-4n, 2n))).toBe('-2');
    fc.assert(
      fc.property(anyRational, (value) => {
        expect(parseRational(formatRational(value))).toEqual(value);
      }),
    );
  });

  it.each(['', '1/0', '2/4', '1/1', '+1', '01', '1.5', '1/-2', ' 1', '1e3', 'NaN', '9'.repeat(5000)])(
    'what a peer writes as %s is no fraction',
    (text) => {
      expect(parseRational(text)).toBeUndefined();
    },
  );
});

describe('fractions and doubles', () => {
  it('a double is taken exactly', () => {
    expect(rationalFromNumber(0.1)).toEqual(rational(3602879701896397n, 1n << 55n));
    expect(rationalFromNumber(-3)).toEqual(rational(-3n));
    expect(toNumberUp(rationalFromNumber(Number.MIN_VALUE))).toBe(Number.MIN_VALUE);
    expect(() => rationalFromNumber(Infinity)).toThrowError(
      expect.objectContaining({ code: 'BAD_PARAMETER' }),
    );
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (x) => {
        expect(toNumberUp(rationalFromNumber(x)) + 0).toBe(x + 0);
        expect(toNumberDown(rationalFromNumber(x)) + 0).toBe(x + 0);
      }),
    );
  });

  it('rounding up is never below and rounding down never above, within two units in the last place', () => {
    fc.assert(
      fc.property(anyRational, (value) => {
        const [down, up] = [toNumberDown(value), toNumberUp(value)];
        expect(compareRational(rationalFromNumber(down), value)).toBeLessThanOrEqual(0);
        expect(compareRational(rationalFromNumber(up), value)).toBeGreaterThanOrEqual(0);
        expect(up - down).toBeLessThanOrEqual(4 * Number.EPSILON * Math.abs(up));
      }),
    );
  });

  it('a positive value too small for a double still rounds up to a positive one', () => {
    expect(toNumberUp(rational(1n, 1n << 2000n))).toBe(Number.MIN_VALUE);
    expect(toNumberDown(rational(1n, 1n << 2000n))).toBe(0);
    expect(toNumberDown(rational(1n << 2000n))).toBe(Number.MAX_VALUE);
  });
});
