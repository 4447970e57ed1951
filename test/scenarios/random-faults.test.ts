/** Random schedules over both machines; `support/storm.ts` says what may happen in them and what may not. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainSum, randomVectors } from '../support/federation.ts';
import { CALM, checkStorms, playStorm } from '../support/storm.ts';

describe('random schedules', () => {
  it('open the sum of a signed set, or end with a reason', () => {
    const { opened, aborted } = checkStorms({ numRuns: 30 });
    // A property over nothing but failures would say nothing.
    expect(opened).toBeGreaterThan(12);
    expect(aborted).toBeGreaterThan(8);
  });

  it('without a fault open every sum over everybody, in any order of events', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 2 ** 24 - 1 }),
        fc.constantFrom(3, 5),
        fc.boolean(),
        (seed, members, renewsAhead) => {
          const { outcomes, federation } = playStorm({ ...CALM, seed, members, renewsAhead });
          outcomes.forEach((outcome, i) => {
            const vectors = randomVectors(members, 20, seed + i);
            const survivors = vectors.map((_, id) => id);
            expect(outcome).toEqual({ kind: 'opened', survivors, sum: plainSum(vectors, survivors) });
          });
          expect([federation.drops, federation.rejections]).toEqual([[], []]);
        },
      ),
      { numRuns: 10 },
    );
  });
});
