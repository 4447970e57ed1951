/**
 * Exact fractions: what a budget is kept in. Always in lowest terms with a positive denominator, so equal values are equal
 * field by field and have one text.
 */
import { PrivacyError } from '../privacy-error.ts';

export interface Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

export const ZERO: Rational = { numerator: 0n, denominator: 1n };

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let [x, y] = [a < 0n ? -a : a, b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}

/** @throws PrivacyError `BAD_PARAMETER` on a denominator of 0 */
export function rational(numerator: bigint, denominator: bigint = 1n): Rational {
  if (denominator === 0n) throw new PrivacyError('BAD_PARAMETER', 'denominator must not be 0');
  const sign = denominator < 0n ? -1n : 1n;
  const divisor = greatestCommonDivisor(numerator, sign * denominator);
  return { numerator: (sign * numerator) / divisor, denominator: (sign * denominator) / divisor };
}

/** The value of a double, exactly. @throws PrivacyError `BAD_PARAMETER` on NaN and infinities */
export function rationalFromNumber(value: number): Rational {
  if (!Number.isFinite(value)) {
    throw new PrivacyError('BAD_PARAMETER', `value must be finite, not ${value}`);
  }
  let [scaled, denominator] = [value, 1n];
  while (!Number.isInteger(scaled)) {
    scaled *= 2;
    denominator *= 2n;
  }
  return rational(BigInt(scaled), denominator);
}

export function addRational(a: Rational, b: Rational): Rational {
  return rational(a.numerator * b.denominator + b.numerator * a.denominator, a.denominator * b.denominator);
}

export function subtractRational(a: Rational, b: Rational): Rational {
  return rational(a.numerator * b.denominator - b.numerator * a.denominator, a.denominator * b.denominator);
}

export function multiplyRational(a: Rational, b: Rational): Rational {
  return rational(a.numerator * b.numerator, a.denominator * b.denominator);
}

/** @throws PrivacyError `BAD_PARAMETER` on division by 0 */
export function divideRational(a: Rational, b: Rational): Rational {
  return rational(a.numerator * b.denominator, a.denominator * b.numerator);
}

/** Negative, zero or positive as a is below, equal to or above b. */
export function compareRational(a: Rational, b: Rational): number {
  const difference = a.numerator * b.denominator - b.numerator * a.denominator;
  return difference < 0n ? -1 : Number(difference > 0n);
}

/** The smallest integer that is not below the value. */
export function ceilRational({ numerator, denominator }: Rational): bigint {
  const quotient = numerator / denominator;
  return quotient * denominator < numerator ? quotient + 1n : quotient;
}

const LONG = 1n << 4096n;
const GRAIN = 1n << 192n;

/**
 * The value; where its denominator has grown beyond 2^4096, the least multiple of 2^-192 that is not below it. So a sum of charges is kept:
 * each with another variance adds its digits, and after a thousand of them one addition takes tens of milliseconds.
 */
export function shortenedUp(value: Rational): Rational {
  if (value.denominator <= LONG) return value;
  return rational(ceilRational({ ...value, numerator: value.numerator * GRAIN }), GRAIN);
}

/** "p/q" or, for an integer, "p". */
export function formatRational({ numerator, denominator }: Rational): string {
  return denominator === 1n ? `${numerator}` : `${numerator}/${denominator}`;
}

/** Longer texts are no budgets, and multiplying such numbers is work that a peer could impose. */
const MAX_TEXT = 4096;

/** The value of a text in the one form that `formatRational` gives, or undefined: for what a peer or a file says. */
export function parseRational(text: string): Rational | undefined {
  if (text.length > MAX_TEXT) return undefined;
  const match = /^(-?\d+)(?:\/(\d+))?$/.exec(text);
  if (match === null) return undefined;
  const denominator = BigInt(match[2] ?? '1');
  if (denominator === 0n) return undefined;
  const value = rational(BigInt(match[1] ?? '0'), denominator);
  return formatRational(value) === text ? value : undefined;
}

/** A double that is not below the value, and at most the next but one above it. */
export function toNumberUp({ numerator, denominator }: Rational): number {
  if (numerator === 0n) return 0;
  if (numerator < 0n) return -truncated(-numerator, denominator).value;
  const { value, exact } = truncated(numerator, denominator);
  return exact ? value : value * (1 + Number.EPSILON) + Number.MIN_VALUE;
}

/** A double that is not above the value. */
export function toNumberDown({ numerator, denominator }: Rational): number {
  return Math.min(Number.MAX_VALUE, -toNumberUp({ numerator: -numerator, denominator }));
}

/** p/q > 0 cut to 53 significant bits, fewer where it is subnormal. */
function truncated(p: bigint, q: bigint): { value: number; exact: boolean } {
  const shift = 53 - (p.toString(2).length - q.toString(2).length);
  const scaledP = p << BigInt(Math.max(0, shift));
  const scaledQ = q << BigInt(Math.max(0, -shift));
  let mantissa = scaledP / scaledQ;
  let exponent = -shift;
  // The quotient of 54 bits at most, and the last bits of a subnormal number, go.
  const spare = Math.max(mantissa >= 1n << 53n ? 1 : 0, -1074 - exponent);
  mantissa >>= BigInt(spare);
  exponent += spare;
  const half = Math.trunc(exponent / 2);
  const value = Number(mantissa) * 2 ** half * 2 ** (exponent - half);
  return { value, exact: Number.isFinite(value) && (mantissa << BigInt(spare)) * scaledQ === scaledP };
}
