/**
 * One account of privacy: a limit, what has been spent for good, and what is reserved for attempts under way. A filter for
 * adaptively chosen releases (Whitehouse, Ramdas, Rogers, Wu 2023): a reservation is refused unless everything together stays within the
 * limit. Every function is pure; the caller syncs the entry to disk before it acts on the new state.
 *
 * The unit of account is rho under `zcdp`, or RDP at one fixed order under `rdp`.
 */
import type { Refusal } from '../privacy-error.ts';
import { requireInteger } from '../parameters.ts';
import {
  addRational,
  compareRational,
  formatRational,
  multiplyRational,
  rational,
  shortenedUp,
  subtractRational,
  ZERO,
  type Rational,
} from './rational.ts';

/** What a budget adds up. An RDP filter is valid under adaptivity at one order that is fixed in advance (Feldman, Zrnic 2021). */
export type FilterRule = { readonly kind: 'zcdp' } | { readonly kind: 'rdp'; readonly order: number };

/** The charge of a rho-zCDP release under a rule: rho, or rho * order. */
export function chargeUnder(rule: FilterRule, rho: Rational): Rational {
  if (rule.kind === 'zcdp') return rho;
  requireInteger('order', rule.order, 2);
  return multiplyRational(rho, rational(BigInt(rule.order)));
}

export interface Budget {
  readonly limit: Rational;
  /** Charges of finished attempts, as `shortenedUp` keeps their sum. Never falls. */
  readonly settled: Rational;
  /** Attempts that are reserved and not yet settled or voided. */
  readonly reserved: ReadonlyMap<string, Rational>;
  /** Attempts that are settled or voided: none of them is ever reserved again. */
  readonly closed: ReadonlySet<string>;
}

/** @param limit the budget, rounded down by whoever made it */
export function openBudget(limit: Rational): Budget {
  return { limit, settled: ZERO, reserved: new Map(), closed: new Set() };
}

/** Settled and reserved together: what counts against the limit. */
export function spent(budget: Budget): Rational {
  return [...budget.reserved.values()].reduce(addRational, budget.settled);
}

/** What a new reservation may cost at most. */
export function remaining(budget: Budget): Rational {
  return subtractRational(budget.limit, spent(budget));
}

export type BudgetChange = { readonly budget: Budget } | { readonly refused: Refusal };

function refuse(code: Refusal['code'], message: string): BudgetChange {
  return { refused: { code, message } };
}

/**
 * Reserves the largest possible charge of one attempt. Asking again for the same attempt and charge changes nothing, so a repeated
 * request cannot charge twice.
 * @param attempt a name that is unique to one attempt of one round
 * @returns the new budget, or `BUDGET_EXCEEDED`, `RESERVATION_CONFLICT`, `BAD_PARAMETER`
 */
export function reserve(budget: Budget, attempt: string, charge: Rational): BudgetChange {
  if (compareRational(charge, ZERO) <= 0) {
    return refuse('BAD_PARAMETER', `the charge of ${attempt} must be above 0, not ${formatRational(charge)}`);
  }
  const before = budget.reserved.get(attempt);
  if (before !== undefined && compareRational(before, charge) === 0) return { budget };
  if (before !== undefined) {
    return refuse(
      'RESERVATION_CONFLICT',
      `${attempt} is already reserved at ${formatRational(before)}, not ${formatRational(charge)}`,
    );
  }
  if (budget.closed.has(attempt)) {
    return refuse('RESERVATION_CONFLICT', `${attempt} is over; a retry is a new attempt with fresh noise`);
  }
  if (compareRational(charge, remaining(budget)) > 0) {
    return refuse(
      'BUDGET_EXCEEDED',
      `${attempt} would cost ${formatRational(charge)}, and ${formatRational(remaining(budget))} of ` +
        `${formatRational(budget.limit)} is left`,
    );
  }
  return { budget: { ...budget, reserved: new Map(budget.reserved).set(attempt, charge) } };
}

/**
 * Replaces a reservation by what the attempt really cost.
 * @returns the new budget, or `RESERVATION_CONFLICT` where nothing is reserved or the charge exceeds the reservation
 */
export function settle(budget: Budget, attempt: string, charge: Rational): BudgetChange {
  const reservation = budget.reserved.get(attempt);
  if (reservation === undefined) return refuse('RESERVATION_CONFLICT', `nothing is reserved for ${attempt}`);
  if (compareRational(charge, ZERO) <= 0 || compareRational(charge, reservation) > 0) {
    return refuse(
      'RESERVATION_CONFLICT',
      `${attempt} cannot be charged ${formatRational(charge)}: ${formatRational(reservation)} is reserved`,
    );
  }
  const settled = shortenedUp(addRational(budget.settled, charge));
  return { budget: close({ ...budget, settled }, attempt) };
}

/**
 * Gives a reservation back. Only for an attempt that provably can never be opened; the evidence is the caller's to check.
 * @returns the new budget, or `RESERVATION_CONFLICT` where nothing is reserved
 */
export function voidReservation(budget: Budget, attempt: string): BudgetChange {
  if (!budget.reserved.has(attempt))
    return refuse('RESERVATION_CONFLICT', `nothing is reserved for ${attempt}`);
  return { budget: close(budget, attempt) };
}

function close(budget: Budget, attempt: string): Budget {
  const reserved = new Map(budget.reserved);
  reserved.delete(attempt);
  return { ...budget, reserved, closed: new Set(budget.closed).add(attempt) };
}
