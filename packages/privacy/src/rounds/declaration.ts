/**
 * What a run promises before it starts: whose data the guarantee is about, the budget, and every round with what it may cost. Public
 * and the same at every client; all later numbers follow from it.
 */
import { epsilonAtOrder } from '../accountants/rdp/conversion.ts';
import { PRIVACY_UNITS, type PrivacyUnit } from '../adjacency.ts';
import { requireInteger } from '../parameters.ts';
import { PrivacyError, type Refusal } from '../privacy-error.ts';
import type { FilterRule } from '../zcdp/budget.ts';
import { CHARGE_SLACK } from '../zcdp/charge.ts';
import { epsilonFromRho, rhoFromEpsilon } from '../zcdp/conversion.ts';
import { splitRho } from '../zcdp/plan-noise.ts';
import { releaseCharge, rhoOfCharge } from '../zcdp/sampled-charge.ts';
import {
  addRational,
  compareRational,
  formatRational,
  multiplyRational,
  rational,
  rationalFromNumber,
  shortenedUp,
  toNumberUp,
  ZERO,
  type Rational,
} from '../zcdp/rational.ts';
import { FieldsOf } from './fields-of.ts';

export interface DeclaredRound {
  /** The program's name for the step: "split 1". */
  readonly step: string;
  /** The most that one attempt at it may cost in zCDP, to a unit all of whose records are in it. */
  readonly rho: Rational;
  /**
   * Probability with which each record is in the sum, by a secret coin of its own for each attempt. Left out where all are. Under `rdp@ORDER`
   * a sample costs less; zCDP knows no amplification.
   */
  readonly sampling?: number;
}

export interface PrivacyDeclaration {
  readonly unit: PrivacyUnit;
  /** What a neighbouring dataset is; `zero_out` is the one that runs support: membership is public. */
  readonly adjacency: 'zero_out';
  readonly epsilon: number;
  readonly delta: number;
  readonly filter: FilterRule;
  /** Records of one end user that one release may hold; 1 for the other units. */
  readonly recordsPerUnit: number;
  /** U_min: with fewer survivors nothing is unmasked. */
  readonly minSurvivors: number;
  /** c: survivors that may work with the coordinator, and so know their own noise. */
  readonly colluders: number;
  readonly rounds: readonly DeclaredRound[];
}

/** Who takes part: n members, of whom t must come back and c may collude. */
export interface NoiseCohort {
  readonly members: number;
  readonly threshold: number;
  readonly colluders: number;
}

/** U_min = max(t, ceil(0.8 n)), the fewest survivors for which noise is sized by default. */
export function fewestSurvivors({ members, threshold }: Pick<NoiseCohort, 'members' | 'threshold'>): number {
  requireInteger('members', members, 1);
  requireInteger('threshold', threshold, 1, members);
  return Math.max(threshold, Math.ceil((4 * members) / 5));
}

export interface DeclarationRequest {
  readonly unit: PrivacyUnit;
  readonly epsilon: number;
  readonly delta: number;
  /** `zcdp` by default. */
  readonly filter?: FilterRule;
  /** 1 by default. */
  readonly recordsPerUnit?: number;
  readonly cohort: NoiseCohort;
  /** By default `fewestSurvivors` of the cohort. */
  readonly minSurvivors?: number;
  /** All sums of the run with their parts of what the filter lets through. */
  readonly schedule: readonly {
    readonly step: string;
    readonly weight: number;
    readonly sampling?: number;
  }[];
  /** Attempts beyond one for each sum that the budget has room for, whichever sums they are at; 0 by default. */
  readonly retries?: number;
}

/** More would leave next to nothing for the sums. */
const MAX_RETRIES = 1000;

/**
 * Divides a budget over all rounds of a run.
 * @throws PrivacyError `BAD_PARAMETER`, `UNSUPPORTED`
 */
