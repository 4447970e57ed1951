/**
 * Drives one run: asks for sum after sum until the program has its model, and says why where it ends without. Where the run stands
 * follows from the sums that are opened, so that a restart goes on where the last life of the process ended.
 */
import type { CryptoBackend } from '@tributary/crypto';
import { PrivacyError } from '@tributary/privacy';
import { EMPTY_LOG_HEAD, nextLogHead, roundTermsFor } from '@tributary/protocol';
import { type ProgramRun, RouterError, type RouterModel } from '@tributary/router';
import { type PlannedRound, planRound, readSum, RuntimeError } from '@tributary/runtime';
import type { Batches } from './batches.ts';
import type { CoordinatorConfig } from './config.ts';
import type { Federation } from './federation.ts';
import type { AbortedAttempt, RoundOutcome } from './round-runner.ts';
import type { RunBudget } from './run-budget.ts';
import type { RunTerms } from './run-terms.ts';
import type { OpenedSum, SumLog } from './sum-log.ts';

export interface RunDriverOptions {
  readonly crypto: CryptoBackend;
  readonly config: Pick<CoordinatorConfig, 'deadlines'>;
  readonly terms: RunTerms;
  readonly federation: Federation;
  readonly sums: SumLog;
  readonly batches: Batches;
  readonly budget: RunBudget;
  /** The last attempt of an earlier life, where it ended without a sum. */
  readonly aborted: AbortedAttempt | undefined;
}

export interface RunResult {
  readonly model: RouterModel;
  readonly rounds: number;
  /** Members in the last sum. */
  readonly survivors: readonly number[];
  /** Members of each sum. */
  readonly cohorts: readonly number[];
  readonly logHead: Uint8Array;
}

/** What follows from the sums so far. */
interface Course {
  readonly program: ProgramRun;
  readonly rounds: number;
  readonly logHead: Uint8Array;
}

type Inputs = Pick<RunDriverOptions, 'crypto' | 'terms' | 'sums'>;

/** Whether the sums that are opened give the model: nobody is needed any more. @throws RuntimeError RUN_FAILED, POLICY */
export async function hasItsModel(inputs: Inputs): Promise<boolean> {
  let course = begin(inputs);
  while (course.program.kind === 'sum') {
    const sum = inputs.sums.opened[course.rounds];
    if (sum === undefined) return false;
    course = await advance(inputs, course, sum);
  }
  return true;
}

function begin({ terms }: Inputs): Course {
  return { program: terms.program, rounds: 0, logHead: EMPTY_LOG_HEAD };
}

/** @throws RuntimeError TOO_FEW_SURVIVORS, RUN_FAILED, BAD_CONFIG, POLICY; PrivacyError RING_OVERFLOW */
export async function driveRun(options: RunDriverOptions): Promise<RunResult> {
  const { federation, sums } = options;
  const earlier = sums.opened.length;
  let course = begin(options);
  let { aborted } = options;
  while (course.program.kind === 'sum') {
    const { step } = course.program.plan;
    const sum = sums.opened[course.rounds];
    if (sum !== undefined) {
      const { body } = sum.message;
      const { length: survivors } = body.survivors;
      options.budget.settle(body, plannedOf(options, course)?.noise, survivors);
      course = await advance(options, course, sum);
      const { rounds: round } = course;
      if (round > earlier) federation.progress({ kind: 'sum', round, step, survivors });
      continue;
    }
    const { roundInProgress } = federation.runner;
    const outcome = await (roundInProgress ?? attempt(options, course, aborted));
    aborted = outcome.kind === 'aborted' ? outcome : undefined;
    federation.sessions.deliverSums();
  }
  const cohorts = sums.opened.map(({ message }) => message.body.survivors.length);
  const survivors = sums.opened.at(-1)?.message.body.survivors ?? [];
  const { program, rounds, logHead } = course;
  return { model: program.model, rounds, survivors, cohorts, logHead };
}

