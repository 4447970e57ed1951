import type { RouterModel } from '../artifact/model.ts';
import type { Dataset } from '../dataset.ts';
import { RouterError } from '../errors.ts';
import type { Program, ProgramStep, RecordVector, SumPlan } from '../program.ts';
import { kmeansProgram } from './kmeans/program.ts';

/**
 * Where a run of some program stands, with the types of its parameters and state hidden inside: what shells drive. A value, not a
 * machine: `next` leaves it as it is and returns the following one, so a run is replayed from its sums.
 */
export type ProgramRun = AwaitingSum | { readonly kind: 'finished'; readonly model: RouterModel };

export interface AwaitingSum {
  readonly kind: 'sum';
  readonly plan: SumPlan;
  /** As `Program.contribute` for this sum. */
  contribute(data: Dataset): Iterable<RecordVector>;
  /** As `Program.next` for this sum. */
  next(sum: Float64Array): ProgramRun;
  /** As `Program.stateBytes`. */
  stateBytes(): Uint8Array;
}

/** One more training method is one more line here. */
const STARTS: ReadonlyMap<string, (untrusted: unknown) => ProgramRun> = new Map([
  [kmeansProgram.name, (untrusted: unknown): ProgramRun => startOf(kmeansProgram, untrusted)],
]);

/** The names that `startProgram` knows. */
export function programNames(): string[] {
  return [...STARTS.keys()];
}

/**
 * @param name a program's name, as a configuration or a coordinator gives it
 * @param untrusted its parameters
 * @throws RouterError `UNKNOWN_PROGRAM`, `BAD_PARAMETERS`
 */
export function startProgram(name: string, untrusted: unknown): ProgramRun {
  const start = STARTS.get(name);
  if (start === undefined) {
    const known = programNames().join(', ');
    throw new RouterError(
      'UNKNOWN_PROGRAM',
      `there is no program ${JSON.stringify(name)}; known are ${known}`,
    );
  }
  return start(untrusted);
}

function startOf<Parameters, State>(program: Program<Parameters, State>, untrusted: unknown): ProgramRun {
  return runAt(program, program.start(program.parameters(untrusted)));
}

function runAt<Parameters, State>(program: Program<Parameters, State>, step: ProgramStep<State>): ProgramRun {
  if (step.kind === 'finished') return step;
  const { plan, state } = step;
  return {
    kind: 'sum',
    plan,
    contribute: (data) => program.contribute(state, data),
    next: (sum) => runAt(program, program.next(state, sum)),
    stateBytes: () => program.stateBytes(state),
  };
}
