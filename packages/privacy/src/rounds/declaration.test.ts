import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { epsilonAtOrder } from '../accountants/rdp/conversion.ts';
import { COHORT, smallDeclaration } from '../testing/small-run.ts';
import {
  addRational,
  compareRational,
  rational,
  subtractRational,
  toNumberUp,
  ZERO,
} from '../zcdp/rational.ts';
import { chargeUnder } from '../zcdp/budget.ts';
import { rhoFromEpsilon } from '../zcdp/conversion.ts';
import {
  checkDeclaration,
  declarationToJson,
  declaredCharge,
  fewestSurvivors,
  filterLimit,
  leastCharge,
  parseDeclaration,
  parseFilter,
  plannedLimit,
  type PrivacyDeclaration,
} from './declaration.ts';

function refusal(code: string, words: string): unknown {
  return expect.objectContaining({ name: 'PrivacyError', code, message: expect.stringContaining(words) });
}

describe('what a run declares', () => {
  it('is its whole budget over its rounds, by their weights', () => {
    const { rounds, minSurvivors, colluders } = smallDeclaration();
    expect(rounds.map(({ step }) => step)).toEqual(['mean', 'lloyd 1', 'statistics']);
    const total = rounds.reduce((sum, { rho }) => addRational(sum, rho), ZERO);
    expect(total).toEqual(plannedLimit({ epsilon: 3, delta: 1e-5, filter: { kind: 'zcdp' } }));
    const limit = rhoFromEpsilon(3, 1e-5);
    expect(compareRational(total, limit)).toBeLessThan(0);
    expect(toNumberUp(total)).toBeCloseTo(toNumberUp(limit), 9);
    expect([minSurvivors, colluders]).toEqual([8, 3]);
    expect(COHORT).toHaveLength(10);
  });

  it('keeps room for as many further attempts, be they at the dearest of its sums', () => {
    const { rounds } = smallDeclaration();
    const dearest = (all: typeof rounds): (typeof rounds)[number]['rho'] =>
      all.reduce((most, { rho }) => (compareRational(rho, most) > 0 ? rho : most), ZERO);
    const limit = plannedLimit({ epsilon: 3, delta: 1e-5, filter: { kind: 'zcdp' } });
    const roomy = smallDeclaration({ retries: 2 }).rounds;
    expect(roomy.map(({ step }) => step)).toEqual(rounds.map(({ step }) => step));
    const once = roomy.reduce((sum, { rho }) => addRational(sum, rho), ZERO);
    const twiceMore = addRational(dearest(roomy), dearest(roomy));
    expect(addRational(once, twiceMore)).toEqual(limit);
    // Without, a single one would not fit.
    const all = rounds.reduce((sum, { rho }) => addRational(sum, rho), ZERO);
    expect(compareRational(addRational(all, dearest(rounds)), limit)).toBeGreaterThan(0);
    expect(() => smallDeclaration({ retries: -1 })).toThrow(refusal('BAD_PARAMETER', 'retries'));
  });

  it('costs least where all members are in every sum, but for the last, which is reserved for fewer', () => {
    const declaration = smallDeclaration();
    const [mean, lloyd, statistics] = declaration.rounds.map(({ rho }) => toNumberUp(rho)) as [
      number,
      number,
      number,
    ];
    // Of 8 survivors 5 are honest, of 10 members 7.
    expect(toNumberUp(leastCharge(declaration, 1, 10))).toBeCloseTo(
      ((mean + lloyd) * 5) / 7 + statistics,
      12,
    );
    expect(toNumberUp(leastCharge(declaration, 3, 10))).toBeCloseTo(statistics, 12);
    expect(leastCharge(declaration, 4, 10)).toEqual(ZERO);
    expect(toNumberUp(leastCharge(declaration, 1, 8))).toBeCloseTo(mean + lloyd + statistics, 12);
  });

  it('stays within the limit of its filter, whatever the numbers', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 20, noNaN: true }),
        fc.constantFrom(1e-3, 1e-5, 1e-8),
        fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 20 }),
        fc.constantFrom('zcdp', 'rdp@64'),
        (epsilon, delta, weights, rule) => {
          const filter = parseFilter(rule) ?? { kind: 'zcdp' as const };
          if (filter.kind === 'rdp' && epsilon < 1) return;
          const declaration = smallDeclaration({
            epsilon,
            delta,
            filter,
            schedule: weights.map((weight, i) => ({ step: `s ${i}`, weight })),
          });
          const total = declaration.rounds.reduce(
            (sum, { rho }) => addRational(sum, chargeUnder(filter, rho)),
            ZERO,
          );
          expect(compareRational(total, filterLimit(declaration))).toBeLessThanOrEqual(0);
        },
      ),
    );
  });

  it('sizes noise for four fifths of the cohort, or for the threshold where that is more', () => {
    const pairs = [3, 5, 10, 11, 64, 100].map((members) => fewestSurvivors({ members, threshold: 2 }));
    expect(pairs).toEqual([3, 4, 8, 9, 52, 80]);
    expect(fewestSurvivors({ members: 10, threshold: 9 })).toBe(9);
    expect(() => fewestSurvivors({ members: 10, threshold: 11 })).toThrow(
      refusal('BAD_PARAMETER', 'threshold'),
    );
  });

  it('is the same after a journey through JSON', () => {
    for (const filter of [{ kind: 'zcdp' }, { kind: 'rdp', order: 16 }] as const) {
      const declaration = smallDeclaration({ unit: 'end-user', recordsPerUnit: 5, filter });
      const json: unknown = JSON.parse(JSON.stringify(declarationToJson(declaration)));
      expect(parseDeclaration(json)).toEqual(declaration);
    }
  });

  it.each([
    ['unit', 'patient'],
    ['adjacency', 'replace_one'],
    ['epsilon', '-1'],
    ['epsilon', 3],
    ['epsilon', '3.0'],
    ['delta', '1'],
    ['delta', 'Infinity'],
    ['filter', 'rdp@1'],
    ['filter', 'pld'],
    ['filter', 'rdp@2'],
    ['recordsPerUnit', 2],
    ['minSurvivors', 3],
    ['colluders', 0],
    ['colluders', 8],
    ['rounds', []],
    ['rounds', [{ step: 'mean', rho: '0' }]],
    ['rounds', [{ step: 'mean', rho: '1/36893488147419103232' }]],
    ['rounds', [{ step: 'mean', rho: '2/4' }]],
    ['rounds', [{ step: 'mean', rho: '1/4', more: 1 }]],
    ['surprise', 1],
  ])('is refused with %s = %j', (field, value) => {
    const json = { ...declarationToJson(smallDeclaration()), [field]: value };
    expect(() => parseDeclaration(json)).toThrow(expect.objectContaining({ name: 'PrivacyError' }));
  });

  it('is refused, not a crash, for anything that is no declaration', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(() => parseDeclaration(value)).toThrow(expect.objectContaining({ name: 'PrivacyError' }));
      }),
    );
  });

  it('keeps nobody busy: fractions of a thousand digits without common factors add up to one that is short', () => {
    const rounds = Array.from({ length: 60 }, (_, i) => ({
      step: `s ${i}`,
      rho: rational(10n ** 990n + BigInt(i), 10n ** 999n + 2n * BigInt(i) + 1n),
    }));
    const greedy = { ...smallDeclaration({ epsilon: 900 }), rounds };
    const cost = declaredCharge(greedy);
    expect(cost.denominator).toBeLessThanOrEqual(1n << 4096n);
    const least = rational(60n, 10n ** 9n + 1n);
    expect(compareRational(cost, least)).toBeGreaterThan(0);
    expect(checkDeclaration(greedy)).toBeUndefined();
  });

  it('is under an order of at most 1024', () => {
    expect(parseFilter('rdp@1024')).toEqual({ kind: 'rdp', order: 1024 });
    for (const text of ['rdp@1', 'rdp@1025', 'rdp@99999', 'rdp@02', 'rdp@2.5', 'rdp']) {
      expect(parseFilter(text)).toBeUndefined();
    }
    const terms = { epsilon: 3, delta: 1e-5, filter: { kind: 'rdp', order: 1025 } } as const;
    expect(() => filterLimit(terms)).toThrow(refusal('BAD_PARAMETER', 'order'));
  });

  it('has a limit also where its order leaves almost nothing of epsilon, and nobody searches for it for hours', () => {
    const [order, delta] = [2, 1e-5];
    const conversion = Math.log1p(-1 / order) - Math.log(delta * order) / (order - 1);
    const terms = { epsilon: conversion + 1e-10, delta, filter: { kind: 'rdp', order } } as const;
    const limit = toNumberUp(filterLimit(terms));
    expect(limit).toBeGreaterThan(0);
    expect(limit).toBeLessThanOrEqual(1e-10);
    expect(epsilonAtOrder(limit, order, delta)).toBeLessThanOrEqual(terms.epsilon);
  });

  it('cannot promise more than its budget', () => {
    const honest = smallDeclaration();
    const [first, ...others] = honest.rounds;
    const left = subtractRational(filterLimit(honest), plannedLimit(honest));
    const rho = addRational(first?.rho ?? ZERO, addRational(left, rational(1n, 1n << 2000n)));
    const greedy: PrivacyDeclaration = { ...honest, rounds: [{ step: 'mean', rho }, ...others] };
    expect(checkDeclaration(honest)).toBeUndefined();
    expect(checkDeclaration(greedy)).toMatchObject({ code: 'BUDGET_EXCEEDED' });
  });
});
