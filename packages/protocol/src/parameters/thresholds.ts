/**
 * The rules that tie threshold, holders, colluders and floors together. A client checks them itself: a
 * coordinator that proposes other numbers is refused.
 */
import { ProtocolError } from '../errors.ts';
import type { Graph } from '../messages/terms.ts';
import {
  chosenCutProbability,
  colludingHolders,
  CUT_BITS,
  MAX_DEGREE,
  membersOfRate,
  type SparseGraphChoice,
  sparseGraphThresholds,
} from './sparse-graph.ts';

export interface Thresholds {
  /** n, members of the cohort. */
  readonly cohort: number;
  readonly graph: Graph;
  /** a, neighbours of one organisation that a member has at most; 1 on the complete graph, which has no cap. */
  readonly organisationCap: number;
  /** H, holders of one secret: n on the complete graph, k on the Harary graph. */
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
 * What a federation would rather have. On the complete graph `security` is the two-thirds rule and
 * `availability` the majority: fewer must come back, fewer may collude. On the Harary graph they are the
 * shares of `SPARSE_PRESETS`.
 */
export type ThresholdPreset = 'security' | 'availability';

/** Shares of the cohort that collude, and that may be lost from the setup to the end of a round. */
export interface SparsePreset {
  readonly colludingRate: number;
  readonly dropoutRate: number;
}

export const SPARSE_PRESETS: Readonly<Record<ThresholdPreset, SparsePreset>> = {
  security: { colludingRate: 0.2, dropoutRate: 0.1 },
  availability: { colludingRate: 0.05, dropoutRate: 0.15 },
};

/** What may be chosen for the Harary graph in place of the preset. */
export type SparseOverrides = Partial<Omit<SparseGraphChoice, 'cohort'>>;

/**
 * Thresholds for n members: the complete graph up to 64, the Harary graph above.
 * @param sparse used on the Harary graph only
 * @throws ProtocolError BAD_PARAMETERS where n is below 3, or nothing meets the rules
 */
export function thresholdsFor(
  cohort: number,
  preset: ThresholdPreset = 'security',
  sparse: SparseOverrides = {},
): Thresholds {
  if (!(cohort > MAX_COMPLETE_GRAPH)) return completeGraphThresholds(cohort, preset);
  const { colludingRate, dropoutRate } = SPARSE_PRESETS[preset];
  return sparseGraphThresholds({
    cohort,
    dropoutRate,
    colluders: membersOfRate(cohort, colludingRate),
    ...sparse,
  });
}

/**
 * Thresholds on the complete graph for n members, each of its own organisation: t = floor(2n/3) + 1 for
 * `security`, floor((n + 1)/2) + 1 for `availability`. The plain majority floor(n/2) + 1 tolerates no colluder
 * where n is odd, so there it is one more. c is the largest that 2t > n + c and c + 2 <= n allow.
 * @throws ProtocolError BAD_PARAMETERS where n is outside 3..64
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
      'larger federations use the Harary graph',
    );
  }
  const threshold =
    preset === 'security' ? Math.floor((2 * cohort) / 3) + 1 : Math.floor((cohort + 1) / 2) + 1;
  const colluders = Math.min(2 * threshold - cohort - 1, cohort - 2);
  const minCohort = colluders + 2;
  return {
    cohort,
    graph: 'complete',
    organisationCap: 1,
    holders: cohort,
    threshold,
    colluders,
    minCohort,
    minSurvivors: Math.max(threshold, minCohort),
  };
}

/** What the noise of a run is sized for, whoever is there: c of its declaration, and U_min. */
export interface NoiseFloors {
  readonly colluders: number;
  readonly minSurvivors: number;
}

/**
 * Thresholds that a run with a privacy budget can use: they withstand as many colluders as its noise, and open nothing below its U_min. On the
 * Harary graph the colluders have to be chosen with the graph.
 */
export function raisedTo(thresholds: Thresholds, { colluders, minSurvivors }: NoiseFloors): Thresholds {
  const { graph, holders } = thresholds;
  const c = Math.max(thresholds.colluders, graph === 'complete' ? colluders : 0);
  const threshold =
    graph === 'complete'
      ? Math.max(thresholds.threshold, Math.floor((holders + c) / 2) + 1)
      : thresholds.threshold;
  const minCohort = Math.max(thresholds.minCohort, c + 2);
  return {
    ...thresholds,
    colluders: c,
    threshold,
    minCohort,
    minSurvivors: Math.max(thresholds.minSurvivors, minSurvivors, threshold, minCohort),
  };
}

/**
 * The first rule that the thresholds break, as a sentence; undefined where all hold. The c organisations are
 * taken to act through c members: where a roster gives them more, 2t > H + c and `brokenHararyRule` must hold
 * for as many.
 */
export function brokenRule(thresholds: Thresholds): string | undefined {
  const { cohort: n, graph, holders: H, threshold: t, colluders: c } = thresholds;
  const { minCohort, minSurvivors } = thresholds;
  if (n < 3) return `cohort ${n} is below 3`;
  if (t < 2 || t > H) return `threshold ${t} is outside 2..${H} holders`;
  if (c < 1) return `colluders ${c} is below 1`;
  if (graph === 'harary') {
    const rule = brokenHararyRule(thresholds, c);
    if (rule !== undefined) return rule;
  } else if (2 * t <= H + c) return `threshold ${t} breaks 2t > H + c (H = ${H}, c = ${c})`;
  if (minCohort < c + 2) return `minCohort ${minCohort} is below colluders + 2 = ${c + 2}`;
  if (minSurvivors < t) return `minSurvivors ${minSurvivors} is below the threshold ${t}`;
  if (minSurvivors < minCohort) return `minSurvivors ${minSurvivors} is below minCohort ${minCohort}`;
  if (minSurvivors > n) return `minSurvivors ${minSurvivors} is above the cohort of ${n}`;
  return undefined;
}

/**
 * The rules of the Harary graph where the c organisations act through `colludingMembers` of the cohort: its
 * shape, 2t > k + X, and no cut that the coordinator could choose.
 */
export function brokenHararyRule(thresholds: Thresholds, colludingMembers: number): string | undefined {
  const { cohort, holders: degree, threshold, colluders, organisationCap } = thresholds;
  if (degree % 2 !== 0 || degree < 2) {
    return `holders ${degree} of the Harary graph is no even number above 0`;
  }
  if (degree >= cohort) return `holders ${degree} is not below the cohort of ${cohort}`;
  if (degree > MAX_DEGREE) return `holders ${degree} is above ${MAX_DEGREE}, as many as have a share`;
  if (organisationCap < 1) return `organisationCap ${organisationCap} is below 1`;
  const circle = {
    cohort,
    degree,
    colluders,
    colludingMembers: Math.min(colludingMembers, cohort),
    organisationCap,
  };
  const colluding = colludingHolders(circle);
  if (2 * threshold <= degree + colluding) {
    return `threshold ${threshold} breaks 2t > k + X (k = ${degree}, X = ${colluding} colluding holders)`;
  }
  if (chosenCutProbability({ ...circle, threshold }) > 2 ** -CUT_BITS) {
    return `threshold ${threshold} and ${degree} neighbours let a coordinator cut the graph with probability above 2^-${CUT_BITS}`;
  }
  return undefined;
}
