/**
 * A22: a contribution that is out of all proportion. An honest member's client clips every record whatever its
 * data hold, and nobody follows a coordinator that widens the bounds. What a member does that does not follow
 * the protocol is hidden by the masks: that its vector shifts the sum is a limit we state, not a defence.
 */
import { chooseEncoding, encodeRecords, type SparseRecord } from '@tributary/privacy';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Attacker } from '../support/attacker.ts';
import { expectedSum } from '../support/expected-sum.ts';
import { plainSum, randomVectors, sumRequest, testFederation } from '../support/federation.ts';

const DIMENSION = 16;
const { encoding } = chooseEncoding({
  contributors: 5,
  maxRecords: 4,
  recordNorm: 2,
  recordMax: 1,
  recordSupport: DIMENSION,
});

function record(values: readonly number[]): SparseRecord {
  return {
    length: values.length,
    indices: Uint32Array.from(values.keys()),
    values: Float64Array.from(values),
  };
}

const values = fc.array(
  fc.oneof(fc.double({ min: -1, max: 1, noNaN: true }), fc.constantFrom(1000, -1e300, Number.MAX_VALUE, -0)),
  { minLength: 1, maxLength: DIMENSION },
);

describe('A22: a contribution out of proportion', () => {
  it('is clipped by the client: no record exceeds its coordinate bound or its norm, whatever the data', () => {
    fc.assert(
      fc.property(values, (wild) => {
        const { vector } = encodeRecords([record(wild)], DIMENSION, encoding);
        const squares = vector.reduce((sum, value) => sum + value * value, 0);
        expect(squares).toBeLessThanOrEqual(encoding.normBound ** 2);
        expect(Math.max(...vector.map(Math.abs))).toBeLessThanOrEqual(encoding.coordinateBound);
      }),
    );
  });

  it('of an update times 1000 is counted as clipped and weighs no more than any other', () => {
    const update = [0.5, -0.25, 0.125];
    const honest = encodeRecords([record(update)], DIMENSION, encoding);
    const boosted = encodeRecords([record(update.map((value) => 1000 * value))], DIMENSION, encoding);
    expect([honest.clipped, boosted.clipped]).toEqual([0, 1]);
    expect(Math.hypot(...boosted.vector)).toBeLessThanOrEqual(encoding.normBound);
  });

  it.each([[NaN], [Infinity], [-Infinity]])('with %s in it is refused, not summed', (value) => {
    expect(() => encodeRecords([record([0.5, value])], DIMENSION, encoding)).toThrow(
      expect.objectContaining({ code: 'NOT_FINITE' }),
    );
  });

  it('by many records is refused: a member adds at most as many as the plan says', () => {
    const many = Array.from({ length: encoding.maxRecords + 1 }, () => record([1]));
    expect(() => encodeRecords(many, DIMENSION, encoding)).toThrow(
      expect.objectContaining({ code: 'TOO_MANY_RECORDS' }),
    );
  });

  it.each(['scale', 'normBound', 'coordinateBound', 'maxRecords'] as const)(
    'is not invited: a round with a wider %s than follows from the plan is refused, and nobody uploads',
    (field) => {
      const attacker = new Attacker({ members: 5 });
      attacker.openBatch();
      const expected = attacker.expect(1);
      const wider = { ...expected.encoding, [field]: 2 * expected.encoding[field] };
      const { ready } = attacker.announce(attacker.roundTerms({ ...expected, encoding: wider }));
      expect(ready).toEqual([]);
      for (const { rejections } of attacker.members) {
        expect(rejections).toMatchObject([
          { code: 'UNEXPECTED_PLAN', detail: expect.stringMatching(`^encoding.${field}`) as string },
        ]);
      }
      expect(attacker.all('upload-end')).toEqual([]);
    },
  );
});

describe('A22: what is not defended', () => {
  it('a member that ignores the protocol shifts the sum by what it likes, and nobody can tell whose it was', () => {
    const vectors = randomVectors(5, DIMENSION, 22);
    vectors[3] = new Int32Array(DIMENSION).fill(200_000);
    const { inputBound } = expectedSum(1, DIMENSION);
    expect(Math.max(...(vectors[3] ?? []))).toBeGreaterThan(inputBound);
    const { federation } = testFederation(5);
    expect(federation.sum(sumRequest(DIMENSION, vectors))).toEqual({
      kind: 'opened',
      survivors: [0, 1, 2, 3, 4],
      sum: plainSum(vectors, [0, 1, 2, 3, 4]),
    });
    expect(federation.rejections).toEqual([]);
  });
});
