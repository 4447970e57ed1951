/**
 * A14: rounding that adds up. Numbers become integers by rounding to nearest, so a sum is off by half a unit
 * per coordinate, record and member at most, and no direction is preferred.
 */
import {
  chooseEncoding,
  decodeSum,
  encodeRecord,
  encodeRecords,
  type SparseRecord,
} from '@tributary/privacy';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededBytes, sumRequest, testFederation } from '../support/federation.ts';

const DIMENSION = 40;
const RECORDS = 3;
const MEMBERS = 5;

const { encoding, bits } = chooseEncoding({
  contributors: MEMBERS,
  maxRecords: RECORDS,
  recordNorm: Math.sqrt(DIMENSION),
  recordMax: 1,
  recordSupport: DIMENSION,
  maxScale: 1024,
});

function record(values: readonly number[]): SparseRecord {
  return {
    length: values.length,
    indices: Uint32Array.from(values.keys()),
    values: Float64Array.from(values),
  };
}

describe('A14: the error of a sum', () => {
  it('is U/2 units per coordinate and record at most, through the whole protocol', () => {
    const random = seededBytes(14);
    const number = (): number => (new DataView(random(4).buffer).getUint32(0) / 2 ** 31 - 1) * 0.99;
    const data = Array.from({ length: MEMBERS }, () =>
      Array.from({ length: RECORDS }, () => Array.from({ length: DIMENSION }, number)),
    );
    const vectors = data.map((records) => {
      const { vector, clipped } = encodeRecords(records.map(record), DIMENSION, encoding);
      expect(clipped).toBe(0);
      return vector;
    });
    const { federation } = testFederation(MEMBERS);
    const inputBound = encoding.maxRecords * encoding.coordinateBound;
    const outcome = federation.sum(sumRequest(DIMENSION, vectors, { bits, encoding, inputBound }));
    if (outcome.kind !== 'opened') throw new Error(outcome.detail);
    const decoded = decodeSum(outcome.sum, encoding);
    const largest = (MEMBERS * RECORDS) / 2;
    let off = 0;
    for (let j = 0; j < DIMENSION; j++) {
      const exact = data.flat().reduce((sum, values) => sum + (values[j] ?? 0), 0);
      const error = ((decoded[j] ?? 0) - exact) * encoding.scale;
      expect(Math.abs(error)).toBeLessThanOrEqual(largest);
      off += error;
    }
    // Not one-sided either: the mean error is far below half a unit per record.
    expect(Math.abs(off / DIMENSION)).toBeLessThan(largest / 4);
  });

  it('is half a unit per record at most, for any number inside the bounds, and the same for its negative', () => {
    fc.assert(
      fc.property(fc.double({ min: -1, max: 1, noNaN: true }), (value) => {
        const [one, other] = [new Int32Array(1), new Int32Array(1)];
        encodeRecord(record([value]), encoding, one);
        encodeRecord(record([-value]), encoding, other);
        expect(Math.abs((one[0] ?? 0) - encoding.scale * value)).toBeLessThanOrEqual(0.5);
        expect((one[0] ?? 0) + (other[0] ?? 0)).toBe(0);
      }),
    );
  });

  it('at a tie goes away from zero on both sides: no direction is preferred', () => {
    for (const [value, expected] of [
      [0.5, 1],
      [-0.5, -1],
      [1.5, 2],
      [-1.5, -2],
    ] as const) {
      const into = new Int32Array(1);
      encodeRecord(record([value / encoding.scale]), encoding, into);
      expect(into[0]).toBe(expected);
    }
  });
});
