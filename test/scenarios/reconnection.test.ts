/**
 * Sessions that end while their processes live: what a member has done stays done, and it is with the others
 * again.
 */
import { describe, expect, it } from 'vitest';
import { plainSum, randomVectors, sumRequest, testFederation } from '../support/federation.ts';
import { ANSWERS } from '../support/moments.ts';

const DIMENSION = 30;
const EVERYBODY = [0, 1, 2, 3, 4];
const OTHERS = [0, 1, 3, 4];
const vectors = randomVectors(5, DIMENSION, 1);
const later = randomVectors(5, DIMENSION, 2);

describe('a session that is lost and replaced at once', () => {
  it.each(ANSWERS)('after %s costs the sum nothing', (answer) => {
    let lost = 0;
    const { federation } = testFederation(5, {
      faults: {
        afterSend(member, kind) {
          if (member === 2 && kind === answer && lost === 0) {
            lost += 1;
            federation.disconnect(2);
            federation.reconnect(2);
          }
          return 'live';
        },
      },
    });
    for (const each of [vectors, later]) {
      expect(federation.sum(sumRequest(DIMENSION, each))).toEqual({
        kind: 'opened',
        survivors: EVERYBODY,
        sum: plainSum(each, EVERYBODY),
      });
    }
    expect(federation.deadlinesPassed).toBe(0);
    expect(lost).toBe(1);
  });
});

describe('a member that stays away', () => {
  it('is left out of the sums meanwhile, and takes part again when it is back', () => {
    const { federation } = testFederation(5);
    federation.sum(sumRequest(DIMENSION, vectors));
    federation.disconnect(2);
    for (let round = 0; round < 2; round++) {
      expect(federation.sum(sumRequest(DIMENSION, vectors))).toEqual({
        kind: 'opened',
        survivors: OTHERS,
        sum: plainSum(vectors, OTHERS),
      });
    }
    federation.reconnect(2);
    expect(federation.sum(sumRequest(DIMENSION, later))).toEqual({
      kind: 'opened',
      survivors: EVERYBODY,
      sum: plainSum(later, EVERYBODY),
    });
    expect(federation.rejections).toEqual([]);
  });

  it.each(ANSWERS.slice(2))(
    'from the moment after its %s is with the others in the next sum, though it missed the end',
    (answer) => {
      const { federation } = testFederation(5, {
        faults: {
          afterSend(member, kind) {
            if (member === 2 && kind === answer) federation.disconnect(2);
            return 'live';
          },
        },
      });
      expect(federation.sum(sumRequest(DIMENSION, vectors))).toMatchObject({ kind: 'opened' });
      expect(federation.memberState(2).round).toBeDefined();
      federation.reconnect(2);
      expect(federation.sum(sumRequest(DIMENSION, later))).toMatchObject({ kind: 'opened' });
      expect(federation.drops.filter(({ reason }) => reason === 'refused-by-client-policy')).toEqual([]);
    },
  );
});
