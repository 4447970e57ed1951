/**
 * A10: masks used twice. A virtual machine is set back to a snapshot and the round is run again, a round is
 * begun again, a key index is announced again: two vectors under one mask would differ by their plain
 * difference.
 */
import { liftWords } from '@tributary/crypto';
import { describe, expect, it } from 'vitest';
import { Attacker } from '../support/attacker.ts';
import { existing } from '../support/existing.ts';
import { BITS } from '../support/expected-sum.ts';
import { chiSquare, UNIFORM } from '../support/uniformity.ts';
import { randomVectors } from '../support/federation.ts';

const DIMENSION = 2048;
const VICTIM = 0;

function difference(one: Int32Array, other: Int32Array): Int32Array {
  const rest = one.map((word, i) => word - (other[i] ?? 0));
  liftWords(rest, BITS);
  return rest;
}

function opened(): Attacker {
  const attacker = new Attacker({ members: 5, dimension: DIMENSION });
  attacker.openBatch();
  return attacker;
}

describe('A10: a member that is set back to a snapshot', () => {
  it('draws another nonce, so the start of the round it forgot is refused and nothing is masked', () => {
    const attacker = opened();
    const expected = attacker.expect(1);
    const terms = attacker.roundTerms(expected);
    const member = attacker.member(VICTIM);
    const snapshot = member.state;
    const start = attacker.announce(terms);
    expect(attacker.begin(start)).toHaveLength(5);
    member.state = snapshot;
    const again = attacker.announce(terms, [VICTIM]);
    expect(again.ready).toHaveLength(1);
    expect(again.ready[0]?.nonce).not.toEqual(start.ready[VICTIM]?.nonce);
    expect(attacker.begin(start, [VICTIM])).toEqual([]);
    expect(member.rejections).toMatchObject([
      { code: 'NOT_A_MEMBER', detail: 'round start leaves this member or its nonce out' },
    ]);
    expect(attacker.all('upload-end')).toHaveLength(5);
  });

  it('finds nobody to run the round with: the others have used the key index', () => {
    const attacker = opened();
    const terms = attacker.roundTerms(attacker.expect(1));
    const member = attacker.member(VICTIM);
    const snapshot = member.state;
    attacker.begin(attacker.announce(terms));
    member.state = snapshot;
    attacker.expect(1);
    // Other terms with the same key index, as a coordinator set back to its own snapshot would say them.
    const { ready } = attacker.announce({ ...terms, step: 'again' });
    expect(ready.map(({ member: id }) => id)).toEqual([VICTIM]);
    for (const id of [1, 2, 3, 4]) {
      expect(attacker.member(id).rejections).toMatchObject([{ code: 'KEY_INDEX_USED' }]);
    }
  });

  it('together with all others masks anew: two uploads on one key index differ by noise, not by their vectors', () => {
    const attacker = opened();
    const expected = attacker.expect(1);
    const snapshots = attacker.members.map(({ state }) => state);
    attacker.begin(attacker.announce(attacker.roundTerms(expected)));
    const first = attacker.roundContext;
    const other = randomVectors(5, DIMENSION, 50);
    attacker.members.forEach((member, id) => {
      member.state = existing(snapshots[id]);
      member.vector = existing(other[id]);
    });
    attacker.begin(attacker.announce(attacker.roundTerms(expected)));
    const second = attacker.roundContext;
    expect(second).not.toEqual(first);
    const [one, two] = [attacker.attempt(VICTIM, 0, first), attacker.attempt(VICTIM, 0, second)];
    expect(chiSquare(difference(one, two))).toBeLessThan(UNIFORM);
  });
});

describe('A10: masks in one life', () => {
  it('are new for each round', () => {
    const attacker = opened();
    const contexts = [1, 2].map((round) => {
      attacker.collectUploads(round, { keyIndex: round - 1 });
      return attacker.roundContext;
    });
    const [one, two] = contexts.map((context, keyIndex) => attacker.attempt(VICTIM, keyIndex, context));
    if (one === undefined || two === undefined) throw new Error('no uploads');
    // The same vector twice: under one mask nothing would be left.
    expect(chiSquare(difference(one, two))).toBeLessThan(UNIFORM);
  });

  it('are not put on again by a round start that comes again: the same bytes are sent', () => {
    const attacker = opened();
    const start = attacker.announce(attacker.roundTerms(attacker.expect(1)));
    attacker.begin(start);
    const sent = attacker.all('vector-chunk').filter(({ from }) => from === VICTIM);
    attacker.member(VICTIM).vector = new Int32Array(DIMENSION).fill(1);
    expect(attacker.begin(start, [VICTIM])).toHaveLength(1);
    const all = attacker.all('vector-chunk').filter(({ from }) => from === VICTIM);
    expect(all).toEqual([...sent, ...sent]);
  });

  it('are not put on for other participants on the same key index', () => {
    const attacker = opened();
    const start = attacker.announce(attacker.roundTerms(attacker.expect(1)));
    attacker.begin(start);
    const fewer = { ...start, ready: start.ready.slice(0, 4) };
    expect(attacker.begin(fewer, [VICTIM])).toEqual([]);
    expect(attacker.member(VICTIM).rejections).toMatchObject([{ code: 'EQUIVOCATION' }]);
    expect(attacker.all('upload-end')).toHaveLength(5);
  });

  it('are gone with their batch: its secrets are wiped, and its rounds are refused', () => {
    const attacker = opened();
    const old = attacker.batchContext;
    const kept = attacker.member(VICTIM).keeper.store.get(old);
    attacker.openBatch({ batch: 2 });
    const expected = attacker.expect(1);
    attacker.announce(attacker.roundTerms(expected));
    expect(attacker.member(VICTIM).keeper.store.get(old)).toBeUndefined();
    expect(kept?.selfSeeds.every((seed) => seed.every((byte) => byte === 0))).toBe(true);
    attacker.announce(attacker.roundTerms(expected, { batchContext: old, keyIndex: 1 }));
    for (const { rejections } of attacker.members)
      expect(rejections).toMatchObject([{ code: 'WRONG_CONTEXT' }]);
  });
});
