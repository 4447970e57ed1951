/** What an auditor reads of a run's privacy budget: epsilon by several accountants, the statement, and events that others can recompute. */
import { readEntry } from '@tributary/audit';
import {
  ACCOUNTANTS,
  type Accountant,
  accountReleases,
  dpEventTree,
  type DpEventTree,
  formatFilter,
  formatRational,
  type LedgerEntry,
  privacyStatement,
  type PrivacyStatement,
  readLedgerEntry,
  renderStatement,
  type VerifiedLedger,
  verifyLedger,
} from '@tributary/privacy';
import { RuntimeError } from '@tributary/runtime';

/** "zcdp,rdp,pld". @throws RuntimeError BAD_ARGUMENT */
export function parseAccountants(text: string): readonly Accountant[] {
  return text.split(',').map((name) => {
    const known = ACCOUNTANTS.find((each) => each === name);
    if (known !== undefined) return known;
    throw new RuntimeError(
      'BAD_ARGUMENT',
      `--accountant ${name} is unknown`,
      `accountants are ${ACCOUNTANTS.join(', ')}, several with commas between them`,
    );
  });
}

/** What a run spent of its budget, recomputed. */
export interface AuditedBudget {
  readonly unit: string;
  readonly delta: number;
  readonly filter: string;
  /** Epsilon of the limit of the filter. */
  readonly limitEpsilon: number;
  readonly spentEpsilon: number;
  readonly spentAndReservedEpsilon: number;
  /** Exact, in the unit of the filter. */
  readonly settled: string;
  readonly reserved: string;
  readonly releases: number;
  readonly attempts: number;
  /** Attempts of which nothing can ever be opened: they cost nothing. */
  readonly voided: number;
  /** Of the opened sums. PLD is for continuous noise of the same size: to be expected, not proved. */
  readonly accountants: Readonly<Partial<Record<Accountant, number>>>;
  readonly differences: readonly string[];
}

export function auditedBudget(
  ledger: VerifiedLedger,
  accountants: readonly Accountant[],
): AuditedBudget | undefined {
  const { genesis, federation, releases, attempts, voided } = ledger;
  const statement = privacyStatement(ledger);
  if (genesis === undefined || statement === undefined) return undefined;
  const { unit, delta, filter, colluders, recordsPerUnit } = genesis.declaration;
  const epsilons = accountants.map(
    (name) => [name, accountReleases(releases, colluders, delta, name, recordsPerUnit).epsilon] as const,
  );
  return {
    unit,
    delta,
    filter: formatFilter(filter),
    limitEpsilon: statement.limit.epsilon,
    spentEpsilon: statement.spent.epsilon,
    spentAndReservedEpsilon: statement.spentAndReserved.epsilon,
    settled: formatRational(federation.settled),
    reserved: formatRational(federation.reserved),
    releases: releases.length,
    attempts,
    voided,
    accountants: Object.fromEntries(epsilons),
    differences: statement.differences,
  };
}

/** For people. */
export function budgetRemarks(budget: AuditedBudget | undefined): string[] {
  if (budget === undefined) return ['no privacy budget: sums are exact'];
  const { unit, delta, limitEpsilon, spentEpsilon, spentAndReservedEpsilon, releases, attempts, voided } =
    budget;
  const open = attempts - releases - voided;
  return [
    `privacy: ${unit} level, epsilon ${spentEpsilon.toFixed(4)} of ${limitEpsilon.toFixed(4)} at delta ${delta} over ${releases} sums${open === 0 ? '' : `; ${spentAndReservedEpsilon.toFixed(4)} with ${open} attempts that might yet be opened`}${voided === 0 ? '' : `; ${voided} attempts void`}`,
    ...Object.entries(budget.accountants).map(
      ([name, epsilon]) =>
        `epsilon by ${name} ${epsilon.toFixed(6)}, by the filter ${spentEpsilon.toFixed(6)}, difference ${(epsilon - spentEpsilon).toExponential(1)}${name === 'pld' ? ' (of continuous noise: expected, not proved)' : ''}`,
    ),
    ...budget.differences.map((text) => `budget differs: ${text}`),
  ];
}

export function statementOf(ledger: VerifiedLedger | undefined): PrivacyStatement {
  const statement = ledger && privacyStatement(ledger);
  if (statement !== undefined) return statement;
  throw new RuntimeError(
    'BAD_ARGUMENT',
    'the run of this log has no privacy budget: its sums are exact',
    'without noise there is no guarantee to state',
  );
}

export function statementText(statement: PrivacyStatement): string {
  return renderStatement(statement);
}

/** The ledger in the lines of a log, as it stands there; nothing is verified. Undefined where there is none. */
export function eventsIn(lines: Iterable<Uint8Array>): DpEventTree | undefined {
  const entries: LedgerEntry[] = [];
  for (const line of lines) {
    const read = readEntry(line);
    if (!read.ok || read.entry.type !== 'budget') continue;
    const entry = readLedgerEntry(read.entry.ledger);
    if (!('fault' in entry)) entries.push(entry);
  }
  const { genesis, releases } = verifyLedger(entries);
  if (genesis === undefined) return undefined;
  const { colluders, recordsPerUnit } = genesis.declaration;
  return dpEventTree(releases, colluders, recordsPerUnit);
}
