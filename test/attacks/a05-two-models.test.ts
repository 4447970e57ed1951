/**
 * A5: the coordinator gives a member another model than the rest, to read its gradient from the sum (Pasquini
 * et al., CCS 2022).
 */
import { describe, expect, it } from 'vitest';
import { Attacker } from '../support/attacker.ts';
import { BITS } from '../support/expected-sum.ts';
import { chiSquare, UNIFORM } from '../support/uniformity.ts';
import { liftWords } from '@tributary/crypto';
import { plainSum } from '../support/federation.ts';

const DIMENSION = 2048;
const OTHER_MODEL = { modelHash: new Uint8Array(32).fill(3) };

/** The sum of what is left of all uploads without the self masks: pairwise masks cancel, or they do not. */
function sumOf(parts: readonly Int32Array[]): Int32Array {
  const sum = new Int32Array(DIMENSION);
  for (const part of parts) part.forEach((value, i) => (sum[i] = (sum[i] ?? 0) + value));
  liftWords(sum, BITS);
  return sum;
}

/** A round in which everybody was given the same model, opened. */
function world(change: object = {}): Attacker {
  const attacker = new Attacker({ members: 7, dimension: DIMENSION });
  attacker.openBatch();
  const expected = attacker.expect(1, change);
  const uploads = attacker.begin(attacker.announce(attacker.roundTerms(expected)));
  attacker.request(attacker.show(uploads));
  return attacker;
}

describe('A5: two models in one round', () => {
  it('are refused by the member whose own computation gives another', () => {
    const attacker = new Attacker({ members: 7, dimension: DIMENSION });
    attacker.openBatch();
    const expected = attacker.expect(1);
    const { ready } = attacker.announce(attacker.roundTerms({ ...expected, ...OTHER_MODEL }), [0]);
    expect(ready).toEqual([]);
    expect(attacker.member(0).rejections).toMatchObject([
      { code: 'UNEXPECTED_PLAN', detail: expect.stringMatching(/^modelHash/) as string },
    ]);
    expect(attacker.all('upload-end')).toEqual([]);
  });

  it('end the round before any upload even where a member was led to expect the other', () => {
    const attacker = new Attacker({ members: 7, dimension: DIMENSION });
    attacker.openBatch();
    const expected = attacker.expect(1, {}, attacker.everybody.slice(1));
    const misled = attacker.expect(1, OTHER_MODEL, [0]);
    const rest = attacker.announce(attacker.roundTerms(expected), attacker.everybody.slice(1));
    const alone = attacker.announce(attacker.roundTerms(misled), [0]);
    expect([rest.ready.length, alone.ready.length]).toEqual([6, 1]);
    const ready = [...alone.ready, ...rest.ready];
    expect(attacker.begin({ termsDigest: alone.termsDigest, ready }, [0])).toEqual([]);
    expect(attacker.begin({ termsDigest: rest.termsDigest, ready }, attacker.everybody.slice(1))).toEqual([]);
    for (const { rejections } of attacker.members)
      expect(rejections).toMatchObject([{ code: 'BAD_SIGNATURE' }]);
  });

  it('give masks that do not cancel: the sum over both is uniform, that over one is the sum', () => {
    const [one, other] = [world(), world(OTHER_MODEL)];
    // Same secrets, same nonces, same vectors: the model is all that differs.
    expect(one.adverts().get(3)).toEqual(other.adverts().get(3));
    expect(one.all('ready').map(({ body }) => body.nonce)).toEqual(
      other.all('ready').map(({ body }) => body.nonce),
    );
    const vectors = one.members.map(({ vector }) => vector);
    for (const attacker of [one, other]) {
      const parts = attacker.everybody.map((id) => attacker.attempt(id));
      expect(sumOf(parts)).toEqual(plainSum(vectors, attacker.everybody));
      for (const part of parts) expect(chiSquare(part)).toBeLessThan(UNIFORM);
    }
    const mixed = sumOf(one.everybody.map((id) => (id === 0 ? other : one).attempt(id)));
    expect(chiSquare(mixed)).toBeLessThan(UNIFORM);
    expect(chiSquare(plainSum(vectors, one.everybody))).toBeGreaterThan(UNIFORM);
  });
});
