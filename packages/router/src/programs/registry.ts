import type { RouterModel } from '../artifact/model.ts';
import type { Dataset } from '../dataset.ts';
import { RouterError } from '../errors.ts';
import type { Program, ProgramStep, RecordVector, ScheduledSum, SumPlan } from '../program.ts';
import { dpSgdProgram } from './dp-sgd/program.ts';
import { kmeansProgram } from './kmeans/program.ts';
import { kmeansUpdateProgram } from './kmeans-update/program.ts';
import { mlpAddClientsProgram } from './mlp-add-clients/program.ts';
import { mlpAddModelsProgram } from './mlp-add-models/program.ts';
import { mfProgram } from './mf/program.ts';
import { mlpProgram } from './mlp/program.ts';
import type { FrontierEstimate } from './off-policy/estimate.ts';
import { offPolicyProgram } from './off-policy/program.ts';
import { proxProgram } from './prox/program.ts';

/**
 * Where a run of some program stands, with the types of its parameters and state hidden inside: what shells drive. A value, not a
 * machine: `next` leaves it as it is and returns the following one, so a run is replayed from its sums.
 */
export type ProgramRun<Result = RouterModel> =
  | AwaitingSum<Result>
  | { readonly kind: 'finished'; readonly model: Result };

export interface AwaitingSum<Result = RouterModel> {
  readonly kind: 'sum';
  readonly plan: SumPlan;
  /** As `Program.contribute` for this sum. */
  contribute(data: Dataset, localSeed?: Uint8Array): Iterable<RecordVector>;
  /** As `Program.next` for this sum. */
  next(sum: Float64Array, noiseDeviation?: number): ProgramRun<Result>;
  /** As `Program.stateBytes`. */
  stateBytes(): Uint8Array;
}

/** One more training method is one more line here. */
const PROGRAMS: ReadonlyMap<string, RegisteredProgram> = new Map([
  [kmeansProgram.name, registered(kmeansProgram)],
  [kmeansUpdateProgram.name, registered(kmeansUpdateProgram)],
  [mlpProgram.name, registered(mlpProgram)],
  [dpSgdProgram.name, registered(dpSgdProgram)],
  [mlpAddModelsProgram.name, registered(mlpAddModelsProgram)],
  [mlpAddClientsProgram.name, registered(mlpAddClientsProgram)],
  [mfProgram.name, registered(mfProgram)],
  [proxProgram.name, registered(proxProgram)],
]);

/** Programs that say something of a router instead of making one; one more is one more line here. */
const ESTIMATES: ReadonlyMap<string, RegisteredProgram<FrontierEstimate>> = new Map([
  [offPolicyProgram.name, registered(offPolicyProgram)],
]);

interface RegisteredProgram<Result = RouterModel> {
  start(untrusted: unknown): ProgramRun<Result>;
  readonly whenNoisy: Readonly<Record<string, unknown>>;
  schedule(untrusted: unknown): readonly ScheduledSum[] | undefined;
}

/** The names that `startProgram` knows. */
export function programNames(): string[] {
  return [...PROGRAMS.keys()];
}

/**
 * @param name a program's name, as a configuration or a coordinator gives it
 * @param untrusted its parameters
 * @throws RouterError `UNKNOWN_PROGRAM`, `BAD_PARAMETERS`
 */
export function startProgram(name: string, untrusted: unknown): ProgramRun {
  return programNamed(PROGRAMS, name).start(untrusted);
}

/**
 * As `startProgram`, for a program that judges a router.
 * @throws RouterError `UNKNOWN_PROGRAM`, `BAD_PARAMETERS`
 */
export function startEstimate(name: string, untrusted: unknown): ProgramRun<FrontierEstimate> {
  return programNamed(ESTIMATES, name).start(untrusted);
}

/**
 * The sums of a run that is to have a privacy budget, in their order; undefined where its program or its parameters fix none in advance.
 * @throws RouterError `UNKNOWN_PROGRAM`, `BAD_PARAMETERS`
 */
export function programSchedule(name: string, untrusted: unknown): readonly ScheduledSum[] | undefined {
  return programNamed(PROGRAMS, name).schedule(untrusted);
}

/**
 * Parameters of a run with a privacy budget: those given, and where they leave it open what the program does best with noisy sums.
 * @throws RouterError `UNKNOWN_PROGRAM`
 */
export function noisyParameters(
  name: string,
  given: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return { ...programNamed(PROGRAMS, name).whenNoisy, ...given };
}

function programNamed<Result>(
  programs: ReadonlyMap<string, RegisteredProgram<Result>>,
  name: string,
): RegisteredProgram<Result> {
  const program = programs.get(name);
  if (program === undefined) {
    const known = [...programs.keys()].join(', ');
    throw new RouterError(
      'UNKNOWN_PROGRAM',
      `there is no program ${JSON.stringify(name)}; known are ${known}`,
    );
  }
  return program;
}

function registered<Parameters, State, Result>(
  program: Program<Parameters, State, Result>,
): RegisteredProgram<Result> {
  return {
    start: (untrusted) => runAt(program, program.start(program.parameters(untrusted))),
    whenNoisy: program.whenNoisy ?? {},
    schedule: (untrusted) => program.schedule?.(program.parameters(untrusted)),
  };
}

function runAt<Parameters, State, Result>(
  program: Program<Parameters, State, Result>,
  step: ProgramStep<State, Result>,
): ProgramRun<Result> {
  if (step.kind === 'finished') return step;
  const { plan, state } = step;
  return {
    kind: 'sum',
    plan,
    contribute: (data, localSeed) => program.contribute(state, data, localSeed),
    next: (sum, noiseDeviation) => runAt(program, program.next(state, sum, noiseDeviation)),
    stateBytes: () => program.stateBytes(state),
  };
}
