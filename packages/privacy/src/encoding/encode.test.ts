import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseEncoding } from './choose-encoding.ts';
import { decodeSum } from './decode.ts';
import { encodeRecord, encodeRecords, type SparseRecord } from './encode.ts';
import type { Encoding } from './encoding.ts';

const encoding: Encoding = { scale: 4, normBound: 20, coordinateBound: 12, maxRecords: 3 };

function dense(...values: number[]): SparseRecord {
  return {
    length: values.length,
    indices: Uint32Array.from(values.keys()),
    values: Float64Array.from(values),
  };
}

function encode(record: SparseRecord, bounds: Encoding = encoding): { vector: number[]; clipped: boolean } {
  const vector = new Int32Array(record.length);
  const clipped = encodeRecord(record, bounds, vector);
  return { vector: [...vector], clipped };
}

function squares(vector: readonly number[]): number {
  return vector.reduce((sum, q) => sum + q * q, 0);
}

describe('one record becomes integers', () => {
  it('by nearest rounding, ties away from zero on both sides', () => {
    expect(encode(dense(0.125, -0.125, 0.375, -0.375, 0.3, -0.3, 0))).toEqual({
      vector: [1, -1, 2, -2, 1, -1, 0],
      clipped: false,
    });
  });

  it('the largest double below one half rounds to zero', () => {
    const below = 0.5 - 2 ** -54;
    expect(encode(dense(below, -below), { ...encoding, scale: 1 }).vector).toEqual([0, 0]);
  });

  it('clamps a coordinate and says so', () => {
    expect(encode(dense(3, 0.25))).toEqual({ vector: [12, 1], clipped: false });
    expect(encode(dense(3.2, -400))).toEqual({ vector: [12, -12], clipped: true });
  });

  it('shrinks a record whose integers are too long, keeping its direction', () => {
    const { vector, clipped } = encode(dense(3, 3, -3, 3));
    expect(clipped).toBe(true);
    expect(vector).toEqual([10, 10, -10, 10]); // 4 * 12^2 = 576 > 400 = 4 * 10^2
    expect(squares(vector)).toBeLessThanOrEqual(400);
  });

  it('adds to what is there, at the indices of the record only', () => {
    const into = Int32Array.of(5, 5, 5, 5);
    const reused = { length: 2, indices: Uint32Array.of(1, 3, 0), values: Float64Array.of(0.25, -0.5, 99) };
    expect(encodeRecord(reused, encoding, into)).toBe(false);
    expect([...into]).toEqual([5, 6, 5, 3]);
  });
});

describe('adversarial records stay inside the bound and the loop ends', () => {
  const wide: Encoding = { scale: 1, normBound: 1000, coordinateBound: 1000, maxRecords: 1 };
  const narrow: Encoding = { ...wide, normBound: 400 };
  it.each([
    ['all equal just above a tie', Array.from({ length: 200_000 }, () => 0.5)],
    ['all equal, far too long', Array.from({ length: 10_000 }, () => 1e6)],
    ['one spike', [1e300, ...Array.from({ length: 1000 }, () => 1)]],
    ['the largest double', [Number.MAX_VALUE, -Number.MAX_VALUE]],
    ['barely too long, where a small shrink changes nothing', Array.from({ length: 101 }, () => 100.49)],
  ])('%s', (_name, values) => {
    const record = {
      length: values.length,
      indices: Uint32Array.from(values.keys()),
      values: Float64Array.from(values),
    };
    const into = new Int32Array(values.length);
    expect(encodeRecord(record, narrow, into)).toBe(true);
    expect(squares([...into])).toBeLessThanOrEqual(narrow.normBound ** 2);
  });

  it('keeps the spike of a record rather than losing all of it', () => {
    expect(encode(dense(1e300, 1), wide).vector).toEqual([999, 1]);
    expect(encode(dense(...Array.from({ length: 101 }, () => 100.49)), wide).vector[0]).toBe(99);
  });

  it('zeros and denormals encode to zero, unclipped', () => {
    expect(encode(dense(0, -0, Number.MIN_VALUE, -1e-310)).vector.map(Math.abs)).toEqual([0, 0, 0, 0]);
    expect(encode(dense(0, -0, Number.MIN_VALUE, -1e-310)).clipped).toBe(false);
  });

  it.each([Number.NaN, Infinity, -Infinity])('%d is refused and leaves the sum untouched', (bad) => {
    const into = Int32Array.of(7, 7, 7);
    expect(() => encodeRecord(dense(1, bad, 1), encoding, into)).toThrowError(
      expect.objectContaining({ code: 'NOT_FINITE', message: expect.stringContaining('index 1') }),
    );
    expect([...into]).toEqual([7, 7, 7]);
  });

  it.each([
    ['a repeated index', [0, 1, 1]],
    ['a descending index', [2, 1, 0]],
    ['an index outside the vector', [0, 1, 3]],
  ])('%s is refused: it would escape the norm check', (_name, indices) => {
    const record = { length: 3, indices: Uint32Array.from(indices), values: Float64Array.of(1, 1, 1) };
    expect(() => encodeRecord(record, encoding, new Int32Array(3))).toThrowError(
      expect.objectContaining({ code: 'BAD_RECORD' }),
    );
  });

  it('a length beyond the arrays is refused', () => {
    const record = { length: 3, indices: Uint32Array.of(0, 1), values: Float64Array.of(1, 1, 1) };
    expect(() => encodeRecord(record, encoding, new Int32Array(3))).toThrowError(
      expect.objectContaining({ code: 'BAD_RECORD' }),
    );
  });

  it('any finite record meets both bounds, exactly', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 50 }),
        fc.integer({ min: 1, max: 5000 }),
        fc.integer({ min: 1, max: 5000 }),
        (values, normBound, coordinateBound) => {
          const { vector } = encode(dense(...values), {
            scale: 1,
            normBound,
            coordinateBound,
            maxRecords: 1,
          });
          expect(squares(vector)).toBeLessThanOrEqual(normBound ** 2);
          expect(Math.max(...vector.map(Math.abs))).toBeLessThanOrEqual(coordinateBound);
        },
      ),
    );
  });
});

