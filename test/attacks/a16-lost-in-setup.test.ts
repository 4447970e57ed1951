/**
 * A16: members vanish while keys are advertised or shared. In Flower one lost client there ends the round for
 * all; here who dealt no shares owes no masks.
 */
import { describe, expect, it } from 'vitest';
import { kindOf, lossesAt } from '../support/moments.ts';
import { plainSum, randomVectors, sumRequest, testFederation } from '../support/federation.ts';
import { decodeMessage } from '@tributary/protocol';

// t = 5: two may be missing.
const N = 7;
const DIMENSION = 30;
const everybody = Array.from({ length: N }, (_, id) => id);
const vectors = randomVectors(N, DIMENSION, 16);

describe.each(['key-advert', 'dealt-shares'] as const)('A16: members that are lost at their %s', (answer) => {
  it.each(['before', 'after'] as const)('%s it: {0, 1, n - t} leave the exact sum of the rest', (when) => {
    for (const lost of [0, 1, N - 5]) {
      const gone = everybody.slice(1, 1 + lost);
      const owners = new Set<number>();
      const losses = lossesAt({ when, answer }, gone, () => federation);
      const { federation } = testFederation(N, {
        faults: {
          ...losses,
          intercept(frame) {
            const decoded = decodeMessage(frame.bytes);
            if (decoded.ok && decoded.message.kind === 'release') {
              for (const { owner } of decoded.message.body.shares) owners.add(owner);
            }
            return losses.intercept?.(frame) ?? [frame];
          },
        },
      });
      const survivors = everybody.filter((id) => !gone.includes(id));
      const outcome = federation.sum(sumRequest(DIMENSION, vectors));
      expect(outcome).toEqual({ kind: 'opened', survivors, sum: plainSum(vectors, survivors) });
      // Nobody's secrets are touched but those of members that took part.
      expect([...owners].toSorted((a, b) => a - b)).toEqual(survivors);
      expect(federation.deadlinesPassed).toBe(0);
    }
  });

  it('n - t + 1 of them end the setup: nobody uploads, nothing is released', () => {
    const gone = everybody.slice(1, 4);
    const said = new Set<string>();
    const losses = lossesAt({ when: 'before', answer }, gone, () => federation);
    const { federation } = testFederation(N, {
      faults: {
        intercept(frame) {
          if (frame.to === 'coordinator') said.add(kindOf(frame) ?? '');
          return losses.intercept?.(frame) ?? [frame];
        },
      },
    });
    expect(federation.sum(sumRequest(DIMENSION, vectors))).toMatchObject({
      kind: 'aborted',
      phase: 'setup',
      code: 'BELOW_FLOOR',
      detail: '4 of 7 members are left, 5 are needed; missing: org-1, org-2, org-3',
    });
    for (const kind of ['upload-end', 'vector-chunk', 'release']) expect(said).not.toContain(kind);
  });
});
