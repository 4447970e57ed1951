export {
  type CoordinatorConfig,
  DEFAULT_PRIVACY,
  type PrivacyConfig,
  readCoordinatorConfig,
} from './config.ts';
export {
  type BudgetToDivide,
  type DeclaredRun,
  declareRun,
  divideBudget,
  type RunRequest,
} from './declared-run.ts';
export { type CoordinatorOptions, type CoordinatorReport, runCoordinator } from './coordinator.ts';
export type { CoordinatorProgress } from './progress.ts';
export type { BudgetReport, ChargedRound } from './run-budget.ts';
export type { SumRecord } from './sum-log.ts';
