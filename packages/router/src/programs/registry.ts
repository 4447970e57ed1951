import type { RouterModel } from '../artifact/model.ts';
import type { Dataset } from '../dataset.ts';
import { RouterError } from '../errors.ts';
import type { Program, ProgramStep, RecordVector, ScheduledSum, SumPlan } from '../program.ts';
import { kmeansProgram } from './kmeans/program.ts';
import { kmeansUpdateProgram } from './kmeans-update/program.ts';
import { mlpAddClientsProgram } from './mlp-add-clients/program.ts';
import { mlpAddModelsProgram } from './mlp-add-models/program.ts';
import { mfProgram } from './mf/program.ts';
import { mlpProgram } from './mlp/program.ts';

/**
 * Where a run of some program stands, with the types of its parameters and state hidden inside: what shells drive. A value, not a
 * machine: `next` leaves it as it is and returns the following one, so a run is replayed from its sums.
 */
export type ProgramRun = AwaitingSum | { readonly kind: 'finished'; readonly model: RouterModel };

export interface AwaitingSum {
  readonly kind: 'sum';
  readonly plan: SumPlan;
  /** As `Program.contribute` for this sum. */
  contribute(data: Dataset, localSeed?: Uint8Array): Iterable<RecordVector>;
  /** As `Program.next` for this sum. */
  next(sum: Float64Array, noiseDeviation?: number): ProgramRun;
  /** As `Program.stateBytes`. */
  stateBytes(): Uint8Array;
}

/** One more training method is one more line here. */
const PROGRAMS: ReadonlyMap<string, RegisteredProgram> = new Map([
  [kmeansProgram.name, registered(kmeansProgram)],
  [kmeansUpdateProgram.name, registered(kmeansUpdateProgram)],
  [mlpProgram.name, registered(mlpProgram)],
  [mlpAddModelsProgram.name, registered(mlpAddModelsProgram)],
  [mlpAddClientsProgram.name, registered(mlpAddClientsProgram)],
  [mfProgram.name, registered(mfProgram)],
]);

interface RegisteredProgram {
  start(untrusted: unknown): ProgramRun;
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
  return programNamed(name).start(untrusted);
}

/**
 * The sums of a run that is to have a privacy budget, in their order; undefined where its program or its parameters fix none in advance.
 * @throws RouterError `UNKNOWN_PROGRAM`, `BAD_PARAMETERS`
 */
export function programSchedule(name: string, untrusted: unknown): readonly ScheduledSum[] | undefined {
  return programNamed(name).schedule(untrusted);
}

/**
 * Parameters of a run with a privacy budget: those given, and where they leave it open what the program does best with noisy sums.
 * @throws RouterError `UNKNOWN_PROGRAM`
 */
export function noisyParameters(
  name: string,
  given: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return { ...programNamed(name).whenNoisy, ...given };
}

function programNamed(name: string): RegisteredProgram {
  const program = PROGRAMS.get(name);
  if (program === undefined) {
    const known = programNames().join(', ');
    throw new RouterError(
      'UNKNOWN_PROGRAM',
      `there is no program ${JSON.stringify(name)}; known are ${known}`,
    );
  }
  return program;
}

function registered<Parameters, State>(program: Program<Parameters, State>): RegisteredProgram {
  return {
    start: (untrusted) => runAt(program, program.start(program.parameters(untrusted))),
    whenNoisy: program.whenNoisy ?? {},
    schedule: (untrusted) => program.schedule?.(program.parameters(untrusted)),
  };
}

function runAt<Parameters, State>(program: Program<Parameters, State>, step: ProgramStep<State>): ProgramRun {
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
