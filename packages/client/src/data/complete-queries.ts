import type { EvaluationLog } from './evaluation-log.ts';
import { modelPositions } from './model-positions.ts';

/**
 * Indices of the queries for which every one of `models` has a score and a known cost: those that a benchmark can use. A log of production
 * traffic, with one model per query, has none.
 */
export function completeQueries(log: EvaluationLog, models: readonly string[]): Uint32Array {
  const position = modelPositions(log, models);
  const { offsets, model, costUsd } = log.evaluations;
  const complete: number[] = [];
  for (let query = 0; query < log.queries.length; query++) {
    let found = 0;
    for (let row = offsets[query]!; row < offsets[query + 1]!; row++) {
      if (position[model[row]!] !== -1 && !Number.isNaN(costUsd[row])) found++;
    }
    if (found === models.length) complete.push(query);
  }
  return Uint32Array.from(complete);
}
