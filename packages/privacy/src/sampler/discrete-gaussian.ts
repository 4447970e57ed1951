/**
 * The discrete Gaussian, P(x) proportional to exp(-x^2 / (2 s2)) on the integers, exactly: rejection from the discrete
 * Laplace distribution (Canonne, Kamath, Steinke 2020, arXiv 2004.00010, algorithms 1 to 3). No floating-point number is rounded on
 * the way, so the attacks of Mironov 2012 have nothing to hold on to.
 *
 * How long a draw takes depends on its value. Draw the whole vector before the data is touched and send at a fixed time.
 */
import { PrivacyError } from '../privacy-error.ts';
import {
  bernoulli,
  expMinus,
  expMinusBig,
  expMinusFraction,
  expMinusOne,
  expMinusProduct,
} from './bernoulli.ts';
import { integerSquareRoot } from './integer-square-root.ts';
import { uniformBelow, type RandomBits } from './random-bits.ts';

/** Below this variance the acceptance coin runs on Numbers, except for draws that no one will ever see. */
export const MAX_NUMBER_VARIANCE: number = 2 ** 40;
export const MAX_VARIANCE: bigint = 1n << 60n;
/** The largest integer whose square is below 2^53. */
const MAX_NUMBER_ROOT = 94_906_265;

/**
 * Fills `out` with independent draws. Each is reduced modulo 2^32 into the signed range, as the ring of the sum does; below a variance of
 * 2^54 no reduction ever happens in practice (more than 16 standard deviations).
 * @param variance s2 in 1 .. 2^60, an integer
 * @throws PrivacyError `BAD_PARAMETER` on a variance out of range
 */
export function sampleDiscreteGaussian(bits: RandomBits, variance: bigint, out: Int32Array): void {
  if (variance < 1n || variance > MAX_VARIANCE) {
    throw new PrivacyError('BAD_PARAMETER', `variance must be an integer in 1 .. 2^60, not ${variance}`);
  }
  const scale = Number(integerSquareRoot(variance)) + 1;
  const accept = acceptance(variance, scale);
  for (let j = 0; j < out.length; j++) {
    let drawn = discreteLaplace(bits, scale);
    while (!accept(bits, Math.abs(drawn))) drawn = discreteLaplace(bits, scale);
    out[j] = drawn;
  }
}

/**
 * One draw with P(x) proportional to exp(-|x| / scale). @param scale 1 .. 2^31
 *
 * A double holds it unless 2^22 coins of probability exp(-1) in a row come up true.
 */
export function discreteLaplace(bits: RandomBits, scale: number): number {
  for (;;) {
    const drawn = uniformBelow(bits, 2 * scale);
    const negative = drawn % 2 === 1;
    const low = (drawn - (drawn % 2)) / 2;
    if (!expMinusFraction(bits, low, scale)) continue;
    let high = 0;
    while (expMinusOne(bits)) high++;
    const size = low + scale * high;
    if (size !== 0) return negative ? -size : size;
    if (!negative) return 0;
  }
}

export type Acceptance = (bits: RandomBits, size: number) => boolean;

/** The coin that turns a Laplace draw of absolute value `size` into a Gaussian one: exp(-(size - s2/scale)^2 / (2 s2)). */
function acceptance(variance: bigint, scale: number): Acceptance {
  const onBigInts = acceptanceOnBigInts(variance, scale);
  if (variance > BigInt(MAX_NUMBER_VARIANCE)) return onBigInts;
  const onNumbers = acceptanceOnNumbers(Number(variance), scale);
  return (bits, size) => (size <= MAX_NUMBER_ROOT ? onNumbers(bits, size) : onBigInts(bits, size));
}

/**
 * With s2/scale = centre + r/scale, the distance |size - s2/scale| is n + g/scale for integers n >= 0 and 0 <= g <= scale, and
 * exp(-(n + g/scale)^2 / (2 s2)) is the product of three coins whose integers stay near s2 instead of s2^2.
 */
export function acceptanceOnNumbers(variance: number, scale: number): Acceptance {
  const centre = Math.floor(variance / scale);
  const r = variance - centre * scale;
  return (bits, size) => {
    const below = size <= centre;
    const n = below ? centre - size : size - centre - 1;
    const g = below ? r : scale - r;
    if (!expMinus(bits, n * n, 2 * variance)) return false;
    for (let rest = n; rest > 0; rest -= variance) {
      if (!expMinusProduct(bits, Math.min(rest, variance), variance, g, scale)) return false;
    }
    return expMinusSquare(bits, g, scale, 2 * variance);
  };
}

/** True with probability exp(-(g/scale)^2 / b): three coins again, of which the first almost always ends it. */
function expMinusSquare(bits: RandomBits, g: number, scale: number, b: number): boolean {
  let k = 1;
  while (bernoulliOfProduct(bits, g, scale, b * k)) k++;
  return k % 2 === 1;
}

function bernoulliOfProduct(bits: RandomBits, g: number, scale: number, b: number): boolean {
  return bernoulli(bits, 1, b) && bernoulli(bits, g, scale) && bernoulli(bits, g, scale);
}

/** The same coin as one fraction, on integers of any size. */
export function acceptanceOnBigInts(variance: bigint, scale: number): Acceptance {
  const t = BigInt(scale);
  const denominator = 2n * variance * t * t;
  return (bits, size) => {
    const distance = BigInt(size) * t - variance;
    return expMinusBig(bits, distance * distance, denominator);
  };
}
