/** What the coordinator counts against a run's budget, over lives of its process and attempts that fail. */
import {
  addRational,
  declarePrivacy,
  formatRational,
  planPrivateRound,
  type PrivacyDeclaration,
  reservedCharge,
  settledCharge,
} from '@tributary/privacy';
import { describe, expect, it } from 'vitest';
import { type RequestedAttempt, RunBudget } from './run-budget.ts';

const CONTRIBUTORS = 5;

function declared(retries: number): PrivacyDeclaration {
  return declarePrivacy({
    unit: 'record',
    epsilon: 3,
    delta: 1e-5,
    cohort: { members: CONTRIBUTORS, threshold: 4, colluders: 2 },
    schedule: [{ step: 'mean', weight: 1 }],
    retries,
  });
}

function budgetOf(retries: number, earlier: readonly RequestedAttempt[] = []) {
  const privacy = declared(retries);
  const plan = { step: 'mean', dimension: 8, recordNorm: 1, recordMax: 1, recordSupport: 2 };
  const { noise } = planPrivateRound(privacy, 1, plan, { contributors: CONTRIBUTORS, maxRecords: 10 });
  const budget = new RunBudget({ privacy, contributors: CONTRIBUTORS }, earlier);
  return { budget, noise, spent: () => budget.report()?.spent };
}

const attempt = (number: number): { round: number; attempt: number } => ({ round: 1, attempt: number });
const refused = expect.objectContaining({ code: 'POLICY' }) as unknown;

describe('the budget of a run', () => {
  it('has no room for a further attempt where it keeps none, and the failed one might yet be opened', () => {
    const { budget, noise } = budgetOf(0);
    budget.reserve(attempt(1), noise);
    expect(() => budget.reserve(attempt(2), noise)).toThrow(refused);
  });

  it('gives an attempt back that is void, once, and never lets it be reserved again', () => {
    const { budget, noise, spent } = budgetOf(0);
    budget.reserve(attempt(1), noise);
    budget.void(attempt(1), noise);
    expect(spent()).toBe('0');
    budget.reserve(attempt(2), noise);
    const reserved = spent();
    budget.void(attempt(1), noise);
    expect(spent()).toBe(reserved);
    expect(reserved).toBe(formatRational(reservedCharge(noise)));
    expect(() => budget.reserve(attempt(1), noise)).toThrow(refused);
  });

  it('does not give back what was opened, nor what was never reserved', () => {
    const { budget, noise, spent } = budgetOf(0);
    expect(() => budget.void(attempt(1), noise)).toThrow(refused);
    budget.reserve(attempt(1), noise);
    budget.settle(attempt(1), noise, CONTRIBUTORS);
    budget.void(attempt(1), noise);
    expect(spent()).toBe(formatRational(settledCharge(noise, CONTRIBUTORS)));
  });

  it.each([true, false])(
    'is in the next life of the process what it was in the last (void: %s)',
    (isVoid) => {
      const live = budgetOf(1);
      live.budget.reserve(attempt(1), live.noise);
      if (isVoid) live.budget.void(attempt(1), live.noise);
      live.budget.reserve(attempt(2), live.noise);

      const earlier = [
        { ...attempt(1), isVoid },
        { ...attempt(2), isVoid: false },
      ];
      const again = budgetOf(1, earlier);
      for (let i = 0; i < 2; i++) {
        again.budget.recall(1, again.noise);
        if (isVoid) again.budget.void(attempt(1), again.noise);
        expect(again.spent()).toBe(live.spent());
      }
      for (const { budget, noise } of [live, again]) budget.settle(attempt(2), noise, CONTRIBUTORS);
      expect(again.budget.report()).toEqual(live.budget.report());
      const charged = settledCharge(again.noise, CONTRIBUTORS);
      const left = isVoid ? charged : addRational(charged, reservedCharge(again.noise));
      expect(again.spent()).toBe(formatRational(left));
    },
  );
});
