/** The operator's process: one federation, one run, from the first connection to the artifact, over as many lives as it takes. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { toHex } from '@tributary/crypto';
import { nodeBackend } from '@tributary/crypto/node';
import { type Bodies, EMPTY_LOG_HEAD, nextLogHead, rosterRoot } from '@tributary/protocol';
import { createArtifact, encodeArtifact } from '@tributary/router';
import {
  CLOSE,
  type Logger,
  oneLine,
  RuntimeError,
  type RunStates,
  stoppedBy,
  VectorWork,
  writeTextFile,
} from '@tributary/runtime';
import { Batches } from './batches.ts';
import { gatherCohort, tooManyRefuse } from './cohort.ts';
import type { CoordinatorConfig } from './config.ts';
import { setAsideEarlierRun } from './earlier-runs.ts';
import { Federation } from './federation.ts';
import { type OpenRun, openRun } from './open-run.ts';
import { claimOutput } from './output-directory.ts';
import type { CoordinatorProgress, MemberDrops } from './progress.ts';
import { driveRun, hasItsModel, type RunResult } from './run-driver.ts';
import { type BudgetReport, RunBudget } from './run-budget.ts';
import type { RunTerms } from './run-terms.ts';
import { listen } from './server.ts';

/** How long members have to take the last messages before their connections are cut; less than what a supervisor grants a process. */
const CLOSING_GRACE_MS = 20_000;

export interface CoordinatorOptions {
  readonly config: CoordinatorConfig;
  readonly log: Logger;
  readonly onProgress?: (progress: CoordinatorProgress) => void;
  /**
   * Stops this process, not the run: members are told to come back, `runCoordinator` throws RUN_FAILED with the signal's reason, and the
   * next start with the same output goes on.
   */
  readonly signal?: AbortSignal;
}

export interface CoordinatorReport {
  readonly run: string;
  readonly rounds: number;
  /** Members in the last sum. */
  readonly survivors: number;
  /** Who was missing where, and why. */
  readonly drops: readonly MemberDrops[];
  readonly artifact: string;
  readonly url: string;
  /** What the run spent of its privacy budget; undefined where its sums are exact. */
  readonly privacy: BudgetReport | undefined;
}

/** @throws RuntimeError, or an error of a pure package for what the configuration asks of it */
export async function runCoordinator(options: CoordinatorOptions): Promise<CoordinatorReport> {
  const runs = claimOutput(options.config.output);
  const vectors = new VectorWork();
  try {
    return await serveRun(options, runs, await openRun(options.config, runs), vectors);
  } finally {
    runs.release();
    await vectors.close();
  }
}

async function serveRun(
  { config, log, onProgress, signal }: CoordinatorOptions,
  runs: RunStates,
  open: OpenRun,
  vectors: VectorWork,
): Promise<CoordinatorReport> {
  const { terms, state, sums, audit, resumed } = open;
  const { roster, run } = terms;
  const federation = new Federation({ ...open, output: config.output, vectors, log, onProgress });
  const { runner, sessions } = federation;
  let server: Awaited<ReturnType<typeof listen>>;
  try {
    server = await listen(config, (...connection) => sessions.accept(...connection));
  } catch (error) {
    await state.close();
    // Nobody has heard of a run that never listened.
    if (!resumed) rmSync(state.path, { recursive: true, force: true });
    throw error;
  }
  const stop = (): void => {
    if (signal !== undefined) runner.fail(stoppedBy(signal));
  };
  signal?.addEventListener('abort', stop);
  federation.progress({
    kind: 'listening',
    url: server.url,
    rosterRoot: toHex(rosterRoot(nodeBackend, roster)),
  });
  if (resumed) federation.progress({ kind: 'resumed', run: toHex(run), sums: sums.opened.length });
  let ending = endingOf(undefined);
  let begun = false;
  try {
    if (!resumed) {
      await setAsideEarlierRun(config.output, run);
      await sums.create();
      await audit.flush();
      runs.removeClosed();
    }
    const enough = await hasItsModel({ crypto: nodeBackend, terms, sums });
    await gatherMembers(config, open, federation, signal).catch((error: unknown) => {
      // Members that are on their way back are told the end; none is needed for it.
      if (!enough || runner.failed) throw error;
    });
    await federation.begin({ resumed });
    begun = true;
    const { lastBatch, aborted } = open;
    const batches = new Batches({ crypto: nodeBackend, config, terms, federation, lastBatch });
    const budget = new RunBudget(terms.manifest, open.attempts);
    const inputs = { crypto: nodeBackend, config, terms, federation, sums, batches, budget, aborted };
    const result = await driveRun(inputs);
    const artifact = await writeArtifact(config, terms, result);
    ending = { outcome: 'completed', detail: '' };
    const { rounds, survivors } = result;
    const drops = federation.drops;
    return {
      run: toHex(run),
      rounds,
      survivors: survivors.length,
      drops,
      artifact,
      url: server.url,
      privacy: budget.report(),
    };
  } catch (failure) {
    const error = becauseOfRefusals(failure, terms, config, federation);
    ending = endingOf(error);
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
    // What stops this process, a signal or a disk, does not end the run, nor do members that are not back yet: the next start
    // goes on with it.
    let over = !runner.failed && (!resumed || begun);
    // Nothing may stand in the audit log behind the end.
    await runner.stop();
    if (over) {
      over = await endRun(open, federation, ending).catch((error: unknown) => {
        log.error(
          { err: error },
          'the end of the run is not in the audit log: start again with the same output',
        );
        return false;
      });
    }
    await sessions.end(
      over ? CLOSE.normal : CLOSE.serviceRestart,
      over ? 'run ended' : 'the coordinator stops, and goes on when it is started again',
      CLOSING_GRACE_MS,
    );
    await server.close();
    if (over) await runs.close(run, state);
    else await state.close();
  }
}

