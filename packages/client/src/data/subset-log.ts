import type { EvaluationLog, Evaluations, LoggedQuery } from './evaluation-log.ts';
import { modelPositions } from './model-positions.ts';

/** The part of a log to keep. */
export interface LogSubset {
  /** Indices of the queries to keep, in the order they shall have, each at most once. */
  readonly queries: Uint32Array;
  /** Names of the models to keep, in the order of the log; all where left out. */
  readonly models?: readonly string[];
  /** For each of `queries` the index, among the models kept, of the one whose evaluation is kept; all evaluations where left out. */
  readonly observed?: Uint16Array;
}

/** A log of some of the queries and models of `log`. */
export function subsetLog(log: EvaluationLog, subset: LogSubset): EvaluationLog {
  const { queries, observed } = subset;
  const models = log.models.filter(({ name }) => subset.models?.includes(name) ?? true);
  const position = modelPositions(
    log,
    models.map(({ name }) => name),
  );
  const rows: number[] = [];
  const offsets = new Uint32Array(queries.length + 1);
  for (const [index, query] of queries.entries()) {
    const end = log.evaluations.offsets[query + 1]!;
    for (let row = log.evaluations.offsets[query]!; row < end; row++) {
      const model = position[log.evaluations.model[row]!]!;
      if (observed === undefined ? model !== -1 : model === observed[index]) rows.push(row);
    }
    offsets[index + 1] = rows.length;
  }
  const evaluations: Evaluations = {
    offsets,
    model: Uint16Array.from(rows, (row) => position[log.evaluations.model[row]!]!),
    quality: Float64Array.from(rows, (row) => log.evaluations.quality[row]!),
    costUsd: Float64Array.from(rows, (row) => log.evaluations.costUsd[row]!),
  };
  const kept = Array.from(queries, (query): LoggedQuery => log.queries[query]!);
  if (log.embeddings === undefined) return { source: log.source, models, queries: kept, evaluations };

  const { dimensions } = log.embeddings;
  const vectors = new Float32Array(queries.length * dimensions);
  for (const [index, query] of queries.entries()) {
    vectors.set(
      log.embeddings.rows.subarray(query * dimensions, (query + 1) * dimensions),
      index * dimensions,
    );
  }
  return {
    source: log.source,
    models,
    queries: kept,
    evaluations,
    embeddings: { ...log.embeddings, rows: vectors },
  };
}
