import type { CostQuality } from '../../evaluation/curve.ts';

/**
 * Ways to tell what a policy would have achieved from what others did.
 *
 * `direct`: what the router itself predicts, so as wrong as the router is. `ips`: outcomes of those records whose logged model the policy would have
 * chosen, weighed by the inverse of how likely that was, over the sum of the weights (self-normalised inverse propensity scoring). `doublyRobust`: the
 * direct method, corrected by the weighed errors of its predictions on these records: right in the mean where either the predictions or
 * the propensities are (Dudik, Langford and Li, 2011).
 */
export const ESTIMATORS = ['direct', 'ips', 'doublyRobust'] as const;

export type Estimator = (typeof ESTIMATORS)[number];

/** What the router would have achieved at one lambda. Values are NaN where no record tells. */
export interface PolicyEstimate extends Readonly<Record<Estimator, CostQuality>> {
  readonly lambda: number;
  /**
   * Mean weight of a record. About 1 where propensities are right; far from it, they are not, or too little was logged of what the policy
   * chooses.
   */
  readonly meanWeight: number;
}

export interface ValueEstimate {
  readonly quality: number;
  /** Standard error: 1.96 of them on either side make an interval of 95 %. What an estimator is wrong in the mean is not in it. */
  readonly standardError: number;
}

/** Quality for a mean cost; an estimator that sees no policy as cheap as this has no entry. */
export interface BudgetEstimate extends Readonly<Partial<Record<Estimator, ValueEstimate>>> {
  readonly budgetUsd: number;
}

/** What the program `off-policy` finishes with. */
export interface FrontierEstimate {
  readonly kind: 'off-policy';
  /** Records that were counted. */
  readonly records: number;
  readonly policies: readonly PolicyEstimate[];
  readonly budgets: readonly BudgetEstimate[];
}
