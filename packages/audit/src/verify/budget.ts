/** The rule of budget entries: they say what the messages before them do to the run's privacy budget, all of it and nothing else. */
import { type LedgerEntry, ledgerEntryToJson, readLedgerEntry } from '@tributary/privacy';
import { canonicalJson } from '../canonical-json.ts';
import { type AuditEntry, type EntryOf, rosterOf } from '../entries.ts';
import { type Finding, finding } from '../errors.ts';
import type { AuditState } from './state.ts';

export function budgetRule(state: AuditState, { ledger }: EntryOf<'budget'>): Finding | undefined {
  const due = state.owed.shift();
  if (due === undefined) {
    return finding('BAD_BUDGET', 'nothing before it changes the privacy budget');
  }
  const read = readLedgerEntry(ledger);
  if ('fault' in read) return finding('BAD_BUDGET', read.fault);
  if (textOf(read) !== textOf(due)) {
    return finding('BAD_BUDGET', `a ${read.type} is due as ${textOf(due).slice(0, 200)}`);
  }
  state.ledger.push(read);
  return undefined;
}

/** The last digits of a limit follow from logarithms, which machines may round apart; that it is no higher than allowed the ledger's own check says. */
function textOf(entry: LedgerEntry): string {
  const json = ledgerEntryToJson(entry);
  return canonicalJson(entry.type === 'genesis' ? { ...json, limit: '' } : json);
}

/** What an entry that holds does to the budget. */
export function noteBudget(state: AuditState, entry: AuditEntry): void {
  if (entry.type === 'genesis') state.budget.begin(rosterOf(entry.roster), entry.manifest);
  state.owed.push(...state.budget.take(entry));
}

/** Why the log may not go on, where it owes an entry of the budget. */
export function owedBudget({ owed }: AuditState): Finding | undefined {
  const [due] = owed;
  return due && finding('BAD_BUDGET', `the ${due.type} of the privacy budget is missing before it`);
}
