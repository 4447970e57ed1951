/** Stories of one secure sum, in memory, over the real state machines. */
import { describe, expect, it } from 'vitest';
import { plainSum, randomVectors, sumRequest, testFederation } from '../support/federation.ts';

describe('a secure sum', () => {
  it('is the sum of all members, to the last bit', () => {
    const { federation } = testFederation(5);
    const vectors = randomVectors(5, 1000, 1);
    const outcome = federation.sum(sumRequest(1000, vectors));
    expect(outcome).toEqual({
      kind: 'opened',
      survivors: [0, 1, 2, 3, 4],
      sum: plainSum(vectors, [0, 1, 2, 3, 4]),
    });
    expect(federation.rejections).toEqual([]);
  });

  it('goes on over several rounds and batches', () => {
    const { federation } = testFederation(4, { keyCount: 3 });
    for (let round = 0; round < 8; round++) {
      const vectors = randomVectors(4, 37, round);
      const outcome = federation.sum(sumRequest(37, vectors));
      expect(outcome).toMatchObject({ kind: 'opened', sum: plainSum(vectors, [0, 1, 2, 3]) });
    }
    expect(federation.rejections).toEqual([]);
  });
});
