import type { PrivacyBudget } from '../privacy/budget.ts';
import type { WorkloadOptions } from '../workload/load-workload.ts';

/** What is run. Plain data: the run's own processes are given it as it is. */
export interface ExperimentOptions extends WorkloadOptions {
  /** Name of the experiment. */
  readonly experiment: string;
  /** 3 .. 64. */
  readonly clients: number;
  /** Draws 1 .. `seeds`, at most `MOST_SEEDS`. */
  readonly seeds: number;
  /** Names of router families. */
  readonly routers: readonly string[];
  /** Sums in clear instead of by the protocol; the result is the same. */
  readonly plain: boolean;
  /** What federated routers may spend; left out for exact sums. */
  readonly privacy?: PrivacyBudget;
}

/** What happens while an experiment runs. */
export type ExperimentProgress =
  | { readonly kind: 'stage'; readonly text: string }
  /** `done` of `total` trials are finished; the first report of a resumed run counts those of the run before. */
  | { readonly kind: 'trials'; readonly done: number; readonly total: number; readonly finished?: string };
