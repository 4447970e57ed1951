export { type CoordinatorConfig, readCoordinatorConfig } from './config.ts';
export { type CoordinatorOptions, type CoordinatorReport, runCoordinator } from './coordinator.ts';
export type { CoordinatorProgress } from './progress.ts';
export type { SumRecord } from './sum-log.ts';
