/** What an organisation allows, whatever a coordinator declares, and why it refuses the rest: reasons that both sides can show. */
import { PRIVACY_UNITS, type PrivacyUnit } from '../adjacency.ts';
import type { Refusal } from '../privacy-error.ts';
import {
  checkDeclaration,
  declaredCharge,
  filterLimit,
  formatFilter,
  type PrivacyDeclaration,
} from '../rounds/declaration.ts';
import { reservedCharge, type RoundPrivacy } from '../rounds/private-round.ts';
import { type FilterRule, remaining } from '../zcdp/budget.ts';
import { compareRational, formatRational, type Rational } from '../zcdp/rational.ts';
import { type ClientAccount, reserveAttempt } from './client-account.ts';

export interface PrivacyPolicy {
  /** Over all runs and federations that share the account. */
  readonly maxEpsilon: number;
  readonly delta: number;
  /** The smallest unit that a run may protect: `record` allows all, `organisation` only itself. */
  readonly unit: PrivacyUnit;
  /** Fewest survivors for which a run may size its noise. */
  readonly minCohort: number;
  /** Most sums that one run may declare. */
  readonly maxRounds: number;
}

/** The limit of the account under a policy, in the unit of the filter. @throws PrivacyError `BAD_PARAMETER` */
export function policyLimit({ maxEpsilon, delta }: PrivacyPolicy, filter: FilterRule): Rational {
  return filterLimit({ epsilon: maxEpsilon, delta, filter });
}

/**
 * Whether to take part in a run: before any key is made. Undefined where nothing speaks against it, else the first reason.
 * @param account as it is now: a run that could not be finished is not begun
 * @param done sums of the run that are opened: only the others are still to be paid for
 */
export function refuseRun(
  policy: PrivacyPolicy,
  account: ClientAccount,
  declaration: PrivacyDeclaration,
  done: number = 0,
): Refusal | undefined {
  const wrong = checkDeclaration(declaration);
  if (wrong !== undefined) return wrong;
  const { unit, epsilon, delta, minSurvivors, filter, rounds } = declaration;
  if (PRIVACY_UNITS.indexOf(unit) < PRIVACY_UNITS.indexOf(policy.unit)) {
    return refused('POLICY_REFUSED', `the run protects a ${unit}, the policy asks for ${policy.unit}`);
  }
  if (delta > policy.delta) {
    return refused(
      'POLICY_REFUSED',
      `the run states its guarantee at delta ${delta}, the policy allows ${policy.delta}`,
    );
  }
  if (epsilon > policy.maxEpsilon) {
    return refused(
      'BUDGET_EXCEEDED',
      `the run has a limit of epsilon ${epsilon}, the policy allows ${policy.maxEpsilon}`,
    );
  }
  if (minSurvivors < policy.minCohort) {
    return refused(
      'POLICY_REFUSED',
      `the run opens sums of ${minSurvivors} survivors, the policy asks for ${policy.minCohort}`,
    );
  }
  if (rounds.length > policy.maxRounds) {
    return refused(
      'POLICY_REFUSED',
      `the run declares ${rounds.length} sums, the policy allows ${policy.maxRounds}`,
    );
  }
  if (formatFilter(filter) !== formatFilter(account.filter)) {
    return refused(
      'POLICY_REFUSED',
      `the run is accounted under ${formatFilter(filter)}, this organisation's account under ${formatFilter(account.filter)}`,
    );
  }
  const cost = declaredCharge({ ...declaration, rounds: rounds.slice(done) });
  const left = remaining(account.budget);
  if (compareRational(cost, left) > 0) {
    return refused(
      'BUDGET_EXCEEDED',
      `the run would cost ${formatRational(cost)}, and ${formatRational(left)} of this organisation's ${formatRational(account.budget.limit)} is left`,
    );
  }
  return undefined;
}

/** Two filters over the same attempts: no run passes its own limit, and all together not the organisation's. */
export interface AttemptAccounts {
  /** The organisation's, over all runs. */
  readonly own: ClientAccount;
  /** Of this run alone, with the limit that `filterLimit` gives for its declaration. */
  readonly run: ClientAccount;
}

export type Admission =
  | {
      readonly accounts: AttemptAccounts;
      /** What was reserved in both. */
      readonly charge: Rational;
    }
  | { readonly refused: Refusal };

/**
 * Reserves one attempt before anything is uploaded to it: the filter at every attempt, on top of `refuseRun` at the start, because attempts
 * are repeated and runs go on side by side. The caller syncs the new accounts before it uploads.
 * @param noise as this organisation computed it itself
 * @param minSurvivors that the terms of the batch enforce at unmasking
 */
export function admitAttempt(
  { own, run }: AttemptAccounts,
  attempt: string,
  noise: RoundPrivacy,
  minSurvivors: number,
): Admission {
  if (minSurvivors < noise.minSurvivors) {
    return {
      refused: refused(
        'POLICY_REFUSED',
        `the batch would unmask ${minSurvivors} survivors, the noise is sized for ${noise.minSurvivors}`,
      ),
    };
  }
  if (own.budget.reserved.has(attempt)) {
    // Idempotence would be a hole here: noise is drawn once for each reservation.
    return { refused: refused('RESERVATION_CONFLICT', `${attempt} was reserved before: its noise is drawn`) };
  }
  const charge = reservedCharge(noise);
  const inRun = reserveAttempt(run, attempt, charge);
  if ('refused' in inRun) return inRun;
  const inOwn = reserveAttempt(own, attempt, charge);
  if ('refused' in inOwn) return inOwn;
  return { accounts: { own: inOwn.account, run: inRun.account }, charge };
}

function refused(code: Refusal['code'], message: string): Refusal {
  return { code, message };
}