/** Writes the end into the audit log and tells it to members. */
async function endRun(
  { terms: { run }, sums, audit }: OpenRun,
  { sessions, auditHead }: Federation,
  ending: Ending,
): Promise<true> {
  const heads = sums.opened.reduce(
    (head, { message }) => nextLogHead(nodeBackend, head, message.body),
    EMPTY_LOG_HEAD,
  );
  const body = { run, ...ending, rounds: sums.opened.length, logHead: heads, auditHead };
  await audit.recordEnd(body);
  sessions.send(sessions.present, 'run-ended', body);
  return true;
}

/** At the begin of a run the whole roster, after a restart those who had secrets before; or fewer at the deadline. */
async function gatherMembers(
  { cohort }: CoordinatorConfig,
  { terms }: OpenRun,
  federation: Federation,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { runner, sessions, onJoined } = federation;
  const awaited = runner.batch?.dealt.keys() ?? terms.roster.members.map(({ id }) => id);
  await gatherCohort({
    config: { ...cohort, min: fewestMembers(terms, cohort.min) },
    awaited: [...awaited],
    present: () => sessions.present,
    refusals: () => federation.refusals,
    refuses: (member) => federation.refuses(member),
    onJoined,
    signal,
  });
}

/** Members without whom the run cannot go on. */
function fewestMembers({ manifest: { privacy } }: RunTerms, min: number): number {
  return privacy === 'none' ? min : Math.max(min, privacy.minSurvivors);
}

/** Where too few are left because organisations refuse the run, that is the reason, and not their absence. */
function becauseOfRefusals(
  error: unknown,
  terms: RunTerms,
  { cohort }: CoordinatorConfig,
  { refusals }: Federation,
): unknown {
  const { length: members } = terms.roster.members;
  const needed = fewestMembers(terms, cohort.min);
  const tooFew = error instanceof RuntimeError && error.code === 'TOO_FEW_SURVIVORS';
  return tooFew && members - refusals.length < needed ? tooManyRefuse(refusals, members, needed) : error;
}

type Ending = Pick<Bodies['run-ended'], 'outcome' | 'detail'>;

/** What members are told of a failure. Of a bug they learn that it is one: its text may hold anything. */
function endingOf(error: unknown): Ending {
  if (!(error instanceof Error && 'code' in error && TOLD.has(error.name))) {
    return { outcome: 'BUG', detail: '' };
  }
  // Half of a surrogate pair would arrive as another character, and the signature over it would fail.
  const detail = oneLine(error.message).slice(0, MAX_DETAIL);
  return { outcome: String(error.code), detail: detail.replace(/\p{Surrogate}/gu, '\ufffd') };
}

/** UTF-16 code units of an explanation in a message. */
const MAX_DETAIL = 400;

const TOLD: ReadonlySet<string> = new Set(['RuntimeError', 'RouterError', 'PrivacyError', 'ProtocolError']);

async function writeArtifact(
  config: CoordinatorConfig,
  { roster, manifest, run }: RunTerms,
  result: RunResult,
): Promise<string> {
  const path = join(config.output, 'router.json');
  const provenance = { federation: roster.federation, run: toHex(run), cohortSizes: result.cohorts };
  await writeTextFile(path, encodeArtifact(createArtifact(result.model, manifest.encoder, provenance)));
  return path;
}
