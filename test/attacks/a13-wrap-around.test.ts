/** A13: a sum that wraps around in its ring is wrong without a trace, so a round that could is never begun. */
import { liftWords } from '@tributary/crypto';
import { overflowRisk } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import { Attacker } from '../support/attacker.ts';
import { plainSum, sumRequest, testFederation } from '../support/federation.ts';

// 2^19 / 5 = 104857.6: five vectors fit with this bound, six do not.
const BITS = 20;
const BOUND = 104_857;
const at = (inputBound: number, noiseMargin = 0): object => ({ bits: BITS, inputBound, noiseMargin });

describe('A13: wrap-around', () => {
  it.each([1, -1])('does not happen at the edge of the ring, with sign %i: the sum is exact', (sign) => {
    const vectors = Array.from({ length: 5 }, () => new Int32Array(8).fill(sign * BOUND));
    const { federation } = testFederation(5);
    const everybody = vectors.map((_, id) => id);
    expect(federation.sum(sumRequest(8, vectors, at(BOUND)))).toEqual({
      kind: 'opened',
      survivors: everybody,
      sum: plainSum(vectors, everybody),
    });
  });

  it.each([
    ['one member', 6, BOUND],
    ['one unit', 5, BOUND + 1],
  ])('with %s more than fit is refused before anybody uploads', (_, members, bound) => {
    const vectors = Array.from({ length: members }, () => new Int32Array(8).fill(bound));
    const { federation } = testFederation(members);
    const outcome = federation.sum(sumRequest(8, vectors, at(bound)));
    expect(outcome).toMatchObject({ kind: 'aborted', code: 'UNSAFE_TERMS', phase: 'ready' });
    expect(federation.bytesUp.every((bytes) => bytes === 0)).toBe(true);
  });

  it('is what the next vector would do: the sum of six would come out with the other sign', () => {
    const wrapped = Int32Array.of(6 * BOUND);
    liftWords(wrapped, BITS);
    expect(wrapped[0]).toBe(6 * BOUND - 2 ** BITS);
  });

  it('counts the noise: its margin is room that vectors do not have', () => {
    const room = 2 ** (BITS - 1) - 5 * 100_000;
    expect(overflowRisk(5, { bits: BITS, inputBound: 100_000, noiseMargin: room - 1 })).toBeUndefined();
    expect(overflowRisk(5, { bits: BITS, inputBound: 100_000, noiseMargin: room })).toMatch(
      /ring of 20 bits/,
    );
  });

  it.each([
    ['a ring that is too small', { bits: BITS, inputBound: BOUND + 1 }],
    ['a ring outside what the wire knows', { bits: 12, inputBound: 1 }],
    ['noise without room', { bits: BITS, inputBound: 1, noiseMargin: 2 ** 19 }],
  ])('is refused by every member on its own, whatever the coordinator says: %s', (_, change) => {
    const attacker = new Attacker({ members: 5 });
    attacker.openBatch();
    const expected = attacker.expect(1, change);
    const { ready } = attacker.announce(attacker.roundTerms(expected));
    expect(ready).toEqual([]);
    for (const { rejections } of attacker.members)
      expect(rejections).toMatchObject([{ code: 'UNSAFE_TERMS' }]);
    expect(attacker.all('upload-end')).toEqual([]);
  });
});
