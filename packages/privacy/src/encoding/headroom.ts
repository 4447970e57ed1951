/**
 * The ring must hold the largest sum that can happen, plus ten standard deviations of its noise:
 * U*M*B + 10*sqrt(U*s2) < 2^(b-1). Without noise, wrapping is then impossible; with noise its probability per coordinate
 * is below 2*exp(-50). Evaluated in integers, so that coordinator and clients never disagree at the boundary.
 * Wrapping would cost utility, never privacy: reduction modulo 2^b is post-processing.
 */
import type { Refusal } from '../privacy-error.ts';
import { checkEncoding, MAX_COORDINATE, type Encoding } from './encoding.ts';

/** Widths of a ring element that the wire knows. */
export const MIN_RING_BITS: number = 13;
export const MAX_RING_BITS: number = 32;

/** A sum as the ring sees it. */
export interface SumLoad {
  readonly encoding: Encoding;
  /** U, the largest number of organisations that may contribute. 1 .. 2^31 - 1. */
  readonly contributors: number;
  /** s2, the integer variance of each contributor's noise share in squared units; 0 (the default) without noise. */
  readonly noiseVariance?: bigint;
}

function fits(load: SumLoad, bits: number): boolean {
  const { encoding, contributors, noiseVariance = 0n } = load;
  const largestSum = BigInt(contributors) * BigInt(encoding.maxRecords) * BigInt(encoding.coordinateBound);
  const room = (1n << BigInt(bits - 1)) - largestSum;
  return room > 0n && 100n * BigInt(contributors) * noiseVariance < room * room;
}

function checkLoad({ encoding, contributors, noiseVariance = 0n }: SumLoad): Refusal | undefined {
  const refusal = checkEncoding(encoding);
  if (refusal !== undefined) return refusal;
  if (!Number.isSafeInteger(contributors) || contributors < 1 || contributors > MAX_COORDINATE) {
    return {
      code: 'BAD_PARAMETER',
      message: `contributors must be an integer in 1 .. 2^31 - 1, not ${contributors}`,
    };
  }
  if (noiseVariance < 0n) {
    return { code: 'BAD_PARAMETER', message: `noiseVariance must not be negative, not ${noiseVariance}` };
  }
  return undefined;
}

/**
 * The smallest ring that holds the sum, 13 .. 32 bits, or why there is none: `RING_OVERFLOW`, `BAD_ENCODING` or `BAD_PARAMETER`.
 */
export function ringBits(load: SumLoad): number | Refusal {
  const refusal = checkLoad(load);
  if (refusal !== undefined) return refusal;
  for (let bits = MIN_RING_BITS; bits <= MAX_RING_BITS; bits++) {
    if (fits(load, bits)) return bits;
  }
  return overflow(load, MAX_RING_BITS);
}

/**
 * What a client asks before it takes part: can the ring of this plan overflow? Never throws, whatever the plan holds.
 * @param bits the proposed width, 13 .. 32
 * @returns the refusal, or undefined where the sum fits
 */
export function checkHeadroom(load: SumLoad, bits: number): Refusal | undefined {
  const refusal = checkLoad(load);
  if (refusal !== undefined) return refusal;
  if (!Number.isSafeInteger(bits) || bits < MIN_RING_BITS || bits > MAX_RING_BITS) {
    return { code: 'BAD_PARAMETER', message: `bits must be an integer in 13 .. 32, not ${bits}` };
  }
  return fits(load, bits) ? undefined : overflow(load, bits);
}

function overflow({ encoding, contributors, noiseVariance = 0n }: SumLoad, bits: number): Refusal {
  const { maxRecords, coordinateBound, scale } = encoding;
  return {
    code: 'RING_OVERFLOW',
    message:
      `the sum could overflow ${bits} bits: ${contributors} contributors * ${maxRecords} records * ` +
      `${coordinateBound} units per coordinate (scale ${scale}) + 10 * sqrt(${contributors} * ${noiseVariance}) ` +
      `must stay below 2^${bits - 1}; lower maxRecords, the cohort or the largest value of a record`,
  };
}
