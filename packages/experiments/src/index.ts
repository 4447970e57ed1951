export {
  type ClientShare,
  LEAST_QUERIES_PER_CLIENT,
  observationCounts,
  type PartitionOptions,
  partitionQueries,
} from './partition/partition-queries.ts';
export { renderReport } from './report/render-report.ts';
export type { ClientCoverage, ReportData, ReportRound, RouterResult } from './report/report-data.ts';
export { generateWorkload, SYNTHETIC_WORKLOAD } from './workload/generate-workload.ts';
export { DEFAULT_DEMO_OUT, type DemoResult, runDemo } from './demo/run-demo.ts';
export {
  type DemoOptions,
  type DemoProgress,
  type Kill,
  KILL_PHASES,
  type KillPhase,
} from './demo/demo-options.ts';
export { PROCESSOR_MINUTES } from './catalogue/processor-minutes.ts';
export { EXPERIMENTS } from './catalogue/registry.ts';
export type { WorkloadOptions } from './workload/load-workload.ts';
export { routerFamilyNames } from './families/registry.ts';
export { type PrivacyBudget, RECORDS_PER_USER } from './privacy/budget.ts';
export { PRIVATE_FAMILIES } from './privacy/measure-private.ts';
export { MOST_SEEDS } from './results/interval.ts';
export type { ExperimentResult, ResultRow } from './results/result.ts';
export type { ExperimentOptions, ExperimentProgress } from './run/experiment-options.ts';
export {
  DEFAULT_EXPERIMENTS_DIRECTORY,
  type ExperimentRun,
  type FinishedExperiment,
  runExperiment,
} from './run/run-experiment.ts';
