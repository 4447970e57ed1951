/**
 * Coins with exactly the stated probability, from integers only (Canonne, Kamath, Steinke 2020, algorithms 1 and 2). A coin
 * of probability a/b compares a uniform real with a/b, eight binary digits at a time, and almost always stops at
 * the first. Numbers where every intermediate integer is below 2^53, BigInt otherwise; both spend the same bits on the same decision.
 */
import type { RandomBits } from './random-bits.ts';

/** Up to here a remainder times 2^8 is exact in a double, and so is the floor of its quotient. */
export const MAX_NUMBER_DENOMINATOR: number = 2 ** 45;

/** True with probability numerator/denominator. 0 <= numerator <= denominator < 2^53, denominator > 0. */
export function bernoulli(bits: RandomBits, numerator: number, denominator: number): boolean {
  if (denominator > MAX_NUMBER_DENOMINATOR) {
    return bernoulliBig(bits, BigInt(numerator), BigInt(denominator));
  }
  let remainder = numerator;
  for (;;) {
    const shifted = remainder * 256;
    const digit = Math.floor(shifted / denominator);
    const drawn = bits.byte();
    if (drawn !== digit) return drawn < digit;
    remainder = shifted - digit * denominator;
  }
}

/** `bernoulli` on integers of any size. */
export function bernoulliBig(bits: RandomBits, numerator: bigint, denominator: bigint): boolean {
  let remainder = numerator;
  for (;;) {
    const shifted = remainder << 8n;
    const digit = Number(shifted / denominator);
    const drawn = bits.byte();
    if (drawn !== digit) return drawn < digit;
    remainder = shifted % denominator;
  }
}

/** True with probability exp(-1). */
export function expMinusOne(bits: RandomBits): boolean {
  let k = 2;
  while (bernoulli(bits, 1, k)) k++;
  return k % 2 === 1;
}

/** True with probability exp(-a/b), 0 <= a <= b: the alternating series of the exponential as a race of coins. */
export function expMinusFraction(bits: RandomBits, a: number, b: number): boolean {
  let k = 1;
  while (bernoulli(bits, a, b * k)) k++;
  return k % 2 === 1;
}

/**
 * True with probability exp(-(a/b)(c/d)) for fractions a/b and c/d in [0, 1]. A coin for each factor instead of one for the
 * product keeps every integer small.
 */
export function expMinusProduct(bits: RandomBits, a: number, b: number, c: number, d: number): boolean {
  let k = 1;
  while (bernoulli(bits, a, b * k) && bernoulli(bits, c, d)) k++;
  return k % 2 === 1;
}

/** True with probability exp(-a/b), a >= 0, b >= 1, both below 2^53. */
export function expMinus(bits: RandomBits, a: number, b: number): boolean {
  const whole = Math.floor(a / b);
  for (let i = 0; i < whole; i++) {
    if (!expMinusOne(bits)) return false;
  }
  return expMinusFraction(bits, a - whole * b, b);
}

/** `expMinus` on integers of any size. */
export function expMinusBig(bits: RandomBits, a: bigint, b: bigint): boolean {
  for (let rest = a; rest >= b; rest -= b) {
    if (!expMinusOne(bits)) return false;
  }
  const fraction = a % b;
  let k = 1n;
  while (bernoulliBig(bits, fraction, b * k)) k++;
  return k % 2n === 1n;
}
