import type { ConcaveHull, CostQuality, Estimator, SingleModel } from '@tributary/router';
import type { ChargedBudget } from '../privacy/charged-budget.ts';
import type { RouterScore, Score } from '../evaluation/score-router.ts';

export const SETTINGS = ['federated', 'centralised', 'local', 'mixture', 'static'] as const;

/**
 * Who trained: all clients by sums, one party on pooled rows, each client alone; `mixture` is what a client makes of the federated router and its own
 * rows; of `static` nobody looked at the query (K = 1).
 */
export type Setting = (typeof SETTINGS)[number];

/** Quality and cost as shares of the best single model's. */
export interface ShareOfBest {
  readonly quality: number;
  readonly cost: number;
}

/** What one kind of router achieved in one setting and one draw. Plain data: it is written to files and sent between processes. */
export interface Measurement {
  /** Name of the family: "kmeans". */
  readonly router: string;
  readonly setting: Setting;
  readonly seed: number;
  /** How many clients' rows were trained on. */
  readonly clients: number;
  /** Which step of a sweep: "20 clients". Left out where there is none. */
  readonly point?: string;
  /** On the global test, or on what the experiment judges by; for `local` and `mixture` one per client. */
  readonly scores: readonly RouterScore[];
  /** Shared AUC on each client's own test: of the federated router, and for `local` of the client's own. */
  readonly ownTest?: readonly number[];
  /** What else an experiment tells, by name: "recovered". */
  readonly figures?: Readonly<Record<string, number>>;
  /** What logs say of the frontier, beside the truth. */
  readonly estimated?: readonly JudgedBudget[];
  /** What tuning chose; for `local` one per client. */
  readonly tuned?: readonly string[];
  /** Mean over clients of what the router does on the global test at the lambda that each client chose on its held-out queries. */
  readonly atHeldOutLambda?: ShareOfBest;
  /** What was charged; only where sums carried noise. */
  readonly privacy?: ChargedBudget;
}

/** Quality at a mean cost, as it is and as estimators see it; one that sees no policy as cheap as this has no entry. */
export interface JudgedBudget extends Readonly<Partial<Record<Estimator, EstimatedValue>>> {
  readonly budgetUsd: number;
  readonly truth: number;
}

/** An estimate with its 95 % interval. */
export interface EstimatedValue {
  readonly quality: number;
  readonly low: number;
  readonly high: number;
}

/** What is true of a draw whatever is trained on it. */
export interface SceneFacts {
  readonly seed: number;
  readonly point?: string;
  readonly models: readonly string[];
  readonly trainQueries: number;
  readonly testQueries: number;
  /** Per client, how often it observed each model. */
  readonly coverage: readonly (readonly number[])[];
  readonly singles: readonly SingleModel[];
  /** Of the frontier over single models: what mixing them, blind to the query, achieves. */
  readonly singlesScore: Score;
  readonly singlesFrontier: ConcaveHull;
  readonly bestSingle: SingleModel;
  readonly cheapest: SingleModel;
  readonly oracle: CostQuality;
}

/** What one trial gives. */
export interface TrialOutcome {
  readonly facts: SceneFacts;
  readonly measurements: readonly Measurement[];
}
