/**
 * How many neighbours and which threshold a random k-regular Harary graph needs: members stand on a circle in
 * random order, each is joined to the k/2 next on either side, and those k hold its shares (Bell et al.,
 * "Secure Single-Server Aggregation with (Poly)Logarithmic Overhead", CCS 2020).
 *
 * The whole cohort stands on the circle, in an order drawn after corruption; who misses the setup counts as
 * dropped. On a circle of those who came, a coordinator that keeps honest members away would raise the share of
 * colluders.
 */
import { ProtocolError } from '../errors.ts';
import { hypergeometric } from './tails.ts';
import type { Thresholds } from './thresholds.ts';

/** Shares are points of GF(2^8) other than 0, so at most 255 holders; k is even. */
export const MAX_DEGREE = 254;
/** Some owner has more than X colluding holders with probability 2^-40 at most. */
export const SECURITY_BITS = 40;
/** A coordinator finds a cut with probability 2^-30 at most: see `chosenCutProbability`. */
export const CUT_BITS = 30;
/** Some owner has too few holders left with probability 2^-30 at most. */
export const ABORT_BITS = 30;

/** Colluders on the circle. */
export interface CircleOfMembers {
  /** n */
  readonly cohort: number;
  /** k, even, below n. */
  readonly degree: number;
  /** c, organisations that collude. */
  readonly colluders: number;
  /** Members of the cohort that the c largest organisations have together. */
  readonly colludingMembers: number;
  /** a, the most members of one organisation among any k + 1 in a row on the circle. */
  readonly organisationCap: number;
}

export interface HolderBound extends CircleOfMembers {
  /** 40 by default. */
  readonly securityBits?: number;
}

/**
 * X, the most colluders among the k holders of one owner; safe is 2t > k + X. Never more than the c * a that
 * the cap allows, the colluding members there are, or k. Where the order is uniform also the least X with
 * n * P[Hypergeometric(n - 1, colluding, k) > X] <= 2^-securityBits.
 */
export function colludingHolders(bound: HolderBound): number {
  const { cohort, colludingMembers, degree, securityBits = SECURITY_BITS } = bound;
  const most = mostInARow(bound);
  if (!isUniform(bound)) return most;
  // The owner is honest, so it is not among the colluders.
  const holders = hypergeometric(cohort - 1, Math.min(colludingMembers, cohort - 1), degree);
  const allowed = 2 ** -securityBits;
  let bounded = 0;
  while (bounded < most && cohort * holders.above(bounded) > allowed) bounded++;
  return bounded;
}

/**
 * A bound on the probability that a coordinator can name survivors that fall into two parts, each of which it
 * could then open alone. Parts are separated by two disjoint windows of k/2 members in a row who all collude
 * or are called dropped. The member beside a window keeps the k/2 neighbours on its other side and the
 * window's colluders, and it must keep t: so each window holds at least t - k/2 colluders. This is the
 * probability of that for two given windows, times the pairs of windows; 0 where the cap rules it out, and 1
 * where a cap that may bind does not.
 *
 * It rests on every client's refusal of a survivor set in which some survivor has fewer than t surviving
 * neighbours.
 */
export function chosenCutProbability(circle: CircleOfMembers & { readonly threshold: number }): number {
  const { cohort, colludingMembers, degree, threshold } = circle;
  const window = degree / 2;
  const needed = Math.max(0, threshold - window);
  const most = Math.min(window, mostInARow(circle));
  if (needed > most) return 0;
  if (!isUniform(circle)) return 1;
  const first = hypergeometric(cohort, colludingMembers, window);
  let both = 0;
  const least = Math.max(needed, colludingMembers - (cohort - window));
  for (let found = most; found >= least; found--) {
    const second = hypergeometric(cohort - window, colludingMembers - found, window);
    both += first.probability(found) * second.above(needed - 1);
  }
  return Math.min(1, ((cohort * (cohort - 1)) / 2) * both);
}

function mostInARow({ colluders, organisationCap, colludingMembers, degree }: CircleOfMembers): number {
  return Math.min(colluders * organisationCap, colludingMembers, degree);
}

/**
 * A cap changes the drawn order only where an organisation has more members than the cap. Then members are
 * no longer placed independently of their organisation, and only what the cap itself guarantees counts.
 */
function isUniform({ colluders, colludingMembers, organisationCap, degree }: CircleOfMembers): boolean {
  const largestOrganisation = colludingMembers - (colluders - 1);
  return largestOrganisation <= organisationCap || degree <= organisationCap;
}

