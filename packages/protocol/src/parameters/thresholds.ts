/**
 * The rules that tie threshold, holders, colluders and floors together. A client checks them itself: a
 * coordinator that proposes other numbers is refused.
 */
import { ProtocolError } from '../errors.ts';

export interface Thresholds {
  /** n, members of the cohort. */
  readonly cohort: number;
  /** H, holders of one secret; on the complete graph n. */
  readonly holders: number;
  /** t, shares that reconstruct a secret. */
  readonly threshold: number;
  /** c, organisations that may collude with the coordinator. */
  readonly colluders: number;
  /** Fewest distinct organisations in a sum. */
  readonly minCohort: number;
  /** U_min, fewest members in a sum. */
  readonly minSurvivors: number;
}

/** The complete graph is used up to here. */
export const MAX_COMPLETE_GRAPH = 64;

/**
 * `security` is the two-thirds rule, `availability` the majority: fewer must come back, fewer may collude.
 */
export type ThresholdPreset = 'security' | 'availability';

/**
 * Thresholds on the complete graph for n members, each of its own organisation.
 * t = floor(2n/3) + 1 or floor(n/2) + 1; c is the largest that 2t > n + c and c + 2 <= n allow.
 * @throws ProtocolError BAD_PARAMETERS where n is outside 3..64, or the preset leaves no colluder tolerated
 */
export function completeGraphThresholds(cohort: number, preset: ThresholdPreset = 'security'): Thresholds {
  if (!Number.isInteger(cohort) || cohort < 3) {
    throw new ProtocolError(
      'BAD_PARAMETERS',
      `a secure sum needs at least 3 organisations, not ${cohort}`,
      'with two, each could subtract its own vector and read the other',
    );
  }
  if (cohort > MAX_COMPLETE_GRAPH) {
    throw new ProtocolError(
      'BAD_PARAMETERS',
      `the complete graph joins at most ${MAX_COMPLETE_GRAPH} members, not ${cohort}`,
      'this version has no sparse graph for larger federations',
    );
  }
  const threshold = preset === 'security' ? Math.floor((2 * cohort) / 3) + 1 : Math.floor(cohort / 2) + 1;
  const colluders = Math.min(2 * threshold - cohort - 1, cohort - 2);
  const minCohort = colluders + 2;
  const thresholds = {
    cohort,
    holders: cohort,
    threshold,
    colluders,
    minCohort,
    minSurvivors: Math.max(threshold, minCohort),
  };
  const broken = brokenRule(thresholds);
  if (broken !== undefined) {
    throw new ProtocolError('BAD_PARAMETERS', broken, `use the preset 'security', or another cohort size`);
  }
  return thresholds;
}

/** The first rule that the thresholds break, as a sentence; undefined where all hold. */
export function brokenRule(thresholds: Thresholds): string | undefined {
  const { cohort: n, holders: H, threshold: t, colluders: c, minCohort, minSurvivors } = thresholds;
  if (n < 3) return `cohort ${n} is below 3`;
  if (t < 2 || t > H) return `threshold ${t} is outside 2..${H} holders`;
  if (c < 1) return `colluders ${c} is below 1`;
  if (2 * t <= H + c) return `threshold ${t} breaks 2t > H + c (H = ${H}, c = ${c})`;
  if (minCohort < c + 2) return `minCohort ${minCohort} is below colluders + 2 = ${c + 2}`;
  if (minSurvivors < t) return `minSurvivors ${minSurvivors} is below the threshold ${t}`;
  if (minSurvivors < minCohort) return `minSurvivors ${minSurvivors} is below minCohort ${minCohort}`;
  if (minSurvivors > n) return `minSurvivors ${minSurvivors} is above the cohort of ${n}`;
  return undefined;
}
