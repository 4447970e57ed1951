import type { KMeansModel } from '../artifact/model.ts';
import { logCostOf } from '../cost/log-cost.ts';

const BOUNDS = { costMinUsd: 1e-6, costMaxUsd: 1 };

/**
 * Two clusters, at (1, 0) and (0, 1), of 30 and 10 observations of each model: "ant" is cheap and middling, "bee" ten times as dear and
 * good, "cat" as dear as bee and good in the second cluster only; nobody observed "dog".
 */
export const TOY_MODEL: KMeansModel = {
  ...BOUNDS,
  kind: 'kmeans',
  models: ['ant', 'bee', 'cat', 'dog'],
  dimensions: 2,
  clusters: 2,
  centres: Float64Array.of(1, 0, 0, 1),
  observations: Float64Array.of(30, 30, 30, 0, 10, 10, 10, 0),
  quality: Float64Array.of(0.5, 0.8, 0.1, 0, 0.5, 0.8, 0.9, 0),
  logCost: Float64Array.from([1e-4, 1e-3, 1e-3, 0, 1e-4, 1e-3, 1e-3, 0], (cost) => logCostOf(cost, BOUNDS)),
  kappa: { quality: 20, logCost: 20 },
  logCostVariance: new Float64Array(4),
};
