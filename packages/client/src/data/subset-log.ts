import type { EvaluationLog, Evaluations } from './evaluation-log.ts';

/** The part of a log to keep. */
export interface LogSubset {
  /** Indices of the queries to keep, in the order they shall have, each at most once. */
  readonly queries: Uint32Array;
  /** For each of `queries` the index of the one model whose evaluation is kept; all evaluations where left out. */
  readonly observed?: Uint16Array;
}

/** A log of some of the queries of `log`, with the same models. */
export function subsetLog(log: EvaluationLog, subset: LogSubset): EvaluationLog {
  const { queries, observed } = subset;
  const rows: number[] = [];
  const offsets = new Uint32Array(queries.length + 1);
  for (const [position, query] of queries.entries()) {
    const end = log.evaluations.offsets[query + 1]!;
    for (let row = log.evaluations.offsets[query]!; row < end; row++) {
      if (observed === undefined || log.evaluations.model[row] === observed[position]) rows.push(row);
    }
    offsets[position + 1] = rows.length;
  }
  const evaluations: Evaluations = {
    offsets,
    model: Uint16Array.from(rows, (row) => log.evaluations.model[row]!),
    quality: Float64Array.from(rows, (row) => log.evaluations.quality[row]!),
    costUsd: Float64Array.from(rows, (row) => log.evaluations.costUsd[row]!),
  };
  const kept = Array.from(queries, (query) => log.queries[query]!);
  if (log.embeddings === undefined)
    return { source: log.source, models: log.models, queries: kept, evaluations };

  const { dimensions } = log.embeddings;
  const vectors = new Float32Array(queries.length * dimensions);
  for (const [position, query] of queries.entries()) {
    vectors.set(
      log.embeddings.rows.subarray(query * dimensions, (query + 1) * dimensions),
      position * dimensions,
    );
  }
  return {
    source: log.source,
    models: log.models,
    queries: kept,
    evaluations,
    embeddings: { ...log.embeddings, rows: vectors },
  };
}
