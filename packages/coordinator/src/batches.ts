/** Which batch the next attempt at a round takes its key index from, and when a new one is set up. */
import type { CryptoBackend } from '@tributary/crypto';
import {
  batchTermsFor,
  type NoiseFloors,
  type OpenBatch,
  ProtocolError,
  raisedTo,
  SPARSE_KEY_COUNT,
  type ThresholdPreset,
  type Thresholds,
  thresholdsFor,
} from '@tributary/protocol';
import { RuntimeError } from '@tributary/runtime';
import type { CoordinatorConfig } from './config.ts';
import type { Federation } from './federation.ts';
import type { BatchOutcome } from './round-runner.ts';
import type { RunTerms } from './run-terms.ts';

export interface BatchesOptions {
  readonly crypto: CryptoBackend;
  readonly config: Pick<CoordinatorConfig, 'deadlines' | 'keyCount' | 'thresholds' | 'maxAttemptsPerRound'>;
  readonly terms: RunTerms;
  readonly federation: Federation;
  /** Number of the newest batch that was ever asked for, 0 before the first. */
  readonly lastBatch: number;
}

export class Batches {
  readonly #options: BatchesOptions;
  #lastBatch: number;

  constructor(options: BatchesOptions) {
    this.#options = options;
    this.#lastBatch = options.lastBatch;
  }

  /**
   * The newest batch, with a key index left. Sets up another first where there is none, or where somebody is there who came after
   * the newest was set up.
   * @throws RuntimeError TOO_FEW_SURVIVORS, BAD_CONFIG
   */
  async usable(): Promise<OpenBatch> {
    const { runner, sessions, strangers } = this.#options.federation;
    for (;;) {
      const { batch } = runner;
      const left = unused(batch);
      if (batch !== undefined && left > 0 && !sessions.present.some((id) => strangers.has(id))) return batch;
      const outcome = await (runner.setupInProgress ?? this.#setUp());
      if (outcome.kind === 'opened') continue;
      // Who is new stays out for now.
      if (batch !== undefined && left > 0) return batch;
      throw setupFailure(outcome, this.#options.config.thresholds);
    }
  }

  /** Begins the next setup while a round goes on, where the key indices left may not do for the round after it. */
  renewAhead(): void {
    const { runner, sessions } = this.#options.federation;
    const { maxAttemptsPerRound } = this.#options.config;
    if (runner.setupInProgress !== undefined || unused(runner.batch) >= maxAttemptsPerRound) return;
    // With too few there it could only fail; `usable` says so where it matters.
    if (sessions.present.length < MIN_COHORT) return;
    // What fails is begun again, and awaited, when a key index is needed.
    this.#setUp().catch(() => {});
  }

  async #setUp(): Promise<BatchOutcome> {
    const { crypto, config, federation } = this.#options;
    const { roster, run, manifest } = this.#options.terms;
    const { runner, sessions, strangers } = federation;
    const cohort = sessions.present.filter((id) => !runner.state.culprits.has(id));
    const floors = manifest.privacy === 'none' ? undefined : manifest.privacy;
    const thresholds = chosenThresholds(cohort.length, config.thresholds, floors);
    const sparse = thresholds.graph === 'harary';
    strangers.clear();
    this.#lastBatch += 1;
    const terms = batchTermsFor(crypto, {
      roster,
      run,
      batch: this.#lastBatch,
      cohort,
      thresholds,
      keyCount: sparse ? SPARSE_KEY_COUNT : config.keyCount,
      maxAttempts: config.maxAttemptsPerRound,
      protocolVersion: Math.min(...cohort.map((id) => sessions.versionOf(id))),
    });
    return await runner.openBatch(terms, config.deadlines.setup);
  }
}

/** Fewest members of a secure sum. */
const MIN_COHORT = 3;

/** Key indices that a batch has left. */
function unused(batch: OpenBatch | undefined): number {
  return batch === undefined ? 0 : batch.terms.keyCount - batch.nextKeyIndex;
}

/**
 * @param floors of the run's noise: a batch that could be opened over fewer members, or withstands fewer colluders, is none of it
 * @throws RuntimeError TOO_FEW_SURVIVORS
 */
function chosenThresholds(
  cohort: number,
  preset: ThresholdPreset,
  floors: NoiseFloors | undefined,
): Thresholds {
  if (floors !== undefined && cohort < floors.minSurvivors) {
    throw new RuntimeError(
      'TOO_FEW_SURVIVORS',
      `setup: ${cohort} members are there, the noise of the run is sized for ${floors.minSurvivors}`,
      'bring the missing members back and start again',
    );
  }
  try {
    if (floors === undefined) return thresholdsFor(cohort, preset);
    return raisedTo(thresholdsFor(cohort, preset, { colluders: floors.colluders }), floors);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new RuntimeError('TOO_FEW_SURVIVORS', `setup: ${error.message}`, error.hint, error);
  }
}

function setupFailure(
  { code, detail }: Extract<BatchOutcome, { kind: 'aborted' }>,
  thresholds: ThresholdPreset,
): RuntimeError {
  if (code === 'UNSAFE_TERMS') {
    return new RuntimeError(
      'BAD_CONFIG',
      `'thresholds' ${thresholds} do not fit the members that are there: ${detail}`,
      'wait for more organisations, or take another preset',
    );
  }
  return new RuntimeError(
    'TOO_FEW_SURVIVORS',
    `setup: ${detail}`,
    'bring the missing members back and start again',
  );
}
