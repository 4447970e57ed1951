import { type Dataset, NOBODY } from '@tributary/router';
import { DataError, quoted } from './data-error.ts';
import type { EvaluationLog } from './evaluation-log.ts';
import { modelPositions } from './model-positions.ts';

/** What a run wants to learn from. */
export interface DatasetOptions {
  /** The run's models in the run's order; the log's other models are left out. */
  readonly models: readonly string[];
  /** Name of the run's encoder. The log's embeddings are used where they are of that encoder, else `embed`. */
  readonly encoder: string;
  /** The encoder itself, where it is built in. Every vector has the same length. */
  readonly embed?: (text: string) => Float32Array;
}

/** A dataset, and what of the log is not in it. */
export interface LogDataset {
  readonly dataset: Dataset;
  /** For each record the index of its query in the log, ascending. */
  readonly queries: Uint32Array;
  /** Queries without an evaluation of one of the run's models at a known cost. */
  readonly queriesLeftOut: number;
  /** Evaluations of the run's models whose cost is not known. */
  readonly evaluationsWithoutCost: number;
}

/**
 * What a router learns from: one record per query that has an evaluation of one of the run's models. Feature vectors longer than 1 are
 * scaled to length 1.
 *
 * @throws DataError `ENCODER_MISMATCH`, `EMPTY_DATA` where no query is left
 */
export function toDataset(log: EvaluationLog, options: DatasetOptions): LogDataset {
  const position = modelPositions(log, options.models);
  const queries: number[] = [];
  const rows: number[] = [];
  const ends: number[] = [];
  let evaluationsWithoutCost = 0;
  for (let query = 0; query < log.queries.length; query++) {
    const before = rows.length;
    const end = log.evaluations.offsets[query + 1]!;
    for (let row = log.evaluations.offsets[query]!; row < end; row++) {
      if (position[log.evaluations.model[row]!] === -1) continue;
      if (Number.isNaN(log.evaluations.costUsd[row])) evaluationsWithoutCost++;
      else rows.push(row);
    }
    if (rows.length === before) continue;
    queries.push(query);
    ends.push(rows.length);
  }
  if (queries.length === 0) {
    throw new DataError(
      'EMPTY_DATA',
      `${log.source}: no query has an evaluation of one of the run’s models at a known cost`,
      `the run routes between ${options.models.slice(0, 4).map(quoted).join(', ')}${options.models.length > 4 ? ', …' : ''}`,
    );
  }

  const { features, dimensions } = featuresOf(log, queries, options);
  const dataset: Dataset = {
    models: options.models,
    dimensions,
    features,
    records: queries.length,
    offsets: Uint32Array.from([0, ...ends]),
    model: Uint16Array.from(rows, (row) => position[log.evaluations.model[row]!]!),
    quality: Float64Array.from(rows, (row) => log.evaluations.quality[row]!),
    costUsd: Float64Array.from(rows, (row) => log.evaluations.costUsd[row]!),
    ...usersOf(log, queries),
  };
  return {
    dataset,
    queries: Uint32Array.from(queries),
    queriesLeftOut: log.queries.length - queries.length,
    evaluationsWithoutCost,
  };
}

/** Users by number, where the log names any. */
function usersOf(log: EvaluationLog, queries: readonly number[]): Pick<Dataset, 'users'> {
  const numbers = new Map<string, number>();
  for (const query of queries) {
    const { user } = log.queries[query]!;
    if (user !== undefined && !numbers.has(user)) numbers.set(user, numbers.size);
  }
  if (numbers.size === 0) return {};
  const numberOf = (user: string | undefined): number =>
    (user === undefined ? undefined : numbers.get(user)) ?? NOBODY;
  return { users: Uint32Array.from(queries, (query) => numberOf(log.queries[query]!.user)) };
}

function featuresOf(
  log: EvaluationLog,
  queries: readonly number[],
  { encoder, embed }: DatasetOptions,
): { features: Float32Array; dimensions: number } {
  const stored = log.embeddings?.encoder === encoder ? log.embeddings : undefined;
  const vectorOf = stored
    ? (query: number): Float32Array =>
        stored.rows.subarray(query * stored.dimensions, (query + 1) * stored.dimensions)
    : embed && ((query: number): Float32Array => embed(log.queries[query]!.text));
  if (vectorOf === undefined) {
    throw new DataError(
      'ENCODER_MISMATCH',
      `${log.source}: the run’s encoder is ${quoted(encoder)}, the log has ${log.embeddings ? `embeddings of ${quoted(log.embeddings.encoder)}` : 'no embeddings'}`,
      `add embeddings.${encoder}.f32 and .json to the directory, or run with a built-in encoder`,
    );
  }
  const dimensions = stored?.dimensions ?? vectorOf(queries[0]!).length;
  const features = new Float32Array(queries.length * dimensions);
  for (const [record, query] of queries.entries()) {
    const row = features.subarray(record * dimensions, (record + 1) * dimensions);
    row.set(vectorOf(query));
    limitNorm(row);
  }
  return { features, dimensions };
}

/** Scales a vector that is longer than 1 to just below 1, so that rounding to single precision cannot push it above again. */
function limitNorm(vector: Float32Array): void {
  let squares = 0;
  for (const value of vector) squares += value * value;
  if (squares <= 1) return;
  const scale = (1 - 2 ** -22) / Math.sqrt(squares);
  for (let index = 0; index < vector.length; index++) vector[index] = vector[index]! * scale;
}
