import { describe, expect, it } from 'vitest';
import { filterLimit } from '../rounds/declaration.ts';
import { reservedCharge, settledCharge } from '../rounds/private-round.ts';
import { roundOf, smallDeclaration } from '../testing/small-run.ts';
import { spent } from '../zcdp/budget.ts';
import { addRational, rational, type Rational } from '../zcdp/rational.ts';
import {
  attemptName,
  type ClientAccount,
  openClientAccount,
  reserveAttempt,
  settleAttempt,
} from './client-account.ts';
import {
  admitAttempt,
  type AttemptAccounts,
  policyLimit,
  type PrivacyPolicy,
  refuseRun,
} from './privacy-policy.ts';

const ZCDP = { kind: 'zcdp' } as const;
const policy: PrivacyPolicy = { maxEpsilon: 3, delta: 1e-5, unit: 'record', minCohort: 8, maxRounds: 20 };
const declaration = smallDeclaration();
const tiny = rational(1n, 1n << 3000n);

function opened(limit: Rational = policyLimit(policy, ZCDP)): ClientAccount {
  return openClientAccount(ZCDP, limit);
}

function accountsWith(own: ClientAccount): AttemptAccounts {
  return { own, run: opened(filterLimit(declaration)) };
}

function admitted(accounts: AttemptAccounts, attempt: string, round: number): AttemptAccounts {
  const admission = admitAttempt(accounts, attempt, roundOf(declaration, round).noise, 8);
  if ('refused' in admission) throw new Error(admission.refused.message);
  return admission.accounts;
}

function changed(change: ReturnType<typeof reserveAttempt>): ClientAccount {
  if ('refused' in change) throw new Error(change.refused.message);
  return change.account;
}

describe('a policy', () => {
  it('lets a run through that keeps to it', () => {
    expect(refuseRun(policy, opened(), declaration)).toBeUndefined();
  });

  it.each([
    [{ maxEpsilon: 2.9 }, 'BUDGET_EXCEEDED', 'epsilon 3, the policy allows 2.9'],
    [{ delta: 1e-6 }, 'POLICY_REFUSED', 'delta'],
    [{ unit: 'end-user' }, 'POLICY_REFUSED', 'protects a record'],
    [{ unit: 'organisation' }, 'POLICY_REFUSED', 'organisation'],
    [{ minCohort: 9 }, 'POLICY_REFUSED', '8 survivors'],
    [{ maxRounds: 2 }, 'POLICY_REFUSED', '3 sums'],
  ] satisfies [Partial<PrivacyPolicy>, string, string][])(
    'refuses with %j, and says why',
    (changes, code, words) => {
      expect(refuseRun({ ...policy, ...changes }, opened(), declaration)).toEqual({
        code,
        message: expect.stringContaining(words),
      });
    },
  );

  it('refuses a run that what is left does not pay for, and one that is accounted otherwise', () => {
    const half = changed(reserveAttempt(opened(), 'other/1/1', rational(1n, 10n)));
    expect(refuseRun(policy, half, declaration)).toMatchObject({ code: 'BUDGET_EXCEEDED' });
    const rdp = smallDeclaration({ filter: { kind: 'rdp', order: 16 } });
    expect(refuseRun(policy, opened(), rdp)).toMatchObject({
      code: 'POLICY_REFUSED',
      message: expect.stringContaining('rdp@16'),
    });
  });

  it('allows a stricter unit than it asks for', () => {
    const endUser = smallDeclaration({ unit: 'end-user' });
    expect(refuseRun({ ...policy, unit: 'end-user' }, opened(), endUser)).toBeUndefined();
    expect(refuseRun(policy, opened(), endUser)).toBeUndefined();
  });
});

describe('an attempt', () => {
  it('is reserved in the organisation’s account and in the run’s before anything leaves', () => {
    const { own, run } = admitted(accountsWith(opened()), attemptName('aa', 1, 1), 1);
    const charge = reservedCharge(roundOf(declaration, 1).noise);
    expect([spent(own.budget), spent(run.budget)]).toEqual([charge, charge]);
  });

  it('is refused where the batch would unmask fewer than the noise is sized for', () => {
    expect(admitAttempt(accountsWith(opened()), 'a', roundOf(declaration, 1).noise, 7)).toMatchObject({
      refused: { code: 'POLICY_REFUSED' },
    });
  });

  it('is not reserved a second time: noise is drawn once for each reservation', () => {
    const accounts = admitted(accountsWith(opened()), 'a', 1);
    expect(admitAttempt(accounts, 'a', roundOf(declaration, 1).noise, 8)).toMatchObject({
      refused: { code: 'RESERVATION_CONFLICT' },
    });
  });

  it('is refused at the limit of the run where the organisation would allow more', () => {
    let accounts = accountsWith(opened(policyLimit({ ...policy, maxEpsilon: 8 }, ZCDP)));
    for (const round of [1, 2, 3]) accounts = admitted(accounts, attemptName('aa', round, 1), round);
    const again = admitAttempt(accounts, attemptName('aa', 3, 2), roundOf(declaration, 3).noise, 8);
    expect(again).toMatchObject({ refused: { code: 'BUDGET_EXCEEDED' } });
  });

  it('may be tried again where all survived the rounds before: they cost less than was reserved', () => {
    let accounts = accountsWith(opened());
    for (const round of [1, 2, 3]) {
      const name = attemptName('aa', round, 1);
      const before = admitted(accounts, name, round);
      const charge = settledCharge(roundOf(declaration, round).noise, 10);
      accounts = {
        own: changed(settleAttempt(before.own, name, charge)),
        run: changed(settleAttempt(before.run, name, charge)),
      };
    }
    expect('accounts' in admitAttempt(accounts, 'aa/1/2', roundOf(declaration, 1).noise, 8)).toBe(true);
  });
});

describe('an account', () => {
  const half = rational(6n, 100n);
  const limit = rational(1n, 10n);

  it('lets exactly one of two rounds have the last of it, in either order', () => {
    for (const [first, second] of [
      ['a/1/1', 'b/1/1'],
      ['b/1/1', 'a/1/1'],
    ] as const) {
      const one = changed(reserveAttempt(opened(limit), first, half));
      expect(reserveAttempt(one, second, half)).toMatchObject({ refused: { code: 'BUDGET_EXCEEDED' } });
    }
  });

  it('refuses the smallest charge at its limit', () => {
    const full = changed(reserveAttempt(opened(limit), 'a', limit));
    expect(reserveAttempt(full, 'b', tiny)).toMatchObject({ refused: { code: 'BUDGET_EXCEEDED' } });
  });

  it('adds up what it settled', () => {
    const one = changed(settleAttempt(changed(reserveAttempt(opened(limit), 'a', half)), 'a', tiny));
    const two = changed(settleAttempt(changed(reserveAttempt(one, 'b', half)), 'b', tiny));
    expect(two.budget.settled).toEqual(addRational(tiny, tiny));
  });
});
