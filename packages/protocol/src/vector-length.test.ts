import { addPackedWords, packWords } from '@tributary/crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packedLengthOf, unusedBitsAreZero } from './vector-length.ts';

describe('a packed vector', () => {
  it('has the length that dimension and bits fix', () => {
    expect(packedLengthOf({ dimension: 10, bits: 13 })).toBe(17);
    expect(packedLengthOf({ dimension: 8, bits: 20 })).toBe(20);
    expect(() => packedLengthOf({ dimension: 8, bits: 12 })).toThrow(
      expect.objectContaining({ code: 'OUT_OF_RANGE' }),
    );
  });

  it('can be added exactly where the bits behind its last word are zero', () => {
    const terms = fc.record({
      dimension: fc.integer({ min: 1, max: 20 }),
      bits: fc.integer({ min: 13, max: 32 }),
    });
    fc.assert(
      fc.property(terms, fc.nat(255), (vector, lastByte) => {
        const packed = new Uint8Array(packedLengthOf(vector));
        packWords(new Int32Array(vector.dimension), vector.bits, packed);
        packed[packed.length - 1] = lastByte;
        const added = addPackedWords(packed, vector.bits, new Int32Array(vector.dimension));
        expect(unusedBitsAreZero(vector, lastByte)).toBe(added);
      }),
      { numRuns: 500 },
    );
  });
});