export function declarePrivacy(request: DeclarationRequest): PrivacyDeclaration {
  const { unit, epsilon, delta, filter = { kind: 'zcdp' }, recordsPerUnit = 1, cohort, schedule } = request;
  const { minSurvivors = fewestSurvivors(cohort) } = request;
  const limit = plannedLimit({ epsilon, delta, filter });
  const { retries = 0 } = request;
  requireInteger('retries', retries, 0, MAX_RETRIES);
  const weights = schedule.map(({ weight }) => weight);
  // An attempt that failed and might yet be opened stays charged, and it may be the dearest: a part like that one's is kept back for each.
  const dearest = weights.reduce((most, weight) => Math.max(most, weight), 1);
  const shares = splitRho(limit, [...weights, ...Array.from({ length: retries }, () => dearest)]);
  const declaration: PrivacyDeclaration = {
    unit,
    adjacency: 'zero_out',
    epsilon,
    delta,
    filter,
    recordsPerUnit,
    minSurvivors,
    colluders: cohort.colluders,
    rounds: declaredRounds(schedule, shares, filter, recordsPerUnit),
  };
  if (minSurvivors > cohort.members) {
    throw new PrivacyError(
      'BAD_PARAMETER',
      `minSurvivors ${minSurvivors} is above the cohort of ${cohort.members}`,
    );
  }
  const refusal = checkDeclaration(declaration);
  if (refusal !== undefined) throw new PrivacyError(refusal.code, refusal.message);
  return declaration;
}

/** Steps of one weight and one probability, as most are, share one search. */
function declaredRounds(
  schedule: DeclarationRequest['schedule'],
  shares: readonly Rational[],
  filter: FilterRule,
  recordsPerUnit: number,
): DeclaredRound[] {
  const found = new Map<string, Rational>();
  return schedule.map(({ step, weight, sampling = 1 }, i): DeclaredRound => {
    const key = `${weight} ${sampling}`;
    const rho =
      found.get(key) ??
      rhoOfCharge(filter, shares[i] ?? ZERO, { sampling: validSampling(sampling) }, recordsPerUnit);
    found.set(key, rho);
    return { step, rho, ...(sampling === 1 ? {} : { sampling }) };
  });
}

function validSampling(sampling: number): number {
  if (sampling > 0 && sampling <= 1) return sampling;
  throw new PrivacyError('BAD_PARAMETER', `sampling must be in (0, 1], not ${sampling}`);
}

type BudgetTerms = Pick<PrivacyDeclaration, 'epsilon' | 'delta' | 'filter'>;

/**
 * The highest order of an `rdp` filter: more proves epsilons below 0.01 only, and what a sampled round costs takes as many steps as its order,
 * which a peer could have a client take for every round that it declares.
 */
const MAX_ORDER = 1024;

/**
 * The largest total that a filter may let through, in its own unit (rho, or RDP at its order), rounded down.
 * @throws PrivacyError `BAD_PARAMETER` where epsilon, delta or the order is out of range, or the order proves nothing at this epsilon
 */
export function filterLimit({ epsilon, delta, filter }: BudgetTerms): Rational {
  const rho = rhoFromEpsilon(epsilon, delta);
  if (filter.kind === 'zcdp') return rho;
  requireInteger('order', filter.order, 2, MAX_ORDER);
  const { order } = filter;
  const wanted = epsilon - Math.log1p(-1 / order) + Math.log(delta * order) / (order - 1);
  // The conversion rounds up by a part of epsilon, which may be much more than that part of the limit: a peer could
  // choose an epsilon at which steps of the limit's own size would never end.
  const step = epsilon * 2 ** -40;
  for (let limit = wanted - step; limit >= 2 ** -40; limit -= step) {
    if (epsilonAtOrder(limit, order, delta) <= epsilon) return rationalFromNumber(limit);
  }
  throw new PrivacyError(
    'BAD_PARAMETER',
    `the filter rdp@${order} proves no epsilon of ${epsilon} at delta ${delta}; take a higher order, or zcdp`,
  );
}

