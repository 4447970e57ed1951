/** Drives one run: asks for sum after sum until the program has its model, and says why where it ends without. */
import type { CryptoBackend } from '@tributary/crypto';
import { decodeSum } from '@tributary/privacy';
import {
  batchTermsFor,
  completeGraphThresholds,
  EMPTY_LOG_HEAD,
  nextLogHead,
  ProtocolError,
  type Roster,
  roundTermsFor,
  signMessage,
} from '@tributary/protocol';
import { type ProgramRun, RouterError, type RouterModel } from '@tributary/router';
import { expectedRound, type RunManifest, RuntimeError } from '@tributary/runtime';
import type { CoordinatorConfig } from './config.ts';
import type { RoundOutcome, RoundRunner } from './round-runner.ts';
import type { Sessions } from './sessions.ts';
import type { SumLog } from './sum-log.ts';

export interface RunDriverOptions {
  readonly crypto: CryptoBackend;
  readonly config: CoordinatorConfig;
  readonly roster: Roster;
  readonly identity: Uint8Array;
  readonly manifest: RunManifest;
  readonly run: Uint8Array;
  readonly program: ProgramRun;
  readonly runner: RoundRunner;
  readonly sessions: Sessions;
  readonly sums: SumLog;
  /** Members that came since the last setup and have no secrets of its batch: the next sum begins with a new one. */
  readonly strangers: Set<number>;
  readonly onSum?: (round: number, step: string, survivors: readonly number[]) => void;
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

/** @throws RuntimeError TOO_FEW_SURVIVORS, RUN_FAILED, TIMED_OUT */
export async function driveRun(options: RunDriverOptions): Promise<RunResult> {
  const { crypto, manifest } = options;
  let { program } = options;
  let logHead = EMPTY_LOG_HEAD;
  let round = 0;
  let batch = 0;
  const cohorts: number[] = [];
  let survivors: readonly number[] = [];
  while (program.kind === 'sum') {
    const { plan } = program;
    round += 1;
    if (needsBatch(options)) batch = await openBatch(options, batch + 1);
    const expected = expectedRound(crypto, plan, program.stateBytes(), { round, logHead, ...manifest });
    const outcome = await attempt(options, plan.step, expected);
    if (outcome.kind === 'aborted') throw runFailure(round, plan.step, outcome);
    logHead = await record(options, plan.step, outcome, logHead);
    program = nextStep(program, round, decodeSum(outcome.sum, expected.encoding));
    survivors = outcome.survivors;
    cohorts.push(survivors.length);
    options.onSum?.(round, plan.step, survivors);
  }
  return { model: program.model, rounds: round, survivors, cohorts, logHead };
}

/** @throws RuntimeError RUN_FAILED where the sum leaves nothing to learn from */
function nextStep(
  program: Extract<ProgramRun, { kind: 'sum' }>,
  round: number,
  sum: Float64Array,
): ProgramRun {
  try {
    return program.next(sum);
  } catch (error) {
    if (!(error instanceof RouterError)) throw error;
    throw new RuntimeError(
      'RUN_FAILED',
      `round ${round} (${program.plan.step}): ${error.message}`,
      '',
      error,
    );
  }
}

/** A batch serves until its key indices are used up, or until somebody is there who came after it was opened. */
function needsBatch({ runner, sessions, strangers }: RunDriverOptions): boolean {
  const { batch } = runner;
  if (batch === undefined || batch.nextKeyIndex >= batch.terms.keyCount) return true;
  return sessions.present.some((id) => strangers.has(id));
}

async function openBatch(options: RunDriverOptions, batch: number): Promise<number> {
  const { crypto, config, roster, run, runner, sessions, strangers } = options;
  const cohort = sessions.present;
  let thresholds: ReturnType<typeof completeGraphThresholds>;
  try {
    thresholds = completeGraphThresholds(cohort.length, config.thresholds);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new RuntimeError('TOO_FEW_SURVIVORS', `setup: ${error.message}`, error.hint, error);
  }
  const terms = batchTermsFor(crypto, { roster, run, batch, cohort, thresholds, keyCount: config.keyCount });
  strangers.clear();
  const outcome = await runner.openBatch(terms, config.deadlines.setup);
  if (outcome.kind === 'aborted') {
    throw new RuntimeError(
      'TOO_FEW_SURVIVORS',
      `setup: ${outcome.detail}`,
      'bring the missing members back and start again',
    );
  }
  return batch;
}

async function attempt(
  { runner, config }: RunDriverOptions,
  step: string,
  expected: ReturnType<typeof expectedRound>,
): Promise<RoundOutcome> {
  const { batch } = runner;
  if (batch === undefined) throw new RuntimeError('RUN_FAILED', 'no batch is open');
  const { context: batchContext, nextKeyIndex: keyIndex } = batch;
  return await runner.openRound(
    roundTermsFor(expected, { batchContext, keyIndex, attempt: 1, step, deadlines: config.deadlines }),
  );
}

function runFailure(
  round: number,
  step: string,
  outcome: Extract<RoundOutcome, { kind: 'aborted' }>,
): RuntimeError {
  const tooFew = outcome.code === 'BELOW_FLOOR' || outcome.code === 'BELOW_THRESHOLD';
  return new RuntimeError(
    tooFew ? 'TOO_FEW_SURVIVORS' : 'RUN_FAILED',
    `round ${round} (${step}) ended in phase ${outcome.phase}: ${outcome.detail}`,
    tooFew ? 'bring the missing members back and start the run again' : '',
  );
}

/** Puts the opened sum into the log and on its way to all members. @returns the log's new head */
async function record(
  { crypto, identity, roster, sessions, sums }: RunDriverOptions,
  step: string,
  outcome: Extract<RoundOutcome, { kind: 'opened' }>,
  logHead: Uint8Array,
): Promise<Uint8Array> {
  const { terms, context: roundContext } = outcome.round;
  const { survivors, survivorsDigest, digest, packed } = outcome;
  const body = {
    roundContext,
    round: terms.round,
    survivors,
    survivorsDigest,
    length: packed.length,
    digest,
  };
  const message = {
    kind: 'round-result',
    body,
    signature: signMessage(crypto, identity, 'round-result', body),
  } as const;
  await sums.append(
    { message, packed },
    {
      step,
      dimension: terms.dimension,
      bits: terms.bits,
      scale: terms.encoding.scale,
      survivors: survivors.map((id) => roster.members[id]?.name ?? String(id)),
    },
    outcome.sum,
  );
  sessions.deliverSums();
  return nextLogHead(crypto, logHead, body);
}
