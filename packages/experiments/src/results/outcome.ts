import type { Measurement, SceneFacts } from './measurement.ts';

/** All that an experiment found out. */
export interface ExperimentOutcome {
  readonly experiment: string;
  /** Name of the workload, and whether it is made up. */
  readonly dataset: string;
  readonly synthetic: boolean;
  readonly seeds: readonly number[];
  /** Name and value of each setting of the run, for the foot of the report. */
  readonly settings: readonly (readonly [name: string, value: string])[];
  /** Families that took part, with their names for people. */
  readonly routers: readonly { readonly name: string; readonly title: string }[];
  /** One for each draw, in the order of the trials. */
  readonly facts: readonly SceneFacts[];
  readonly measurements: readonly Measurement[];
}