/**
 * What a run may spend in all: a billionth less than `filterLimit`, so that everyone finds it within the limit, whatever the last digits of
 * their logarithms are.
 * @throws PrivacyError `BAD_PARAMETER` as `filterLimit`
 */
export function plannedLimit(terms: BudgetTerms): Rational {
  return multiplyRational(filterLimit(terms), rational((1n << 30n) - 1n, 1n << 30n));
}

/** Epsilon at delta of what was charged in the unit of a filter, rounded up; 0 for nothing. */
export function epsilonOf({ filter, delta }: Omit<BudgetTerms, 'epsilon'>, charge: Rational): number {
  if (charge.numerator === 0n) return 0;
  return filter.kind === 'zcdp'
    ? epsilonFromRho(charge, delta)
    : epsilonAtOrder(toNumberUp(charge), filter.order, delta);
}

const MAX_ROUNDS = 100_000;
const MAX_RECORDS_PER_UNIT = 2 ** 20;
const MAX_MEMBERS = 65_535;

/** Why a declaration is not one that a run can keep, or undefined where it is. Never throws, whatever a peer declares. */
export function checkDeclaration(declaration: PrivacyDeclaration): Refusal | undefined {
  const { unit, recordsPerUnit, minSurvivors, colluders, rounds } = declaration;
  if (unit !== 'end-user' && recordsPerUnit !== 1) {
    return bad('recordsPerUnit', `1 for the unit ${unit}`, recordsPerUnit);
  }
  if (colluders >= minSurvivors) return bad('colluders', `below minSurvivors ${minSurvivors}`, colluders);
  if (colluders < 1) return bad('colluders', 'at least 1: every participant knows its own noise', colluders);
  let limit: Rational;
  try {
    limit = filterLimit(declaration);
  } catch (error) {
    if (error instanceof PrivacyError) return { code: error.code, message: `privacy: ${error.message}` };
    throw error;
  }
  const low = rounds.findIndex(({ rho }) => compareRational(rho, CHARGE_SLACK) <= 0);
  if (low >= 0) return bad(`rounds[${low}].rho`, 'above 2^-64', formatRational(rounds[low]?.rho ?? ZERO));
  const outside = rounds.findIndex(({ sampling = 1 }) => !(sampling > 0 && sampling <= 1));
  if (outside >= 0) return bad(`rounds[${outside}].sampling`, 'in (0, 1]', rounds[outside]?.sampling ?? 1);
  const sampled = rounds.findIndex(({ sampling = 1 }) => sampling < 1);
  if (unit === 'organisation' && sampled >= 0) {
    return bad(
      `rounds[${sampled}].sampling`,
      'left out for the unit organisation: everybody sees who takes part',
      rounds[sampled]?.sampling ?? 1,
    );
  }
  const total = declaredCharge(declaration);
  if (compareRational(total, limit) > 0) {
    return {
      code: 'BUDGET_EXCEEDED',
      message: `privacy.rounds cost ${formatRational(total)} together, above the limit of ${formatRational(limit)}`,
    };
  }
  return undefined;
}

/** What all declared rounds cost together if each is attempted once, in the unit of the filter; as `shortenedUp` keeps sums. */
export function declaredCharge({
  rounds,
  filter,
  recordsPerUnit,
}: Pick<PrivacyDeclaration, 'rounds' | 'filter' | 'recordsPerUnit'>): Rational {
  return rounds.reduce(
    (sum, round) => shortenedUp(addRational(sum, releaseCharge(filter, round.rho, round, recordsPerUnit))),
    ZERO,
  );
}

/**
 * What all rounds from number `next` on cost at least: where each is opened at its first attempt, over all `members`. The last has to be paid for
 * as it is reserved, for U_min of them.
 */
