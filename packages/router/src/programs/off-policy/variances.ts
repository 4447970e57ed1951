/**
 * How sure the frontier is, as one sum: of the squares of each record's influence on the quality at each budget (the delta method). Quality at a
 * budget depends on the qualities and the costs of the two policies that are mixed there; a record that makes them dearer by one
 * unit takes the frontier's slope from the quality at the budget.
 */
import type { Dataset } from '../../dataset.ts';
import { type PlaceOnPath, placeOnPath } from '../../evaluation/policy-path.ts';
import type { RecordVector, SumPlan } from '../../program.ts';
import {
  type BudgetEstimate,
  type Estimator,
  ESTIMATORS,
  type PolicyEstimate,
  type ValueEstimate,
} from './estimate.ts';
import { type JudgedRecord, judgedRecords } from './judged-records.ts';
import type { OffPolicyParameters } from './parameters.ts';
import type { PolicyValues } from './values.ts';

/**
 * Square of the largest influence that a record counts with: what one of the largest weight has on the quality of a policy, and a little more for
 * its cost.
 */
function mostSquare({ mostWeight }: OffPolicyParameters): number {
  return (mostWeight + 2) ** 2;
}

/** A square travels in two parts, up to here and what is above: on the scale of the largest, most would round to nothing. */
const SMALL_SQUARE = 4;

export function variancesPlan({ budgetsUsd }: OffPolicyParameters): SumPlan {
  const support = 2 * ESTIMATORS.length * budgetsUsd.length;
  return {
    step: 'variances',
    dimension: support,
    recordNorm: Math.sqrt(support),
    recordMax: 1,
    recordSupport: support,
  };
}

/** Where each budget lies, by estimator; in the order of the sum. */
function placesOf(
  { budgetsUsd }: OffPolicyParameters,
  { policies }: PolicyValues,
): { readonly estimator: Estimator; readonly place: PlaceOnPath | undefined }[] {
  return ESTIMATORS.flatMap((estimator) => {
    const path = policies.map((policy) => policy[estimator]);
    return budgetsUsd.map((budget) => ({ estimator, place: placeOnPath(path, budget) }));
  });
}

export function* contributeToVariances(
  parameters: OffPolicyParameters,
  table: Float64Array | undefined,
  known: PolicyValues,
  data: Dataset,
): Generator<RecordVector> {
  const places = placesOf(parameters, known);
  const length = 2 * places.length;
  const indices = Uint32Array.from({ length }, (_, j) => j);
  const values = new Float64Array(length);
  const most = mostSquare(parameters);
  for (const record of judgedRecords(parameters, table, data)) {
    places.forEach(({ estimator, place }, at) => {
      const influence = place === undefined ? 0 : influenceAt(record, estimator, place, known.policies);
      const square = Math.min(most, influence * influence);
      values[2 * at] = Math.min(1, square / SMALL_SQUARE);
      values[2 * at + 1] = Math.max(0, (square - SMALL_SQUARE) / (most - SMALL_SQUARE));
    });
    yield { length, indices, values };
  }
}

function influenceAt(
  record: JudgedRecord,
  estimator: Estimator,
  { policy, share, slope }: PlaceOnPath,
  policies: readonly PolicyEstimate[],
): number {
  const here = (1 - share) * influenceOn(record, estimator, policy, policies, slope);
  return share === 0 ? here : here + share * influenceOn(record, estimator, policy + 1, policies, slope);
}

/** On quality - slope * cost of one policy. */
function influenceOn(
  { model, quality, costUsd, weight, chosen, predicted }: JudgedRecord,
  estimator: Estimator,
  policy: number,
  policies: readonly PolicyEstimate[],
  slope: number,
): number {
  const estimate = policies[policy] as PolicyEstimate;
  const mean = estimate[estimator].quality - slope * estimate[estimator].costUsd;
  const m = chosen[policy] as number;
  const applied = m === model ? weight : 0;
  const observed = quality - slope * costUsd;
  if (estimator === 'ips') return (applied / estimate.meanWeight) * (observed - mean);
  const expected = (predicted.quality[m] as number) - slope * (predicted.costUsd[m] as number);
  return expected - mean + (estimator === 'direct' ? 0 : applied * (observed - expected));
}

export function budgetEstimates(
  parameters: OffPolicyParameters,
  known: PolicyValues,
  sum: Float64Array,
): BudgetEstimate[] {
  const places = placesOf(parameters, known);
  const { budgetsUsd } = parameters;
  return budgetsUsd.map((budgetUsd, b): BudgetEstimate => {
    const estimates: Partial<Record<Estimator, ValueEstimate>> = {};
    ESTIMATORS.forEach((estimator, e) => {
      const at = e * budgetsUsd.length + b;
      const quality = places[at]?.place?.quality;
      if (quality === undefined) return;
      const small = SMALL_SQUARE * (sum[2 * at] as number);
      const large = (mostSquare(parameters) - SMALL_SQUARE) * (sum[2 * at + 1] as number);
      const standardError = Math.sqrt(Math.max(0, small + large)) / known.records;
      estimates[estimator] = { quality, standardError };
    });
    return { budgetUsd, ...estimates };
  });
}
