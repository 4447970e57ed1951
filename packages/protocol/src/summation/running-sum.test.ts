import { addPackedWords, packedLength, packWords } from '@tributary/crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { addToIntegerSum, encodeIntegerSum, integerSumWidth, ringWords } from './integer-sum.ts';
import { RunningSum } from './running-sum.ts';

it('is the integer sum, also where words pass 2^32 again and again', () => {
  const uploads = fc.record({
    bits: fc.integer({ min: 28, max: 32 }),
    vectors: fc.array(fc.array(fc.integer(), { minLength: 3, maxLength: 3 }), {
      minLength: 1,
      maxLength: 40,
    }),
  });
  fc.assert(
    fc.property(uploads, ({ bits, vectors }) => {
      const sum = new RunningSum(new Int32Array(3), bits);
      const wanted = new Float64Array(3);
      for (const vector of vectors) {
        const packed = new Uint8Array(packedLength(3, bits));
        packWords(Int32Array.from(vector), bits, packed);
        sum.begin();
        addPackedWords(packed, bits, sum.words);
        addToIntegerSum(packed, bits, wanted, 0, new Int32Array(3));
      }
      expect(sum.values(0, 3)).toEqual(wanted);
      expect(sum.values(1, 9)).toEqual(wanted.slice(1));
      expect(sum.encode()).toEqual(encodeIntegerSum(wanted, integerSumWidth(bits, vectors.length)));
      const ring = new Int32Array(3);
      sum.ringWords(ring);
      expect(ring).toEqual(ringWords(wanted, 0, 3));
    }),
  );
});

it('holds as many of the largest words as may ever come', () => {
  for (const bits of [13, 24, 32]) {
    const sum = new RunningSum(new Int32Array(1), bits);
    const uploads = 3 * Math.min(1000, 2 ** (32 - bits)) + 1;
    for (let i = 0; i < uploads; i++) {
      sum.begin();
      sum.words[0] = (sum.words[0] ?? 0) + (2 ** bits - 1);
    }
    expect(sum.values(0, 1)[0]).toBe(uploads * (2 ** bits - 1));
  }
});
