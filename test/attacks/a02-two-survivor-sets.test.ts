/**
 * A2: the coordinator shows different survivor sets to different members, to have each opened by those that saw
 * it, and to read whoever is in one of them only.
 */
import { nodeBackend as crypto } from '@tributary/crypto/node';
import { provesTwoSurvivorSets } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import { Attacker } from '../support/attacker.ts';
import { chiSquare, UNIFORM } from '../support/uniformity.ts';

const VICTIM = 4;

function uploaded(): {
  attacker: Attacker;
  all: ReturnType<Attacker['collectUploads']>;
  without: ReturnType<Attacker['collectUploads']>;
} {
  const attacker = new Attacker({ members: 5, dimension: 2048 });
  attacker.openBatch();
  const all = attacker.collectUploads();
  return { attacker, all, without: all.filter(({ member }) => member !== VICTIM) };
}

describe('A2: two survivor sets', () => {
  it.each([
    [
      [0, 1, 2],
      [3, 4],
    ],
    [
      [0, 1],
      [2, 3, 4],
    ],
  ])(
    'shown to %j and %j get neither of them signed by enough, and no share leaves a member',
    (one, other) => {
      const { attacker, all, without } = uploaded();
      for (const [uploads, to] of [[all, one] as const, [without, other] as const]) {
        const view = attacker.show(uploads, to);
        expect(view.signatures).toHaveLength(to.length);
        attacker.request(view, to);
      }
      expect(attacker.all('release')).toEqual([]);
      for (const { rejections } of attacker.members) {
        expect(rejections).toMatchObject([{ code: 'NOT_ENOUGH_SIGNATURES' }]);
      }
      for (const kind of ['self', 'pair'] as const) expect(attacker.sharesOf(VICTIM, kind).size).toBe(0);
      expect(chiSquare(attacker.attempt(VICTIM))).toBeLessThan(UNIFORM);
    },
  );

  it('with the signatures of one carried over to the other are counted as none', () => {
    const { attacker, all, without } = uploaded();
    const one = attacker.show(all, [0, 1, 2]);
    const other = attacker.show(without, [3]);
    attacker.request({ digest: other.digest, signatures: [...one.signatures, ...other.signatures] }, [3]);
    expect(attacker.member(3).rejections).toMatchObject([
      { code: 'NOT_ENOUGH_SIGNATURES', detail: expect.stringMatching(/^1 holders/) as string },
    ]);
    expect(attacker.all('release')).toEqual([]);
  });

  it('shown to one member leave a proof that anybody can check, and that names nobody else', () => {
    const { attacker, all, without } = uploaded();
    attacker.show(all);
    attacker.show(without);
    for (const { evidence } of attacker.members) {
      const [proof] = evidence;
      if (proof?.proof !== 'two-survivor-sets') throw new Error('a lie left no proof');
      expect(provesTwoSurvivorSets(crypto, attacker.roster.coordinatorKey, proof)).toBe(true);
      const other = attacker.roster.members[0]?.publicKey ?? new Uint8Array(32);
      expect(provesTwoSurvivorSets(crypto, other, proof)).toBe(false);
      const [first] = proof.sets;
      expect(
        provesTwoSurvivorSets(crypto, attacker.roster.coordinatorKey, { ...proof, sets: [first, first] }),
      ).toBe(false);
    }
  });

  it('the second of which comes as an unmask request leave the same proof', () => {
    const { attacker, all, without } = uploaded();
    const one = attacker.show(all, [0, 1, 2]);
    const other = attacker.show(without, [3]);
    attacker.request({ digest: other.digest, signatures: one.signatures }, [0]);
    const { rejections, evidence } = attacker.member(0);
    expect(rejections).toMatchObject([{ code: 'EQUIVOCATION' }]);
    const [proof] = evidence;
    if (proof?.proof !== 'two-survivor-sets') throw new Error('a lie left no proof');
    expect(provesTwoSurvivorSets(crypto, attacker.roster.coordinatorKey, proof)).toBe(true);
    expect(attacker.all('release')).toEqual([]);
  });

  it('of which the result names another than a member signed are refused as its result', () => {
    const { attacker, all, without } = uploaded();
    const view = attacker.show(all);
    attacker.request(view);
    const survivors = without.map(({ member }) => member);
    attacker.tellResult(view, [0], { survivors, survivorsDigest: new Uint8Array(32).fill(3) });
    expect(attacker.member(0).rejections).toMatchObject([{ code: 'EQUIVOCATION' }]);
    expect(attacker.member(0).effects.some(({ kind }) => kind === 'accept-result')).toBe(false);
  });
});
