/**
 * A1: the coordinator asks for the self seed and for the round key of one member, of one holder or of
 * different ones. With both it would read that member's vector.
 */
import { describe, expect, it } from 'vitest';
import { Attacker } from '../support/attacker.ts';
import { chiSquare, UNIFORM } from '../support/uniformity.ts';

// Seven members, threshold 5, of which two may collude: 2 * 5 > 7 + 2.
const VICTIM = 0;
const DIMENSION = 2048;

/** Half of the honest members are told that the victim survived, the other half that it was lost. */
function split(colluders: readonly number[]): Attacker {
  const attacker = new Attacker({ members: 7, colluders, dimension: DIMENSION });
  attacker.openBatch();
  const uploads = attacker.collectUploads();
  const without = uploads.filter(({ member }) => member !== VICTIM);
  const middle = Math.ceil(attacker.honest.length / 2);
  const views = [
    { uploads, to: attacker.honest.slice(0, middle) },
    { uploads: without, to: attacker.honest.slice(middle) },
  ];
  for (const { uploads: set, to } of views) attacker.request(attacker.show(set, to), to);
  return attacker;
}

describe('A1: both secrets of one owner', () => {
  it('are refused to a coordinator that asks one holder for one after the other, with a proof of its lie', () => {
    const attacker = new Attacker({ members: 7, colluders: [5, 6], dimension: DIMENSION });
    attacker.openBatch();
    const uploads = attacker.collectUploads();
    attacker.request(attacker.show(uploads));
    const released = attacker.all('release').length;
    expect(released).toBe(attacker.honest.length);
    // The victim is in the first set; now everybody is asked to take it for lost.
    const second = attacker.show(uploads.filter(({ member }) => member !== VICTIM));
    expect(second.signatures.map(({ member }) => member)).toEqual([5, 6]);
    attacker.request(second);
    expect(attacker.all('release')).toHaveLength(released);
    for (const id of attacker.honest) {
      const { rejections, evidence } = attacker.member(id);
      expect(rejections.map(({ code }) => code)).toEqual(['EQUIVOCATION', 'EQUIVOCATION']);
      expect(evidence).toContainEqual(expect.objectContaining({ proof: 'two-survivor-sets' }));
    }
    expect(attacker.secretOf(VICTIM, 'self')).toBeDefined();
    expect(attacker.secretOf(VICTIM, 'pair')).toBeUndefined();
    expect(chiSquare(attacker.attempt(VICTIM))).toBeLessThan(UNIFORM);
  });

  it('do not both come together from different holders, whatever those that may collude hand out', () => {
    const attacker = split([5, 6]);
    const open = (['self', 'pair'] as const).filter((kind) => attacker.secretOf(VICTIM, kind) !== undefined);
    expect(open).toEqual(['self']);
    expect(attacker.sharesOf(VICTIM, 'pair').size).toBeLessThan(attacker.thresholds.threshold);
    expect(chiSquare(attacker.attempt(VICTIM))).toBeLessThan(UNIFORM);
    // Those who were shown the smaller set saw too few signatures on it.
    for (const id of attacker.honest.slice(3)) {
      expect(attacker.member(id).rejections).toMatchObject([{ code: 'NOT_ENOUGH_SIGNATURES' }]);
    }
  });

  it('would, with one more colluder than the terms allow: the attack is a real one', () => {
    const attacker = split([4, 5, 6]);
    expect(attacker.secretOf(VICTIM, 'self')).toBeDefined();
    expect(attacker.secretOf(VICTIM, 'pair')).toBeDefined();
    expect(attacker.attempt(VICTIM)).toEqual(attacker.member(VICTIM).vector);
  });

  it('could come together under 2t <= H + c, and every member refuses such terms', () => {
    const attacker = new Attacker({ members: 7 });
    attacker.tell(attacker.everybody, 'batch-start', attacker.terms({ threshold: 4, colluders: 2 }));
    expect(attacker.all('key-advert')).toEqual([]);
    for (const { rejections } of attacker.members) {
      expect(rejections).toMatchObject([
        { code: 'UNSAFE_TERMS', detail: expect.stringMatching(/2t > H \+ c/) as string },
      ]);
    }
  });
});
