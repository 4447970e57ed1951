import {
  accountReleases,
  formatFilter,
  type LedgerEntry,
  privacyStatement,
  renderStatement,
  verifyLedger,
} from '@tributary/privacy';
import { RuntimeError } from '@tributary/runtime';
import type { PrivacyBudget } from './budget.ts';

/** What a run was charged, recomputed from its ledger. Plain data. */
export interface ChargedBudget {
  readonly unit: PrivacyBudget['unit'];
  readonly noise: PrivacyBudget['noise'];
  /** Of the budget. */
  readonly epsilon: number;
  readonly delta: number;
  /** "zcdp", or "rdp@8". */
  readonly filter: string;
  /** The bound that was charged: what is proved for the noise that was drawn, at the survivors that there were, rounded up. */
  readonly spentEpsilon: number;
  /** What continuous Gaussian noise of the same size costs by numerical composition (PLD): to be expected, not proved. */
  readonly expectedEpsilon: number;
  readonly releases: number;
  readonly colluders: number;
  /** U_min */
  readonly minSurvivors: number;
  /** The statement as Markdown. */
  readonly statement: string;
}

/** @throws RuntimeError `RUN_FAILED` where the ledger does not agree with its recomputation */
export function chargedBudget(ledger: readonly LedgerEntry[], budget: PrivacyBudget): ChargedBudget {
  const verified = verifyLedger(ledger);
  const statement = privacyStatement(verified);
  const [difference] = verified.differences;
  if (statement === undefined || verified.genesis === undefined || difference !== undefined) {
    throw new RuntimeError(
      'RUN_FAILED',
      `the privacy ledger does not add up: ${difference?.message ?? 'it is empty'}`,
    );
  }
  const { colluders, minSurvivors, recordsPerUnit, filter, delta } = verified.genesis.declaration;
  const { releases } = verified;
  return {
    unit: budget.unit,
    noise: budget.noise,
    epsilon: budget.epsilon,
    delta,
    filter: formatFilter(filter),
    spentEpsilon: statement.spent.epsilon,
    expectedEpsilon: accountReleases(releases, colluders, delta, 'pld', recordsPerUnit).epsilon,
    releases: releases.length,
    colluders,
    minSurvivors,
    statement: renderStatement(statement),
  };
}
