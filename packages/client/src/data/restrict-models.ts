import type { EvaluationLog } from './evaluation-log.ts';
import { modelPositions } from './model-positions.ts';

/** The log with only `models`, in that order; queries stay, also those that lose all their evaluations. */
export function restrictModels(log: EvaluationLog, models: readonly string[]): EvaluationLog {
  const position = modelPositions(log, models);
  const { offsets, model, quality, costUsd } = log.evaluations;
  const rows: number[] = [];
  const kept = new Uint32Array(offsets.length);
  for (let query = 0; query < log.queries.length; query++) {
    const ofQuery: number[] = [];
    for (let row = offsets[query]!; row < offsets[query + 1]!; row++) {
      if (position[model[row]!] !== -1) ofQuery.push(row);
    }
    // Evaluations stay ordered by model, whose order may be another now.
    ofQuery.sort((a, b) => position[model[a]!]! - position[model[b]!]!);
    rows.push(...ofQuery);
    kept[query + 1] = rows.length;
  }
  const byName = new Map(log.models.map((entry) => [entry.name, entry]));
  return {
    ...log,
    models: models.map((name) => byName.get(name) ?? { name }),
    evaluations: {
      offsets: kept,
      model: Uint16Array.from(rows, (row) => position[model[row]!]!),
      quality: Float64Array.from(rows, (row) => quality[row]!),
      costUsd: Float64Array.from(rows, (row) => costUsd[row]!),
    },
  };
}
