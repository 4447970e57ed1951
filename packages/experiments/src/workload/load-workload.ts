/** What routers are compared on: the generated workload, or an evaluation log in which every model of the pool answered every query. */
import { nodeBackend } from '@tributary/crypto/node';
import {
  completeQueries,
  DataError,
  type EvaluationLog,
  readEvaluationLog,
  selectModels,
  subsetLog,
} from '@tributary/client';
import { utf8 } from '@tributary/crypto';
import { createGenerator, HASHED_NGRAMS, type SeededGenerator } from '@tributary/router';
import { generateWorkload } from './generate-workload.ts';

export interface Workload {
  readonly name: string;
  readonly synthetic: boolean;
  /** Queries that every one of `models` answered, with the evaluations of these models only. */
  readonly log: EvaluationLog;
  readonly models: readonly string[];
  /** Encoder of the embeddings: the log's own, or the built-in one. */
  readonly encoder: string;
  /** Length of an embedding. */
  readonly dimensions: number;
}

/** Which log, and which of its models. */
export interface WorkloadOptions {
  /** Evaluation log to use instead of the generated workload. */
  readonly data?: string;
  /** Kinds of models.csv that make the pool; all where left out. */
  readonly pool?: readonly string[];
  readonly excludeModels?: readonly string[];
}

const BUILT_IN = { encoder: HASHED_NGRAMS, dimensions: 1024 };

/** Everything random about a comparison but keys and masks follows from these 32 bytes. */
export function seedBytes(seed: number): Uint8Array {
  return nodeBackend.sha256(utf8(`tributary demo ${seed}`));
}

export function seedGenerator(seed: number): SeededGenerator {
  return createGenerator(seedBytes(seed));
}

/** 32 bytes that stand for a client's own secrets in a comparison, where everything is to be repeatable. */
export function localSeed(seed: number, client: number): Uint8Array {
  return nodeBackend.sha256(utf8(`tributary demo ${seed}, client ${client}`));
}

/**
 * @param seed draws the generated workload; a log is the same for every seed
 * @throws DataError
 */
export async function loadWorkload(options: WorkloadOptions, seed: number): Promise<Workload> {
  if (options.data === undefined) {
    const generated = generateWorkload(seedGenerator(seed).fork('workload'));
    const models = selectModels(generated, selection(options));
    const log = subsetLog(generated, { queries: completeQueries(generated, models), models });
    return { name: log.source, synthetic: true, log, models, ...BUILT_IN };
  }
  const whole = await readEvaluationLog(options.data);
  const models = selectModels(whole, selection(options));
  const queries = completeQueries(whole, models);
  if (queries.length === 0) {
    throw new DataError(
      'TOO_FEW_QUERIES',
      `${options.data}: no query has a score and cost of all ${models.length} models, so routers cannot be compared on it`,
      'a log with one model per query is the input of `tributary client start`; a comparison needs a benchmark, or a smaller pool',
    );
  }
  const log = subsetLog(whole, { queries, models });
  const { encoder, dimensions } = log.embeddings ?? BUILT_IN;
  return { name: options.data, synthetic: false, log, models, encoder, dimensions };
}

function selection({ pool, excludeModels }: WorkloadOptions): {
  kinds?: readonly string[];
  exclude?: readonly string[];
} {
  return {
    ...(pool === undefined ? {} : { kinds: pool }),
    ...(excludeModels === undefined ? {} : { exclude: excludeModels }),
  };
}
