import type { EvaluationLog } from './evaluation-log.ts';

/** For each model of the log its place in `models`, -1 where it is not there. */
export function modelPositions(log: EvaluationLog, models: readonly string[]): Int32Array {
  const places = new Map(models.map((name, place) => [name, place]));
  return Int32Array.from(log.models, ({ name }) => places.get(name) ?? -1);
}
