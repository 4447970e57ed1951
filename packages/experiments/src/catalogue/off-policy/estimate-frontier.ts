/** A router's frontier as logs tell it, beside the truth that a benchmark has. */
import {
  createArtifact,
  createPredictor,
  encodeArtifact,
  ESTIMATORS,
  type Estimator,
  expectedCosts,
  type FrontierEstimate,
  geometricGrid,
  type KMeansModel,
  placeOnPath,
  routerCurve,
  type RouterModel,
  startEstimate,
  type TestSet,
} from '@tributary/router';
import type { Federation } from '../../families/router-family.ts';
import type { EstimatedValue, JudgedBudget } from '../../results/measurement.ts';
import { runProgram } from '../../sums/run-program.ts';
import { coverageName, errorName } from './points.ts';

/** What is assumed of how likely logged choices were. */
export const ASSUMPTIONS = ['logged', 'estimated', 'uniform'] as const;

export type Assumption = (typeof ASSUMPTIONS)[number];

const POLICIES = 24;
/** What one answer counts for at most, in mean costs of its model. */
const CAP = 16;
/** Standard errors on either side of an interval of 95 %. */
const HALF_WIDTH = 1.96;

export interface FrontierQuestion {
  readonly router: RouterModel;
  /** Its clusters are the strata in which propensities are estimated. */
  readonly strata: KMeansModel;
  readonly budgetsUsd: readonly number[];
  readonly assumption: Assumption;
}

/** Asks the clients' logs, by sums alone. */
export function estimateFrontier(
  federation: Federation,
  { router, strata, budgetsUsd, assumption }: FrontierQuestion,
): FrontierEstimate {
  const { models, dimensions } = router;
  const start = startEstimate('off-policy', {
    router: textOf(router),
    models,
    dimensions,
    seed: federation.seed,
    lambdas: policyLambdas(router),
    budgetsUsd,
    costCapsUsd: costCaps(router),
    propensities: assumption,
    ...(assumption === 'estimated' ? { strata: textOf(strata) } : {}),
  });
  return runProgram(start, federation).model;
}

function textOf(model: RouterModel): string {
  return encodeArtifact(createArtifact(model, 'any'));
}

/**
 * From where the cheapest model's price counts for ten of a quality of 1 to where the dearest's counts for a hundredth of it: costs rise along
 * the policies.
 */
function policyLambdas(router: RouterModel): number[] {
  const costs = [...expectedCosts(router)].filter((cost) => cost > 0);
  return geometricGrid(10 / Math.min(...costs), 0.01 / Math.max(...costs), POLICIES);
}

/** Nothing is known of the price of a model that nobody observed, and no policy chooses it. */
function costCaps(router: RouterModel): number[] {
  return Array.from(expectedCosts(router), (cost) => (cost > 0 ? CAP * cost : 1));
}

/** The estimate beside what the same policies truly achieve on the same queries, at each budget that pays for one. */
export function judgeFrontier(
  { budgets }: FrontierEstimate,
  router: RouterModel,
  test: TestSet,
): JudgedBudget[] {
  const path = routerCurve(createPredictor(router), test, policyLambdas(router));
  return budgets.flatMap(({ budgetUsd, ...estimates }) => {
    const place = placeOnPath(path, budgetUsd);
    if (place === undefined) return [];
    const values: Partial<Record<Estimator, EstimatedValue>> = {};
    for (const estimator of ESTIMATORS) {
      const estimate = estimates[estimator];
      if (estimate === undefined) continue;
      const { quality, standardError } = estimate;
      const half = HALF_WIDTH * standardError;
      values[estimator] = { quality, low: quality - half, high: quality + half };
    }
    return [{ budgetUsd, truth: place.quality, ...values }];
  });
}

/**
 * Of each estimator the mean absolute error, and the share of budgets whose interval holds the truth. A budget for which it has no estimate is not covered, and
 * off by all of its quality.
 */
export function figuresOver(judged: readonly JudgedBudget[]): Record<string, number> {
  const figures: Record<string, number> = {};
  for (const estimator of ESTIMATORS) {
    let [error, covered] = [0, 0];
    for (const { truth, [estimator]: value } of judged) {
      error += Math.abs((value?.quality ?? 0) - truth);
      if (value !== undefined && value.low <= truth && truth <= value.high) covered += 1;
    }
    figures[errorName(estimator)] = error / Math.max(1, judged.length);
    figures[coverageName(estimator)] = covered / Math.max(1, judged.length);
  }
  return figures;
}