describe('an organisation contributes the raw sum of its records', () => {
  it('counts records and how many were clipped', () => {
    const { vector, records, clipped } = encodeRecords(
      [dense(1, 0), dense(0, 99), dense(-0.5, 0.25)],
      2,
      encoding,
    );
    expect([...vector]).toEqual([2, 13]);
    expect({ records, clipped }).toEqual({ records: 3, clipped: 1 });
  });

  it('refuses more records than the plan allows', () => {
    const records = Array.from({ length: 4 }, () => dense(1));
    expect(() => encodeRecords(records, 1, encoding)).toThrowError(
      expect.objectContaining({ code: 'TOO_MANY_RECORDS', message: expect.stringContaining('at most 3') }),
    );
  });

  it('refuses an encoding that is none, and a dimension that is none', () => {
    expect(() => encodeRecords([], 1, { ...encoding, scale: 5 })).toThrowError(
      expect.objectContaining({ code: 'BAD_ENCODING' }),
    );
    expect(() => encodeRecords([], 0, encoding)).toThrowError(
      expect.objectContaining({ code: 'BAD_PARAMETER' }),
    );
  });

  it('a decoded sum is off by at most half a unit per record and coordinate', () => {
    const dimension = 5;
    fc.assert(
      fc.property(
        fc.array(
          fc.array(fc.double({ min: -1, max: 1, noNaN: true }), {
            minLength: dimension,
            maxLength: dimension,
          }),
          {
            minLength: 1,
            maxLength: 40,
          },
        ),
        (rows) => {
          const { encoding: chosen } = chooseEncoding({
            contributors: 1,
            maxRecords: rows.length,
            recordNorm: Math.sqrt(dimension),
            recordMax: 1,
            recordSupport: dimension,
          });
          const encoded = encodeRecords(
            rows.map((row) => dense(...row)),
            dimension,
            chosen,
          );
          expect(encoded.clipped).toBe(0);
          const decoded = decodeSum(encoded.vector, chosen);
          for (let j = 0; j < dimension; j++) {
            const exact = rows.reduce((sum, row) => sum + (row[j] ?? 0), 0);
            expect(Math.abs((decoded[j] ?? Number.NaN) - exact)).toBeLessThanOrEqual(
              rows.length / (2 * chosen.scale) + 1e-9,
            );
          }
        },
      ),
    );
  });

  it('whole units decode exactly, to the ends of the ring', () => {
    const scale = 4096;
    const sum = Int32Array.of(-(2 ** 31), 2 ** 31 - 1, 0, -1);
    const decoded = decodeSum(sum, { ...encoding, scale });
    expect([...decoded].map((value) => value * scale)).toEqual([...sum]);
  });
});
