/** What a run declares of its noise: its budget divided over the sums that its program will ask for. */
import {
  declarePrivacy,
  fewestSurvivors,
  parseFilter,
  type PrivacyDeclaration,
  PrivacyError,
} from '@tributary/privacy';
import { thresholdsFor, type ThresholdPreset } from '@tributary/protocol';
import { noisyParameters, programSchedule } from '@tributary/router';
import { RuntimeError } from '@tributary/runtime';
import type { PrivacyConfig } from './config.ts';

export interface RunRequest {
  readonly run: { readonly program: string; readonly parameters: Readonly<Record<string, unknown>> };
  readonly privacy: PrivacyConfig;
  readonly thresholds: ThresholdPreset;
  /** Of the roster. */
  readonly members: number;
  /** Public seed of the run. */
  readonly seed: string;
}

export interface DeclaredRun {
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly privacy: 'none' | PrivacyDeclaration;
}

/**
 * Parameters and declaration for the manifest.
 * @throws RuntimeError BAD_CONFIG; RouterError for the program's parameters; ProtocolError for a number of members that no sum takes
 */
export function declareRun({ run, privacy, thresholds: preset, members, seed }: RunRequest): DeclaredRun {
  const { unit, epsilon, delta, filter, maxRecordsPerUser } = privacy;
  if (epsilon === 'none') return { parameters: run.parameters, privacy: 'none' };
  const parameters = noisyParameters(run.program, run.parameters);
  const schedule = programSchedule(run.program, { ...parameters, seed });
  if (schedule === undefined) {
    throw new RuntimeError(
      'BAD_CONFIG',
      `program ${run.program} with these 'run.parameters' does not fix its sums in advance, so no privacy budget can be divided over them`,
      "choose parameters for noisy sums, or set 'privacy: { epsilon: none }' for exact ones",
    );
  }
  const { threshold, colluders, minSurvivors } = thresholdsFor(members, preset);
  const cohort = { members, threshold, colluders };
  const rule = parseFilter(filter);
  try {
    const declaration = declarePrivacy({
      unit,
      epsilon,
      delta,
      ...(rule === undefined ? {} : { filter: rule }),
      recordsPerUnit: unit === 'end-user' ? maxRecordsPerUser : 1,
      cohort,
      minSurvivors: privacy.minSurvivors ?? Math.max(minSurvivors, fewestSurvivors(cohort)),
      schedule,
    });
    return { parameters, privacy: declaration };
  } catch (error) {
    if (!(error instanceof PrivacyError)) throw error;
    throw new RuntimeError('BAD_CONFIG', `'privacy': ${error.message}`, '', error);
  }
}
