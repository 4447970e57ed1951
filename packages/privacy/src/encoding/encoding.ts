import type { Refusal } from '../privacy-error.ts';

/**
 * How the numbers of one sum become integers: public, part of the signed plan, the same at every client. All bounds
 * are in integer units and are facts about what is transmitted, so sensitivity needs no statement about floating point.
 */
export interface Encoding {
  /** Integer units per 1.0: a power of two, so that scaling and decoding are exact. 1 .. 2^30. */
  readonly scale: number;
  /** Exact bound on one record: the sum of its squared integers is at most `normBound ** 2`. 1 .. 2^26. */
  readonly normBound: number;
  /** Exact bound on one coordinate of one record: |q| <= `coordinateBound`. 1 .. 2^31 - 1. */
  readonly coordinateBound: number;
  /** Most records that one organisation may add to the sum. 1 .. 2^31 - 1. */
  readonly maxRecords: number;
}

export const MAX_SCALE: number = 2 ** 30;
/** Up to here the square of the bound, and the sum that is compared with it, are exact in a double. */
export const MAX_NORM_BOUND: number = 2 ** 26;
export const MAX_COORDINATE: number = 2 ** 31 - 1;

function integerIn(value: number, maximum: number): boolean {
  return Number.isSafeInteger(value) && value >= 1 && value <= maximum;
}

/** `scale` is an exact power of two in 1 .. 2^30. */
export function isPowerOfTwo(scale: number): boolean {
  return integerIn(scale, MAX_SCALE) && (scale & (scale - 1)) === 0;
}

/** Why an encoding that a peer proposed is not one, or undefined where it is. */
export function checkEncoding(encoding: Encoding): Refusal | undefined {
  if (!isPowerOfTwo(encoding.scale)) {
    return badField('scale', encoding.scale, 'a power of two in 1 .. 2^30');
  }
  if (!integerIn(encoding.normBound, MAX_NORM_BOUND)) {
    return badField('normBound', encoding.normBound, 'an integer in 1 .. 2^26');
  }
  if (!integerIn(encoding.coordinateBound, MAX_COORDINATE)) {
    return badField('coordinateBound', encoding.coordinateBound, 'an integer in 1 .. 2^31 - 1');
  }
  if (!integerIn(encoding.maxRecords, MAX_COORDINATE)) {
    return badField('maxRecords', encoding.maxRecords, 'an integer in 1 .. 2^31 - 1');
  }
  return undefined;
}

function badField(field: keyof Encoding, value: number, wanted: string): Refusal {
  return { code: 'BAD_ENCODING', message: `encoding.${field} must be ${wanted}, not ${value}` };
}
