/**
 * A18: members vanish after their uploads. Any t holders open the sum, also such as were themselves lost to
 * it as contributors; below t there is none, and no secret of anybody.
 */
import { decodeMessage } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import { lossesAt } from '../support/moments.ts';
import { plainSum, randomVectors, sumRequest, testFederation } from '../support/federation.ts';

// t = 5: two may be missing.
const N = 7;
const DIMENSION = 30;
const everybody = Array.from({ length: N }, (_, id) => id);
const vectors = randomVectors(N, DIMENSION, 18);

describe.each(['survivors-signature', 'release'] as const)(
  'A18: members that are lost before their %s',
  (answer) => {
    it.each([0, 1, 2])('%i of them are in the sum all the same', (lost) => {
      const gone = everybody.slice(1, 1 + lost);
      const { federation } = testFederation(N, {
        faults: lossesAt({ when: 'before', answer }, gone, () => federation),
      });
      const outcome = federation.sum(sumRequest(DIMENSION, vectors));
      expect(outcome).toEqual({ kind: 'opened', survivors: everybody, sum: plainSum(vectors, everybody) });
      expect(federation.rejections).toEqual([]);
    });

    it('three of them leave fewer than t shares of every secret, and no sum', () => {
      const gone = everybody.slice(1, 4);
      const shares = new Map<number, number>();
      const losses = lossesAt({ when: 'before', answer }, gone, () => federation);
      const { federation } = testFederation(N, {
        faults: {
          intercept(frame) {
            const passed = losses.intercept?.(frame) ?? [frame];
            for (const { bytes } of passed) {
              const decoded = decodeMessage(bytes);
              if (!decoded.ok || decoded.message.kind !== 'release') continue;
              for (const { owner } of decoded.message.body.shares) {
                shares.set(owner, (shares.get(owner) ?? 0) + 1);
              }
            }
            return passed;
          },
        },
      });
      expect(federation.sum(sumRequest(DIMENSION, vectors))).toMatchObject({
        kind: 'aborted',
        phase: answer === 'release' ? 'unmask' : 'consistency',
        code: 'BELOW_THRESHOLD',
        detail: expect.stringMatching(/^4 .*; missing: org-1, org-2, org-3$/) as string,
      });
      for (const count of shares.values()) expect(count).toBeLessThan(5);
    });
  },
);

describe('A18: a holder whose own vector was lost', () => {
  it('helps to open the sum of the others', () => {
    const releasing = new Set<number>();
    const { federation } = testFederation(N, {
      faults: {
        fate(member, _phase, _round, chunk) {
          // Members 1 and 2 lose their sessions in mid-upload, and come back.
          if ((member === 1 || member === 2) && chunk === 0) {
            federation.disconnect(member);
            federation.reconnect(member);
          }
          return 'live';
        },
        afterSend(member, kind) {
          if (kind === 'release') releasing.add(member);
          // Two of the five that are left vanish: without the two that lost their vectors, three are too few.
          return member > 4 && kind === 'survivors-signature' ? 'die' : 'live';
        },
      },
    });
    const survivors = [0, 3, 4, 5, 6];
    const outcome = federation.sum(sumRequest(DIMENSION, vectors));
    expect(outcome).toEqual({ kind: 'opened', survivors, sum: plainSum(vectors, survivors) });
    expect([...releasing].toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4]);
  });
});