function plannedOf({ crypto, terms }: Inputs, course: Course): PlannedRound | undefined {
  const { program, rounds, logHead } = course;
  if (program.kind !== 'sum') return undefined;
  const round = rounds + 1;
  return planRound(crypto, program.plan, program.stateBytes(), { round, logHead, ...terms.manifest });
}

/** @throws RuntimeError RUN_FAILED where the sum leaves nothing to learn from, POLICY where it lacks noise */
async function advance(inputs: Inputs, course: Course, { message }: OpenedSum): Promise<Course> {
  const { program, rounds } = course;
  const planned = plannedOf(inputs, course);
  if (program.kind !== 'sum' || planned === undefined) return course;
  const words = await inputs.sums.words(rounds + 1);
  if (words.length !== planned.expected.dimension) {
    throw new RuntimeError(
      'RUN_FAILED',
      `the sum of round ${rounds + 1} is not the one that the run asked for`,
    );
  }
  return {
    program: nextStep(program, planned, words, message.body.survivors.length),
    rounds: rounds + 1,
    logHead: nextLogHead(inputs.crypto, course.logHead, message.body),
  };
}

/** @throws RuntimeError RUN_FAILED, POLICY */
function nextStep(
  program: Extract<ProgramRun, { kind: 'sum' }>,
  planned: PlannedRound,
  words: Int32Array,
  survivors: number,
): ProgramRun {
  try {
    const { sum, noiseDeviation } = readSum(planned, words, survivors);
    return program.next(sum, noiseDeviation);
  } catch (error) {
    const missing = error instanceof PrivacyError && error.code === 'NOISE_MISSING';
    if (!missing && !(error instanceof RouterError)) throw error;
    const { step } = program.plan;
    throw new RuntimeError(
      missing ? 'POLICY' : 'RUN_FAILED',
      `round ${planned.expected.round} (${step}): ${error.message}`,
      missing ? 'a member left its noise out: find out which before another run' : '',
      error,
    );
  }
}

/**
 * One attempt at the sum that follows; each takes a key index of its own.
 * @param aborted the attempt before it at the same sum
 */
async function attempt(
  options: RunDriverOptions,
  course: Course,
  aborted: AbortedAttempt | undefined,
): Promise<RoundOutcome> {
  const { config, batches, federation } = options;
  const planned = plannedOf(options, course);
  if (course.program.kind !== 'sum' || planned === undefined) {
    throw new RuntimeError('RUN_FAILED', 'the program asks for no sum');
  }
  if (aborted !== undefined) requireAnother(options, aborted);
  const { expected, noise } = planned;
  const number = (aborted?.terms.attempt ?? 0) + 1;
  options.budget.recall(expected.round, noise);
  // The announcement that follows brings the promises to members, and into the log.
  if (aborted?.isVoid === true) options.budget.void(aborted.terms, noise);
  options.budget.reserve({ round: expected.round, attempt: number }, noise);
  const { context: batchContext, nextKeyIndex: keyIndex } = await batches.usable();
  const outcome = federation.runner.openRound(
    roundTermsFor(expected, {
      batchContext,
      keyIndex,
      attempt: number,
      step: course.program.plan.step,
      deadlines: config.deadlines,
      auditHead: federation.auditHead,
    }),
  );
  batches.renewAhead();
  return await outcome;
}

/** @throws RuntimeError where the attempt was the last */
function requireAnother({ federation }: RunDriverOptions, aborted: AbortedAttempt): void {
  const { terms, phase, code, detail, retryable } = aborted;
  const { round, attempt: number, step } = terms;
  if (retryable) {
    federation.progress({ kind: 'retry', round, attempt: number + 1, detail });
    return;
  }
  const tooFew = code === 'BELOW_FLOOR' || code === 'BELOW_THRESHOLD';
  throw new RuntimeError(
    tooFew ? 'TOO_FEW_SURVIVORS' : 'RUN_FAILED',
    `round ${round} (${step}) ended in phase ${phase}: ${detail}`,
    tooFew ? 'bring the missing members back and start the run again' : '',
  );
}
