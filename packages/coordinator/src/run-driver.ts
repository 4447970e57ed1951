/** Drives one run: asks for sum after sum until the program has its model, and says why where it ends without. */
import type { CryptoBackend } from '@tributary/crypto';
import { decodeSum } from '@tributary/privacy';
import {
  batchTermsFor,
  completeGraphThresholds,
  EMPTY_LOG_HEAD,
  nextLogHead,
  ProtocolError,
  roundTermsFor,
  signMessage,
  type ThresholdPreset,
} from '@tributary/protocol';
import { type ProgramRun, RouterError, type RouterModel } from '@tributary/router';
import { expectedRound, RuntimeError } from '@tributary/runtime';
import type { CoordinatorConfig } from './config.ts';
import type { Federation } from './federation.ts';
import type { RoundOutcome } from './round-runner.ts';
import type { RunTerms } from './run-terms.ts';
import type { SumLog } from './sum-log.ts';

export interface RunDriverOptions {
  readonly crypto: CryptoBackend;
  readonly config: Pick<CoordinatorConfig, 'deadlines' | 'keyCount' | 'thresholds'>;
  readonly terms: RunTerms;
  readonly federation: Federation;
  readonly sums: SumLog;
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

/** @throws RuntimeError TOO_FEW_SURVIVORS, RUN_FAILED, BAD_CONFIG; PrivacyError RING_OVERFLOW */
export async function driveRun(options: RunDriverOptions): Promise<RunResult> {
  const { crypto, federation } = options;
  const { manifest } = options.terms;
  let { program } = options.terms;
  let logHead = EMPTY_LOG_HEAD;
  let round = 0;
  let batch = 0;
  const cohorts: number[] = [];
  let survivors: readonly number[] = [];
  while (program.kind === 'sum') {
    const { plan } = program;
    round += 1;
    if (needsBatch(federation)) batch = await openBatch(options, batch + 1);
    const expected = expectedRound(crypto, plan, program.stateBytes(), { round, logHead, ...manifest });
    const outcome = await attempt(options, plan.step, expected);
    if (outcome.kind === 'aborted') throw runFailure(round, plan.step, outcome);
    logHead = await record(options, plan.step, outcome, logHead);
    program = nextStep(program, round, decodeSum(outcome.sum, expected.encoding));
    ({ survivors } = outcome);
    cohorts.push(survivors.length);
    federation.progress({ kind: 'sum', round, step: plan.step, survivors: survivors.length });
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
function needsBatch({ runner, sessions, strangers }: Federation): boolean {
  const { batch } = runner;
  if (batch === undefined || batch.nextKeyIndex >= batch.terms.keyCount) return true;
  return sessions.present.some((id) => strangers.has(id));
}

async function openBatch(options: RunDriverOptions, batch: number): Promise<number> {
  const { crypto, config, terms, federation } = options;
  const { roster, run } = terms;
  const { runner, sessions, strangers } = federation;
  const cohort = sessions.present;
  strangers.clear();
  const thresholds = thresholdsFor(cohort.length, config.thresholds);
  const { keyCount } = config;
  const outcome = await runner.openBatch(
    batchTermsFor(crypto, { roster, run, batch, cohort, thresholds, keyCount }),
    config.deadlines.setup,
  );
  if (outcome.kind === 'opened') return batch;
  if (outcome.code === 'UNSAFE_TERMS') {
    throw new RuntimeError(
      'BAD_CONFIG',
      `'thresholds' ${config.thresholds} do not fit the members that are there: ${outcome.detail}`,
      'wait for more organisations, or take another preset',
    );
  }
  throw new RuntimeError(
    'TOO_FEW_SURVIVORS',
    `setup: ${outcome.detail}`,
    'bring the missing members back and start again',
  );
}

/** @throws RuntimeError TOO_FEW_SURVIVORS */
function thresholdsFor(cohort: number, preset: ThresholdPreset): ReturnType<typeof completeGraphThresholds> {
  try {
    return completeGraphThresholds(cohort, preset);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new RuntimeError('TOO_FEW_SURVIVORS', `setup: ${error.message}`, error.hint, error);
  }
}

async function attempt(
  { config, federation: { runner } }: RunDriverOptions,
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
  { crypto, terms: { identity, roster }, federation: { sessions }, sums }: RunDriverOptions,
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
    signature: signMessage(crypto, identity.secretKey, 'round-result', body),
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
