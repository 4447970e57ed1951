import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PrivacyError } from '../privacy-error.ts';
import { chooseEncoding, type EncodingRequest } from './choose-encoding.ts';
import { encodeRecord } from './encode.ts';
import { checkHeadroom, ringBits } from './headroom.ts';

const request: EncodingRequest = {
  contributors: 10,
  maxRecords: 10_000,
  recordNorm: 1,
  recordMax: 1,
  recordSupport: 384,
};

function refusalOf(bad: EncodingRequest): PrivacyError {
  try {
    chooseEncoding(bad);
  } catch (error) {
    if (error instanceof PrivacyError) return error;
    throw error;
  }
  throw new Error('was accepted');
}

describe('chooseEncoding', () => {
  it('takes the finest scale up to the limit, and the bounds that go with it', () => {
    const { encoding, bits } = chooseEncoding(request);
    expect(encoding).toEqual({ scale: 4096, normBound: 4106, coordinateBound: 4096, maxRecords: 10_000 });
    expect(bits).toBe(30); // 10 * 10,000 * 4096 = 4.1e8 < 2^29
  });

  it('coarsens until the largest sum fits 32 bits', () => {
    const { encoding, bits } = chooseEncoding({ ...request, contributors: 100 });
    expect(encoding.scale).toBe(2048);
    expect(bits).toBe(32);
    expect(chooseEncoding({ ...request, contributors: 100, maxScale: 1024 }).encoding.scale).toBe(1024);
  });

  it('a record with one non-zero coordinate pays nothing for rounding', () => {
    expect(chooseEncoding({ ...request, recordSupport: 1 }).encoding.normBound).toBe(4096);
  });

  it('leaves room for noise that follows from the bounds', () => {
    const { encoding, bits } = chooseEncoding({
      ...request,
      noiseVariance: ({ normBound }) => BigInt(normBound) ** 2n * 1_000_000n,
    });
    expect(encoding.scale).toBe(4096);
    expect(bits).toBe(31);
  });

  it('refuses a ring that could overflow even at one unit per 1.0, with the numbers and the fix', () => {
    const refused = refusalOf({ ...request, contributors: 1000, maxRecords: 10_000_000 });
    expect(refused.code).toBe('RING_OVERFLOW');
    expect(refused.message).toContain('1000 contributors * 10000000 records * 1 units');
    expect(refused.message).toContain('lower maxRecords');
    expect(refusalOf({ ...request, noiseVariance: 1n << 60n }).code).toBe('RING_OVERFLOW');
    expect(refusalOf({ ...request, recordNorm: 2 ** 40, recordMax: 2 ** 40 }).code).toBe('RING_OVERFLOW');
  });

  it.each([
    ['contributors', { ...request, contributors: 0 }],
    ['maxRecords', { ...request, maxRecords: 2.5 }],
    ['recordNorm', { ...request, recordNorm: Number.NaN }],
    ['recordMax', { ...request, recordMax: -1 }],
    ['recordSupport', { ...request, recordSupport: 0 }],
    ['maxScale', { ...request, maxScale: 1000 }],
    ['noiseVariance', { ...request, noiseVariance: -1n }],
  ])('refuses a bad %s by name', (field, bad) => {
    const refused = refusalOf(bad);
    expect(refused.code).toBe('BAD_PARAMETER');
    expect(refused.message).toContain(field);
  });

  it('the next finer scale would overflow, and what is chosen passes the check of a client', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.integer({ min: 1, max: 2000 }),
        fc.double({ min: 0.01, max: 100, noNaN: true }),
        fc.bigInt({ min: 0n, max: 1n << 40n }),
        (contributors, maxRecords, recordMax, noiseVariance) => {
          const { encoding, bits } = chooseEncoding({
            contributors,
            maxRecords,
            recordMax,
            recordNorm: recordMax,
            recordSupport: 7,
            noiseVariance,
          });
          expect(checkHeadroom({ encoding, contributors, noiseVariance }, bits)).toBeUndefined();
          if (encoding.scale === 4096) return;
          const finer = { ...encoding, coordinateBound: Math.ceil(2 * encoding.scale * recordMax) };
          expect(ringBits({ encoding: finer, contributors, noiseVariance })).toMatchObject({
            code: 'RING_OVERFLOW',
          });
        },
      ),
    );
  });

  it('a record inside its declared bounds is never clipped', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 1, maxLength: 64 }),
        fc.constantFrom(1, 8, 4096),
        (numbers, maxScale) => {
          const values = Float64Array.from(numbers);
          const recordMax = Math.max(1e-3, ...numbers.map(Math.abs));
          const recordNorm = Math.max(
            recordMax,
            Math.sqrt(values.reduce((sum, value) => sum + value * value, 0)),
          );
          const support = values.length;
          const { encoding } = chooseEncoding({
            ...request,
            recordMax,
            recordNorm,
            recordSupport: support,
            maxScale,
          });
          const record = { length: support, indices: Uint32Array.from(values.keys()), values };
          expect(encodeRecord(record, encoding, new Int32Array(support))).toBe(false);
        },
      ),
    );
  });
});