export function leastCharge(declaration: PrivacyDeclaration, next: number, members: number): Rational {
  const { rounds, minSurvivors, colluders } = declaration;
  const left = rounds.slice(next - 1);
  const fewer = rational(
    BigInt(minSurvivors - colluders),
    BigInt(Math.max(members, minSurvivors) - colluders),
  );
  const atBest = left.map(({ rho, ...round }, i) => ({
    ...round,
    rho: i === left.length - 1 ? rho : multiplyRational(rho, fewer),
  }));
  return declaredCharge({ ...declaration, rounds: atBest });
}

function bad(field: string, wanted: string, got: number | string): Refusal {
  return { code: 'BAD_PARAMETER', message: `privacy.${field} must be ${wanted}, not ${got}` };
}

/** "zcdp", or "rdp@8" for an order of 8. */
export function formatFilter(filter: FilterRule): string {
  return filter.kind === 'zcdp' ? 'zcdp' : `rdp@${filter.order}`;
}

/** The rule of a text as `formatFilter` gives it; undefined for any other. */
export function parseFilter(text: string): FilterRule | undefined {
  if (text === 'zcdp') return { kind: 'zcdp' };
  const order = Number(/^rdp@([1-9]\d{0,3})$/.exec(text)?.[1]);
  return Number.isInteger(order) && order >= 2 && order <= MAX_ORDER ? { kind: 'rdp', order } : undefined;
}

/** A declaration as JSON holds it: in a manifest, in a log. */
export interface DeclarationJson {
  readonly unit: string;
  readonly adjacency: string;
  readonly epsilon: string;
  readonly delta: string;
  readonly filter: string;
  readonly recordsPerUnit: number;
  readonly minSurvivors: number;
  readonly colluders: number;
  readonly rounds: readonly { readonly step: string; readonly rho: string; readonly sampling?: string }[];
}

/** Integers and text alone, so that it has one canonical form: epsilon and delta as the shortest decimals, rationals as "p/q". */
export function declarationToJson(declaration: PrivacyDeclaration): DeclarationJson {
  const { epsilon, delta, filter, rounds, ...rest } = declaration;
  return {
    ...rest,
    epsilon: String(epsilon),
    delta: String(delta),
    filter: formatFilter(filter),
    rounds: rounds.map(({ step, rho, sampling }) => ({
      step,
      rho: formatRational(rho),
      ...(sampling === undefined ? {} : { sampling: String(sampling) }),
    })),
  };
}

/**
 * The declaration that a peer or a file gives.
 * @throws PrivacyError `BAD_PARAMETER` naming the field; what `checkDeclaration` finds
 */
export function parseDeclaration(untrusted: unknown): PrivacyDeclaration {
  const fields = new FieldsOf(untrusted, 'privacy');
  const declaration: PrivacyDeclaration = {
    unit: fields.choice('unit', PRIVACY_UNITS),
    adjacency: fields.choice('adjacency', ['zero_out'] as const),
    epsilon: fields.decimal('epsilon'),
    delta: fields.decimal('delta'),
    filter: fields.read('filter', 'zcdp or rdp@ORDER', (value) =>
      typeof value === 'string' ? parseFilter(value) : undefined,
    ),
    recordsPerUnit: fields.integer('recordsPerUnit', 1, MAX_RECORDS_PER_UNIT),
    minSurvivors: fields.integer('minSurvivors', 1, MAX_MEMBERS),
    colluders: fields.integer('colluders', 1, MAX_MEMBERS),
    rounds: fields.list('rounds', 1, MAX_ROUNDS, (round) => {
      const sampling = round.optionalDecimal('sampling');
      const read = {
        step: round.text('step', 64),
        rho: round.rational('rho'),
        ...(sampling === undefined ? {} : { sampling }),
      };
      round.end();
      return read;
    }),
  };
  fields.end();
  const refusal = checkDeclaration(declaration);
  if (refusal !== undefined) throw new PrivacyError(refusal.code, refusal.message);
  return declaration;
}
