export { type CoordinatorConfig, readCoordinatorConfig } from './config.ts';
export {
  type CoordinatorOptions,
  type CoordinatorProgress,
  type CoordinatorReport,
  runCoordinator,
} from './coordinator.ts';
export type { SumRecord } from './sum-log.ts';
