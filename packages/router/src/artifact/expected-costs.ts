import { profilesOf } from './default-lambda.ts';
import type { RouterModel } from './model.ts';

/** The mean cost in USD that a router expects of each model over the queries that it learned from; NaN for a model that nobody observed. */
export function expectedCosts(model: RouterModel): Float64Array {
  const { tables, weights } = profilesOf(model);
  const models = model.models.length;
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return Float64Array.from(
    { length: models },
    (_, m) =>
      weights.reduce((sum, weight, row) => sum + weight * (tables.costUsd[row * models + m] as number), 0) /
      total,
  );
}
