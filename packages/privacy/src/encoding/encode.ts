import { PrivacyError } from '../privacy-error.ts';
import { requireInteger } from '../parameters.ts';
import { checkEncoding, type Encoding } from './encoding.ts';

/**
 * One record's contribution: at `indices[j]` (ascending, unique) stands `values[j]`, for j < `length`. The arrays may be
 * longer than `length` and may be reused for the next record.
 */
export interface SparseRecord {
  readonly length: number;
  readonly indices: Uint32Array;
  readonly values: Float64Array;
}

/** What one organisation contributes to a sum, before noise and masks. */
export interface EncodedRecords {
  /** The raw sum of the records' integers; |coordinate| <= maxRecords * coordinateBound. */
  readonly vector: Int32Array;
  /** How many records went in. */
  readonly records: number;
  /** How many of them were changed to meet a bound. */
  readonly clipped: number;
}

const MAX_SHRINKS = 16;
const FIRST_SLACK = 1e-4;

/**
 * Turns one record into integers and adds them to `into`: nearest integers (ties away from zero) of `scale * value`, each clamped
 * to the coordinate bound, then, where the exact sum of squares exceeds `normBound ** 2`, all shrunk towards zero by
 * one factor until it does not. The caller keeps to `encoding.maxRecords` records per accumulator.
 * @returns whether a bound changed the record
 * @throws PrivacyError `NOT_FINITE` on NaN or an infinity, `BAD_RECORD` on indices that are not ascending, unique and inside
 *   `into` (a repeated index would escape the norm check); `into` is then unchanged
 */
export function encodeRecord(record: SparseRecord, encoding: Encoding, into: Int32Array): boolean {
  checkRecord(record, into.length);
  const { normBound } = encoding;
  const limit = normBound * normBound;
  let squares = sumOfSquares(record, encoding, 1);
  if (squares <= limit) return addInto(record, encoding, 1, into);
  let factor = 1;
  // |round(y)| <= 2|y|, so a factor that halves the norm always fits; doubling the slack reaches it in 14 steps.
  for (
    let shrink = 0, slack = FIRST_SLACK;
    shrink < MAX_SHRINKS;
    shrink++, slack = Math.min(0.5, 2 * slack)
  ) {
    factor *= ((1 - slack) * normBound) / Math.sqrt(squares);
    squares = sumOfSquares(record, encoding, factor);
    if (squares <= limit) {
      addInto(record, encoding, factor, into);
      return true;
    }
  }
  return true;
}

/**
 * Encodes each record alone and sums the integers; the sum is never rescaled.
 * @param dimension length of the vector
 * @throws PrivacyError `TOO_MANY_RECORDS` above `encoding.maxRecords`, and what `encodeRecord` throws
 */
export function encodeRecords(
  records: Iterable<SparseRecord>,
  dimension: number,
  encoding: Encoding,
): EncodedRecords {
  requireInteger('dimension', dimension, 1, 2 ** 31 - 1);
  const refusal = checkEncoding(encoding);
  if (refusal !== undefined) throw new PrivacyError(refusal.code, refusal.message);
  const vector = new Int32Array(dimension);
  let count = 0;
  let clipped = 0;
  for (const record of records) {
    if (count === encoding.maxRecords) {
      throw new PrivacyError(
        'TOO_MANY_RECORDS',
        `the plan takes at most ${encoding.maxRecords} records per organisation; contribute a random subset`,
      );
    }
    if (encodeRecord(record, encoding, vector)) clipped++;
    count++;
  }
  return { vector, records: count, clipped };
}

function checkRecord({ length, indices, values }: SparseRecord, dimension: number): void {
  if (length > indices.length || length > values.length) {
    throw new PrivacyError('BAD_RECORD', `record.length is ${length}, longer than its arrays`);
  }
  let previous = -1;
  for (let j = 0; j < length; j++) {
    const index = indices[j] as number;
    if (index <= previous || index >= dimension) {
      throw new PrivacyError(
        'BAD_RECORD',
        `record index ${index} after ${previous}: indices must be ascending, unique and below ${dimension}`,
      );
    }
    previous = index;
    if (!Number.isFinite(values[j])) {
      throw new PrivacyError(
        'NOT_FINITE',
        `the record's value at index ${index} is ${values[j]}; drop the record`,
      );
    }
  }
}

/** Exact where it is at most 2^53, and above every `normBound ** 2` where it is not. */
function sumOfSquares({ length, values }: SparseRecord, encoding: Encoding, factor: number): number {
  let squares = 0;
  for (let j = 0; j < length; j++) {
    const q = quantise(values[j] as number, encoding, factor);
    squares += q * q;
  }
  return squares;
}

/** @returns whether the coordinate bound changed a value */
function addInto(
  { length, indices, values }: SparseRecord,
  encoding: Encoding,
  factor: number,
  into: Int32Array,
): boolean {
  let clamped = false;
  for (let j = 0; j < length; j++) {
    const index = indices[j] as number;
    const value = values[j] as number;
    into[index] = (into[index] as number) + quantise(value, encoding, factor);
    clamped ||= roundAway(Math.abs(encoding.scale * value)) > encoding.coordinateBound;
  }
  return clamped;
}

/** Clamped before it is shrunk: one absurd coordinate then cannot push all others to zero. */
function quantise(value: number, { scale, coordinateBound }: Encoding, factor: number): number {
  const size = roundAway(factor * Math.min(Math.abs(scale * value), coordinateBound));
  return value < 0 ? -size : size;
}

/** The nearest integer of y >= 0, ties away from zero. Adding 1/2 before the floor would round 0.5 - 2^-54 up. */
function roundAway(y: number): number {
  const floor = Math.floor(y);
  return y - floor >= 0.5 ? floor + 1 : floor;
}
