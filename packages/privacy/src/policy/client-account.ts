/**
 * What an organisation has spent of its own budget, over all runs and federations that use its data: the control, where a coordinator's ledger
 * is evidence. Plain data between restarts; the caller syncs it before it acts.
 */
import { PrivacyError, type Refusal } from '../privacy-error.ts';
import { FieldsOf } from '../rounds/fields-of.ts';
import {
  type Budget,
  type BudgetChange,
  type FilterRule,
  reserve,
  settle,
  voidReservation,
} from '../zcdp/budget.ts';
import { formatFilter, parseFilter } from '../rounds/declaration.ts';
import { formatRational, ZERO, type Rational } from '../zcdp/rational.ts';

export interface ClientAccount {
  /** What the account adds up, fixed when it is opened: charges of different rules do not add. */
  readonly filter: FilterRule;
  readonly budget: Budget;
}

/** A ClientAccount as JSON holds it. */
export interface ClientAccountJson {
  readonly filter: string;
  readonly settled: string;
  readonly reserved: readonly { readonly attempt: string; readonly charge: string }[];
  readonly closed: readonly string[];
}

/** @param limit from the policy, in the unit of the filter, rounded down */
export function openClientAccount(filter: FilterRule, limit: Rational): ClientAccount {
  return { filter, budget: { limit, settled: ZERO, reserved: new Map(), closed: new Set() } };
}

/** A name that no other attempt has, in any run of any federation. @param run the run's id in hexadecimal */
export function attemptName(run: string, round: number, attempt: number): string {
  return `${run}/${round}/${attempt}`;
}

/** The limit stays outside: it is the policy's, which may change between restarts. */
export function clientAccountToJson({ filter, budget }: ClientAccount): ClientAccountJson {
  return {
    filter: formatFilter(filter),
    settled: formatRational(budget.settled),
    reserved: [...budget.reserved].map(([attempt, charge]) => ({ attempt, charge: formatRational(charge) })),
    closed: [...budget.closed],
  };
}

/**
 * The account that a file holds. What is open in it stays charged: an attempt that was reserved before a crash may have been uploaded.
 * @param limit from the policy as it is now; an account may have spent more than that, and then nothing more is let through
 * @throws PrivacyError `BAD_PARAMETER` naming the field
 */
export function parseClientAccount(untrusted: unknown, limit: Rational): ClientAccount {
  const fields = new FieldsOf(untrusted, 'account');
  const filter = fields.read('filter', 'zcdp or rdp@ORDER', (value) =>
    typeof value === 'string' ? parseFilter(value) : undefined,
  );
  const settled = fields.rational('settled');
  const reserved = fields.list('reserved', 0, MAX_ATTEMPTS, (item) => {
    const read = [item.text('attempt', MAX_NAME), item.rational('charge')] as const;
    item.end();
    return read;
  });
  const closed = fields.read('closed', 'a list of attempts', readNames);
  fields.end();
  const open = new Map(reserved);
  const doubled = open.size < reserved.length || closed.some((attempt) => open.has(attempt));
  if (doubled)
    throw new PrivacyError('BAD_PARAMETER', 'account.reserved names an attempt twice, or one that is closed');
  return { filter, budget: { limit, settled, reserved: open, closed: new Set(closed) } };
}

const MAX_ATTEMPTS = 1e6;
const MAX_NAME = 256;

function readNames(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value) || value.length > MAX_ATTEMPTS) return undefined;
  const names: readonly unknown[] = value;
  return names.every((name): name is string => typeof name === 'string' && name.length <= MAX_NAME)
    ? names
    : undefined;
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