export interface SparseGraphChoice {
  /** n */
  readonly cohort: number;
  /** c */
  readonly colluders: number;
  /** Members of the c largest organisations; c, where each member is its own organisation. */
  readonly colludingMembers?: number;
  /** Share of the cohort that may be lost from the setup to the end of a round, 0..1. */
  readonly dropoutRate: number;
  /** a; 1 by default. */
  readonly organisationCap?: number;
  /** 40 by default. */
  readonly securityBits?: number;
  /** 30 by default. */
  readonly cutBits?: number;
  /** 30 by default; 10 where a failed round may be tried again. */
  readonly abortBits?: number;
}

/**
 * The least even k, and for it the least t, that meet
 * - security: 2t > k + X, where no owner has more than X colluding holders (`colludingHolders`);
 * - connectivity: n * (share that colludes or drops)^(k/2) <= 2^-securityBits;
 * - cuts that the coordinator chooses: `chosenCutProbability` <= 2^-cutBits;
 * - correctness: n * P[more than k - t holders of an owner drop] <= 2^-abortBits.
 * @throws ProtocolError BAD_PARAMETERS where no k up to 254 does, or a choice is out of range
 */
export function sparseGraphThresholds(choice: SparseGraphChoice): Thresholds {
  const { cohort, colluders, organisationCap = 1 } = choice;
  const colludingMembers = choice.colludingMembers ?? colluders;
  const { securityBits = SECURITY_BITS, abortBits = ABORT_BITS } = choice;
  checkChoice(choice, colludingMembers, organisationCap);
  const dropped = membersOfRate(cohort, choice.dropoutRate);
  const lost = (colludingMembers + dropped) / cohort;
  for (let degree = 2; degree <= MAX_DEGREE && degree < cohort; degree += 2) {
    if (cohort * lost ** (degree / 2) > 2 ** -securityBits) continue;
    const circle = { cohort, degree, colluders, colludingMembers, organisationCap };
    const threshold = leastThreshold(circle, securityBits, choice.cutBits ?? CUT_BITS);
    if (threshold === undefined) continue;
    const droppedHolders = hypergeometric(cohort - 1, Math.min(dropped, cohort - 1), degree);
    if (cohort * droppedHolders.above(degree - threshold) > 2 ** -abortBits) continue;
    const minCohort = colluders + 2;
    return {
      cohort,
      graph: 'harary',
      organisationCap,
      holders: degree,
      threshold,
      colluders,
      minCohort,
      minSurvivors: Math.max(threshold, minCohort),
    };
  }
  throw new ProtocolError(
    'BAD_PARAMETERS',
    `no graph of at most ${MAX_DEGREE} neighbours lets ${colludingMembers} of ${cohort} members collude and ${dropped} drop`,
    'tolerate fewer colluders or dropouts, or more aborts',
  );
}

/** Members that a rate of the cohort is, rounded up. */
export function membersOfRate(cohort: number, rate: number): number {
  // 0.07 * 100 is a little above 7.
  return Math.ceil(rate * cohort - 1e-9);
}

function leastThreshold(circle: CircleOfMembers, securityBits: number, cutBits: number): number | undefined {
  const colluding = colludingHolders({ ...circle, securityBits });
  let threshold = Math.max(2, Math.floor((circle.degree + colluding) / 2) + 1);
  while (threshold <= circle.degree && chosenCutProbability({ ...circle, threshold }) > 2 ** -cutBits) {
    threshold++;
  }
  return threshold <= circle.degree ? threshold : undefined;
}

function checkChoice(choice: SparseGraphChoice, colludingMembers: number, organisationCap: number): void {
  const { cohort, colluders, dropoutRate } = choice;
  if (!Number.isInteger(cohort) || cohort < 3) refuse(`cohort ${cohort} is no whole number of 3 or more`);
  if (!Number.isInteger(colluders) || colluders < 1 || colluders > cohort - 2) {
    refuse(`colluders ${colluders} is outside 1..${cohort - 2}`);
  }
  if (!Number.isInteger(colludingMembers) || colludingMembers < colluders || colludingMembers > cohort) {
    refuse(`colludingMembers ${colludingMembers} is outside ${colluders}..${cohort}`);
  }
  if (!Number.isInteger(organisationCap) || organisationCap < 1) {
    refuse(`organisationCap ${organisationCap} is no whole number above 0`);
  }
  if (!(dropoutRate >= 0 && dropoutRate < 1)) refuse(`dropoutRate ${dropoutRate} is outside 0..1`);
}

function refuse(message: string): never {
  throw new ProtocolError('BAD_PARAMETERS', message);
}
