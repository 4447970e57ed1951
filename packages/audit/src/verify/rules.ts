/** The rule of each type of entry: it checks an entry against what the log says before it, and takes it up. */
import type { EntryOf, EntryType, TimedEntry } from '../entries.ts';
import { type Finding, finding } from '../errors.ts';
import { budgetRule, noteBudget, owedBudget } from './budget.ts';
import { abortRule, endRule, evidenceRule } from './closing.ts';
import { roundRule, survivorsRule, uploadRule } from './contributing.ts';
import { batchRule, genesisRule, rosterRule } from './founding.ts';
import { releaseRule, sumRule } from './opening.ts';
import type { AuditState, RoundVectors } from './state.ts';

type Rule<T extends EntryType> = (
  state: AuditState,
  entry: EntryOf<T>,
  vectors: RoundVectors,
) => Finding | undefined;

const RULES: { readonly [T in EntryType]: Rule<T> } = {
  genesis: genesisRule,
  roster: rosterRule,
  batch: batchRule,
  round: roundRule,
  upload: uploadRule,
  survivors: survivorsRule,
  release: releaseRule,
  sum: sumRule,
  abort: abortRule,
  evidence: evidenceRule,
  end: endRule,
  budget: budgetRule,
  // The verifier checks heads itself, for they are about lines.
  head: () => undefined,
};

export function applyRule(state: AuditState, entry: TimedEntry, vectors: RoundVectors): Finding | undefined {
  if (state.roster === undefined && entry.type !== 'genesis') {
    return finding('OUT_OF_ORDER', 'the log does not begin with its genesis');
  }
  if (state.ended) return finding('OUT_OF_ORDER', 'the run has ended');
  const { sum, maskedSum, uploads } = vectors;
  if (entry.type !== 'sum' && (sum !== undefined || maskedSum !== undefined || uploads.size > 0)) {
    return finding('BAD_SUM', `vectors stand before a ${entry.type}, which is no sum`);
  }
  if (entry.type !== 'budget') {
    const owed = owedBudget(state);
    if (owed !== undefined) return owed;
  }
  const fault = (RULES[entry.type] as Rule<EntryType>)(state, entry, vectors);
  if (fault === undefined) noteBudget(state, entry);
  return fault;
}
