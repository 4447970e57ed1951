/**
 * The rules of a batch and of its floors, the same for the coordinator that proposes and the member that
 * checks.
 */
import { type BatchTerms, MAX_KEY_COUNT } from '../messages/terms.ts';
import { ascending, countOrganisations, membersOfLargest, type Roster } from '../roster.ts';
import { brokenRule } from './thresholds.ts';

/** Why no batch may be opened on these terms, or undefined where they are safe. */
export function unsafeBatch(roster: Roster, terms: BatchTerms): string | undefined {
  const { cohort, keyCount, holders, threshold, colluders, minCohort } = terms;
  if (!ascending(cohort)) return 'cohort is not in ascending order without repeats';
  if (cohort.some((id) => roster.members[id] === undefined))
    return 'cohort names a member outside the roster';
  if (keyCount < 1 || keyCount > MAX_KEY_COUNT) return `keyCount ${keyCount} is outside 1..${MAX_KEY_COUNT}`;
  if (holders !== cohort.length) {
    return `holders ${holders} is not the cohort of ${cohort.length}, as the complete graph has it`;
  }
  const rule = brokenRule({ ...terms, cohort: cohort.length });
  if (rule !== undefined) return rule;
  // c counts organisations, shares lie with members: what c organisations hold together is what must stay
  // below.
  const colluding = membersOfLargest(roster, cohort, colluders);
  if (2 * threshold <= holders + colluding) {
    return `threshold ${threshold} breaks 2t > H + c (H = ${holders}): ${colluders} organisations have ${colluding} members of the cohort`;
  }
  const organisations = countOrganisations(roster, cohort);
  if (organisations < minCohort) {
    return `cohort is of ${organisations} organisations, minCohort is ${minCohort}`;
  }
  return undefined;
}

/** The floor of the batch that `members` fall below, or undefined. */
export function belowFloors(
  roster: Roster,
  terms: Pick<BatchTerms, 'cohort' | 'minSurvivors' | 'minCohort'>,
  members: readonly number[],
): string | undefined {
  const { cohort, minSurvivors, minCohort } = terms;
  if (members.length < minSurvivors) {
    return `${members.length} of ${cohort.length} members are left, ${minSurvivors} are needed`;
  }
  const organisations = countOrganisations(roster, members);
  if (organisations < minCohort) {
    return `members of ${organisations} organisations are left, ${minCohort} are needed`;
  }
  return undefined;
}
