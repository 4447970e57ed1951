/**
 * What an organisation has spent of its own budget, over all runs and federations that use its data: the control, where a coordinator's ledger
 * is evidence. Plain data between restarts; the caller syncs it before it acts.
 */
import type { Refusal } from '../privacy-error.ts';
import {
  type Budget,
  type BudgetChange,
  type FilterRule,
  reserve,
  settle,
  voidReservation,
} from '../zcdp/budget.ts';
import { ZERO, type Rational } from '../zcdp/rational.ts';

export interface ClientAccount {
  /** What the account adds up, fixed when it is opened: charges of different rules do not add. */
  readonly filter: FilterRule;
  readonly budget: Budget;
}

/** @param limit from the policy, in the unit of the filter, rounded down */
export function openClientAccount(filter: FilterRule, limit: Rational): ClientAccount {
  return { filter, budget: { limit, settled: ZERO, reserved: new Map(), closed: new Set() } };
}

/** A name that no other attempt has, in any run of any federation. @param run the run's id in hexadecimal */
export function attemptName(run: string, round: number, attempt: number): string {
  return `${run}/${round}/${attempt}`;
}

export type AccountChange = { readonly account: ClientAccount } | { readonly refused: Refusal };

/** Before the upload: reserve, sync, then act. As `reserve` of a budget. */
export function reserveAttempt(account: ClientAccount, attempt: string, charge: Rational): AccountChange {
  return changed(account, reserve(account.budget, attempt, charge));
}

/** Once the sum is opened. As `settle` of a budget. */
export function settleAttempt(account: ClientAccount, attempt: string, charge: Rational): AccountChange {
  return changed(account, settle(account.budget, attempt, charge));
}

/** For an attempt to which this organisation never uploaded, or that provably can never be opened. As `voidReservation` of a budget. */
export function voidAttempt(account: ClientAccount, attempt: string): AccountChange {
  return changed(account, voidReservation(account.budget, attempt));
}

function changed({ filter }: ClientAccount, change: BudgetChange): AccountChange {
  return 'refused' in change ? change : { account: { filter, budget: change.budget } };
}
