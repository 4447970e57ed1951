/** What a run declares of its noise: its budget divided over the sums that its program will ask for. */
import {
  chooseFilter,
  declarePrivacy,
  type DeclarationRequest,
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
export function declareRun({ run, privacy, thresholds, members, seed }: RunRequest): DeclaredRun {
  const { unit, epsilon, delta, filter, maxRecordsPerUser, minSurvivors, retries } = privacy;
  if (epsilon === 'none') return { parameters: run.parameters, privacy: 'none' };
  const parameters = noisyParameters(run.program, run.parameters);
  const budget = {
    unit,
    epsilon,
    delta,
    filter: parseFilter(filter),
    recordsPerUnit: maxRecordsPerUser,
    minSurvivors,
    retries,
  };
  try {
    const program = { name: run.program, parameters: { ...parameters, seed } };
    return { parameters, privacy: divideBudget(program, budget, { members, thresholds }) };
  } catch (error) {
    if (!(error instanceof PrivacyError)) throw error;
    throw new RuntimeError('BAD_CONFIG', `'privacy': ${error.message}`, '', error);
  }
}

/** What may be spent, and how. */
export interface BudgetToDivide extends Pick<DeclarationRequest, 'unit' | 'epsilon' | 'delta'> {
  /** What is added up; left out, what needs the least noise. */
  readonly filter?: DeclarationRequest['filter'] | undefined;
  /** Records of one end user in a sum at most; other units ask for one. */
  readonly recordsPerUnit: number;
  /** U_min; left out, the larger of the threshold and four fifths of the members. */
  readonly minSurvivors?: number | undefined;
  /** c; left out, as many as the thresholds let collude. */
  readonly colluders?: number | undefined;
  readonly retries?: number | undefined;
}

/**
 * Divides a budget over the sums of a program, with noise for U_min - c honest survivors.
 * @throws RuntimeError BAD_CONFIG where the sums are not fixed in advance; RouterError for the program's parameters; ProtocolError for a number of
 *   members that no sum takes; PrivacyError where the budget proves nothing
 */
export function divideBudget(
  program: { readonly name: string; readonly parameters: unknown },
  budget: BudgetToDivide,
  { members, thresholds: preset }: { readonly members: number; readonly thresholds: ThresholdPreset },
): PrivacyDeclaration {
  const schedule = programSchedule(program.name, program.parameters);
  if (schedule === undefined) {
    throw new RuntimeError(
      'BAD_CONFIG',
      `program ${program.name} with these 'run.parameters' does not fix its sums in advance, so no privacy budget can be divided over them`,
      "choose parameters for noisy sums, or set 'privacy: { epsilon: none }' for exact ones",
    );
  }
  const { threshold, colluders, minSurvivors } = thresholdsFor(members, preset);
  const cohort = { members, threshold, colluders: budget.colluders ?? colluders };
  const { unit, epsilon, delta, filter, recordsPerUnit, retries = 0 } = budget;
  const request = {
    unit,
    epsilon,
    delta,
    recordsPerUnit: unit === 'end-user' ? recordsPerUnit : 1,
    cohort,
    minSurvivors: budget.minSurvivors ?? Math.max(minSurvivors, fewestSurvivors(cohort)),
    schedule,
    retries,
  };
  return declarePrivacy({ ...request, filter: filter ?? chooseFilter(request) });
}
