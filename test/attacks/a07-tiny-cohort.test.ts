/**
 * A7: a sum over one member, over two, or over ten devices of two organisations. Every member has a floor of
 * its own, at each step at which the coordinator could make the group smaller.
 */
import type { BatchTerms } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import { Attacker } from '../support/attacker.ts';
import { chiSquare, UNIFORM } from '../support/uniformity.ts';

const VICTIM = 0;
/** Ten devices of two organisations among twelve members of four. */
const TWO_BIG = [...Array.from({ length: 10 }, (_, i) => `big-${i % 2}`), 'third', 'fourth'];

/** Thresholds that a coordinator would like for so few. */
const lax = (cohort: number, change: Partial<BatchTerms> = {}): Partial<BatchTerms> => ({
  cohort: Array.from({ length: cohort }, (_, id) => id),
  holders: cohort,
  threshold: Math.max(2, cohort),
  colluders: 1,
  minCohort: 3,
  minSurvivors: Math.max(3, cohort),
  ...change,
});

describe('A7: a cohort that is too small', () => {
  it.each<[string, Partial<BatchTerms>]>([
    ['one member', lax(1)],
    ['two members', lax(2)],
    ['two members, with floors to match', lax(2, { minCohort: 2, minSurvivors: 2 })],
    ['floors below c + 2', lax(5, { minCohort: 2, minSurvivors: 5 })],
    ['no colluder at all', lax(5, { colluders: 0, minCohort: 3 })],
    ['a floor of survivors below the threshold', lax(5, { threshold: 5, minSurvivors: 3 })],
  ])('is refused at its setup: %s', (_, change) => {
    const attacker = new Attacker({ members: 5 });
    const answers = attacker.tell([VICTIM], 'batch-start', attacker.terms(change));
    expect(answers).toMatchObject([{ kind: 'refusal', body: { code: 'UNSAFE_TERMS' } }]);
    expect(attacker.member(VICTIM).rejections).toMatchObject([{ code: 'UNSAFE_TERMS' }]);
    expect(attacker.all('key-advert')).toEqual([]);
  });

  it('is refused where a member wants more than the terms, though they are safe', () => {
    const attacker = new Attacker({ members: 5 });
    const member = attacker.member(VICTIM);
    for (const policy of [{ minCohort: 5 }, { minColluders: 3 }, { maxAttemptsPerRound: 1 }]) {
      member.state = { ...member.state, policy: { ...member.state.policy, ...policy } };
      attacker.tell([VICTIM], 'batch-start', attacker.terms());
    }
    expect(member.rejections.map(({ code }) => code)).toEqual([
      'UNSAFE_TERMS',
      'UNSAFE_TERMS',
      'UNSAFE_TERMS',
    ]);
    expect(attacker.all('key-advert')).toEqual([]);
  });

  it('is refused where ten devices are of two organisations', () => {
    const attacker = new Attacker({ members: 10, organisations: TWO_BIG.slice(0, 10) });
    attacker.advertise();
    expect(attacker.all('key-advert')).toEqual([]);
    for (const { rejections } of attacker.members)
      expect(rejections).toMatchObject([{ code: 'UNSAFE_TERMS' }]);
  });
});

// Twelve members of four organisations; the two big ones have five each, one of them may collude: 2 * 9 > 12 + 5.
const scene = (): Attacker =>
  new Attacker({
    members: 12,
    organisations: TWO_BIG,
    dimension: 1024,
    thresholds: {
      cohort: 12,
      graph: 'complete',
      organisationCap: 1,
      holders: 12,
      threshold: 9,
      colluders: 1,
      minCohort: 3,
      minSurvivors: 9,
    },
  });

describe('A7: a cohort that is made small on the way', () => {
  const ten = Array.from({ length: 10 }, (_, id) => id);

  it('is refused in the key roster: too few members, or of too few organisations', () => {
    for (const members of [ten, ten.slice(0, 2), [VICTIM]]) {
      const attacker = scene();
      attacker.advertise();
      const roster = attacker.keyRoster();
      const adverts = roster.adverts.filter(({ body }) => members.includes(body.member));
      attacker.tell([VICTIM], 'key-roster', { ...roster, members, adverts });
      expect(attacker.member(VICTIM).rejections).toMatchObject([{ code: 'BELOW_FLOOR' }]);
      expect(attacker.all('dealt-shares')).toEqual([]);
    }
  });

  it('is refused among those who dealt shares', () => {
    const attacker = scene();
    attacker.advertise();
    attacker.tell(attacker.everybody, 'key-roster', attacker.keyRoster());
    const boxes = attacker.boxesFor(VICTIM).filter(({ body }) => ten.includes(body.dealer));
    attacker.tell([VICTIM], 'held-shares', { batchContext: attacker.batchContext, boxes });
    expect(attacker.member(VICTIM).rejections).toMatchObject([{ code: 'BELOW_FLOOR' }]);
  });

  it('is refused at the start of a round, before any upload', () => {
    const attacker = scene();
    attacker.openBatch();
    const expected = attacker.expect(1);
    const { termsDigest, ready } = attacker.announce(attacker.roundTerms(expected));
    for (const members of [ten, [VICTIM, 1], [VICTIM]]) {
      const few = ready.filter(({ member }) => members.includes(member));
      const { state } = attacker.member(VICTIM);
      expect(attacker.begin({ termsDigest, ready: few }, [VICTIM])).toEqual([]);
      attacker.member(VICTIM).state = state;
    }
    expect(attacker.member(VICTIM).rejections.map(({ code }) => code)).toEqual([
      'BELOW_FLOOR',
      'BELOW_FLOOR',
      'BELOW_FLOOR',
    ]);
    expect(attacker.all('upload-end')).toEqual([]);
  });

  it('is refused among the survivors, and nothing is released', () => {
    const attacker = scene();
    attacker.openBatch();
    const uploads = attacker.collectUploads();
    for (const members of [ten, [VICTIM, 1, 10], [VICTIM]]) {
      const few = uploads.filter(({ member }) => members.includes(member));
      const view = attacker.show(few);
      expect(view.signatures).toEqual([]);
      attacker.request(view);
    }
    for (const { rejections } of attacker.members) {
      expect(rejections.filter(({ code }) => code === 'BELOW_FLOOR')).toHaveLength(3);
    }
    expect(attacker.all('release')).toEqual([]);
    expect(chiSquare(attacker.attempt(VICTIM))).toBeLessThan(UNIFORM);
  });
});
