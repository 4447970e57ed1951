import { type Dataset, type ProgramRun, RouterError, type RouterModel } from '@tributary/router';
import type { Federation } from '../families/router-family.ts';

export interface FinishedProgram<Result = RouterModel> {
  readonly model: Result;
  /** Every sum that was opened, in order. */
  readonly sums: readonly Float64Array[];
}

/**
 * Drives a program to its end over the clients' records.
 * @param start as `startProgram` or `startEstimate` returns it
 * @throws RouterError where the datasets do not fit the program, or leave nothing to learn from
 */
export function runProgram<Result>(
  start: ProgramRun<Result>,
  { clients, localSeeds, sums: service }: Federation,
): FinishedProgram<Result> {
  const sums: Float64Array[] = [];
  let run = start;
  while (run.kind === 'sum') {
    const { plan } = run;
    const contribute = run.contribute.bind(run);
    const sum = service.open({
      plan,
      stateBytes: run.stateBytes(),
      contribute: (client) => contribute(clients[client] as Dataset, localSeeds[client]),
    });
    sums.push(sum);
    run = run.next(sum);
  }
  return { model: run.model, sums };
}

/**
 * The model that a program makes of sums that were opened before: of a run whose parameters differ in nothing that decides a plan.
 * @throws RouterError `BAD_SUM` where the program asks for other sums
 */
export function replayProgram(start: ProgramRun, sums: readonly Float64Array[]): RouterModel {
  let run = start;
  for (const sum of sums) {
    if (run.kind === 'finished')
      throw new RouterError('BAD_SUM', 'the program was finished before its last sum');
    run = run.next(sum);
  }
  if (run.kind !== 'finished')
    throw new RouterError('BAD_SUM', `the program still asks for '${run.plan.step}'`);
  return run.model;
}
