import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  chargeUnder,
  openBudget,
  remaining,
  reserve,
  settle,
  spent,
  voidReservation,
  type Budget,
  type BudgetChange,
} from './budget.ts';
import { chargeOf } from './charge.ts';
import {
  addRational,
  compareRational,
  formatRational,
  rational,
  shortenedUp,
  subtractRational,
  ZERO,
} from './rational.ts';

const tenth = rational(1n, 10n);
const tiny = rational(1n, 1n << 2000n);

function changed(change: BudgetChange): Budget {
  if ('refused' in change) throw new Error(change.refused.message);
  return change.budget;
}

function refusal(change: BudgetChange): string {
  return 'refused' in change ? change.refused.code : 'was accepted';
}

describe('a budget is a filter', () => {
  it('takes charges to the exact limit and not the smallest fraction further', () => {
    let budget = openBudget(rational(3n, 10n));
    for (const attempt of ['1/0', '2/0', '3/0']) budget = changed(reserve(budget, attempt, tenth));
    // In doubles, 0.1 + 0.1 + 0.1 exceeds 0.3.
    expect(remaining(budget)).toEqual(ZERO);
    expect(refusal(reserve(budget, '4/0', tiny))).toBe('BUDGET_EXCEEDED');
  });

  it('still refuses a tiny positive charge at the limit after everything is settled', () => {
    let budget = changed(reserve(openBudget(tenth), 'a', tenth));
    budget = changed(settle(budget, 'a', tenth));
    expect(refusal(reserve(budget, 'b', tiny))).toBe('BUDGET_EXCEEDED');
  });

  it('charges nothing for free: zero and negative charges are refused', () => {
    expect(refusal(reserve(openBudget(tenth), 'a', ZERO))).toBe('BAD_PARAMETER');
    expect(refusal(reserve(openBudget(tenth), 'a', rational(-1n)))).toBe('BAD_PARAMETER');
  });

  it('of two attempts racing for the last of it, exactly one wins', () => {
    const first = changed(reserve(openBudget(tenth), 'a', rational(6n, 100n)));
    const second = reserve(first, 'b', rational(6n, 100n));
    expect(second).toMatchObject({ refused: { code: 'BUDGET_EXCEEDED' } });
    expect(second).toHaveProperty('refused.message', expect.stringContaining('1/25 of 1/10 is left'));
  });

  it('gives back what settles below the reservation, and never charges above it', () => {
    const budget = changed(reserve(openBudget(tenth), 'a', tenth));
    expect(refusal(settle(budget, 'a', rational(11n, 100n)))).toBe('RESERVATION_CONFLICT');
    expect(refusal(settle(budget, 'a', ZERO))).toBe('RESERVATION_CONFLICT');
    const settled = changed(settle(budget, 'a', rational(7n, 100n)));
    expect(remaining(settled)).toEqual(rational(3n, 100n));
  });

  it('a repeated request is the same reservation; another price or a finished attempt is a conflict', () => {
    const budget = changed(reserve(openBudget(tenth), 'a', rational(1n, 20n)));
    expect(changed(reserve(budget, 'a', rational(1n, 20n)))).toBe(budget);
    expect(refusal(reserve(budget, 'a', rational(1n, 30n)))).toBe('RESERVATION_CONFLICT');
    const settled = changed(settle(budget, 'a', rational(1n, 20n)));
    expect(refusal(reserve(settled, 'a', rational(1n, 20n)))).toBe('RESERVATION_CONFLICT');
    expect(refusal(settle(settled, 'a', rational(1n, 20n)))).toBe('RESERVATION_CONFLICT');
    const voided = changed(voidReservation(budget, 'a'));
    expect(spent(voided)).toEqual(ZERO);
    expect(refusal(reserve(voided, 'a', rational(1n, 20n)))).toBe('RESERVATION_CONFLICT');
    expect(refusal(voidReservation(voided, 'a'))).toBe('RESERVATION_CONFLICT');
  });

  it('stays within its limit and never forgets a settled charge, whatever is asked of it', () => {
    const step = fc.record({
      kind: fc.constantFrom('reserve', 'settle', 'void'),
      attempt: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
      charge: fc.bigInt({ min: -2n, max: 60n }).map((p) => rational(p, 100n)),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let budget = openBudget(rational(1n));
        let settled = ZERO;
        for (const { kind, attempt, charge } of steps) {
          const change =
            kind === 'reserve'
              ? reserve(budget, attempt, charge)
              : kind === 'settle'
                ? settle(budget, attempt, charge)
                : voidReservation(budget, attempt);
          if ('refused' in change) continue;
          if (kind === 'settle') settled = addRational(settled, charge);
          budget = change.budget;
          expect(budget.settled).toEqual(settled);
          expect(compareRational(spent(budget), budget.limit)).toBeLessThanOrEqual(0);
        }
      }),
    );
  });
});

describe('a budget of many releases', () => {
  const ATTEMPTS = 200;
  const charges = Array.from({ length: ATTEMPTS }, (_, i) =>
    chargeOf({ normBound: 65_536, variance: 340_870_421n + 7919n * BigInt(i) ** 2n, honest: 7 }),
  );
  const budget = charges.reduce(
    (before, charge, i) => {
      const reserved = changed(reserve(before, String(i), charge));
      return changed(settle(reserved, String(i), charge));
    },
    openBudget(rational(1000n)),
  );

  it('has a sum of few digits, however many variances were charged', () => {
    expect(formatRational(budget.settled).length).toBeLessThan(2500);
  });

  it('never counts less than was charged, and no more than 2^-192 above it for each', () => {
    const first = charges.slice(0, 130);
    const exact = first.reduce(addRational, ZERO);
    const kept = first.reduce((sum, charge) => shortenedUp(addRational(sum, charge)), ZERO);
    expect(compareRational(kept, exact)).toBeGreaterThanOrEqual(0);
    const above = subtractRational(kept, exact);
    expect(compareRational(above, rational(130n, 1n << 192n))).toBeLessThanOrEqual(0);
  });
});

describe('what a filter adds up', () => {
  it('is rho under zcdp, and rho times the fixed order under rdp', () => {
    expect(chargeUnder({ kind: 'zcdp' }, tenth)).toEqual(tenth);
    expect(chargeUnder({ kind: 'rdp', order: 8 }, tenth)).toEqual(rational(8n, 10n));
    for (const order of [1, 2.5, Number.NaN]) {
      expect(() => chargeUnder({ kind: 'rdp', order }, tenth)).toThrowError(
        expect.objectContaining({ code: 'BAD_PARAMETER' }),
      );
    }
  });
});
