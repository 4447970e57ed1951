/** The rules of a batch's terms against the roster, and of the members that are left in it. */
import type { BatchTerms } from '../messages/terms.ts';
import { MAX_KEY_COUNT } from '../messages/terms.ts';
import { ascending, countOrganisations, membersOfLargest, type Roster } from '../roster.ts';
import { SPARSE_GRAPH_VERSION } from '../version.ts';
import { colludingHolders } from './sparse-graph.ts';
import { brokenHararyRule, brokenRule } from './thresholds.ts';

/** Why no batch may be opened on these terms, or undefined where they are safe. */
export function unsafeBatch(roster: Roster, terms: BatchTerms): string | undefined {
  const { cohort, graph, keyCount, maxAttempts, holders, threshold, colluders, minCohort } = terms;
  if (!ascending(cohort)) return 'cohort is not in ascending order without repeats';
  if (cohort.some((id) => roster.members[id] === undefined))
    return 'cohort names a member outside the roster';
  if (keyCount < 1 || keyCount > MAX_KEY_COUNT) return `keyCount ${keyCount} is outside 1..${MAX_KEY_COUNT}`;
  if (maxAttempts < 1) return 'maxAttempts is 0: no round would ever begin';
  if (graph === 'complete' && holders !== cohort.length) {
    return `holders ${holders} is not the cohort of ${cohort.length}, as the complete graph has it`;
  }
  const rule = brokenRule({ ...terms, cohort: cohort.length });
  if (rule !== undefined) return rule;
  // c counts organisations, shares lie with members: what c organisations hold together is what must stay
  // below.
  const colluding = membersOfLargest(roster, cohort, colluders);
  if (graph === 'complete' && 2 * threshold <= holders + colluding) {
    return `threshold ${threshold} breaks 2t > H + c (H = ${holders}): ${colluders} organisations have ${colluding} members of the cohort`;
  }
  if (graph === 'harary') {
    const broken = brokenHararyRule({ ...terms, cohort: cohort.length }, colluding);
    if (broken !== undefined) return broken;
  }
  const organisations = countOrganisations(roster, cohort);
  if (organisations < minCohort) {
    return `cohort is of ${organisations} organisations, minCohort is ${minCohort}`;
  }
  return sparseGraphFault(terms) ?? committeeFault(roster, terms);
}

/** X: how many holders of one secret `colluders` organisations may be; on the complete graph all they have. */
export function colludingHoldersOf(
  roster: Roster,
  { graph, cohort, colluders, holders: degree, organisationCap }: BatchTerms,
): number {
  const colludingMembers = membersOfLargest(roster, cohort, colluders);
  if (graph === 'complete') return colludingMembers;
  return colludingHolders({ cohort: cohort.length, colludingMembers, degree, organisationCap, colluders });
}

/**
 * How many holders of a member's secrets must have promised to release nothing of an attempt, so that it can never
 * be opened: with H - t + 1 + X, those that promised nothing and colluders who break their word are fewer than t.
 */
export function promisesNeeded(roster: Roster, terms: BatchTerms): number {
  return terms.holders - terms.threshold + 1 + colludingHoldersOf(roster, terms);
}

function sparseGraphFault({ graph, protocolVersion, committee }: BatchTerms): string | undefined {
  if (graph !== 'harary') return undefined;
  if (protocolVersion < SPARSE_GRAPH_VERSION) {
    return `protocol version ${protocolVersion} knows the complete graph only`;
  }
  // Where nobody draws the graph, the coordinator does.
  return committee.length === 0 ? 'a Harary graph needs a committee that draws it' : undefined;
}

/** With members of c + 1 organisations, at least one nonce of a draw is honest. */
function committeeFault(roster: Roster, { committee, cohort, colluders }: BatchTerms): string | undefined {
  if (committee.length === 0) return undefined;
  if (!ascending(committee)) return 'committee is not in ascending order without repeats';
  const eligible = new Set(roster.committee ?? cohort);
  const present = new Set(cohort);
  if (committee.some((id) => !eligible.has(id) || !present.has(id))) {
    return 'committee names a member that the roster does not, or that is not in the cohort';
  }
  const organisations = countOrganisations(roster, committee);
  return organisations > colluders
    ? undefined
    : `committee is of ${organisations} organisations, colluders is ${colluders}`;
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
