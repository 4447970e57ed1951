/** From measurements to lines: one value per seed, and what it ranges over. */
import { type ConcaveHull, geometricGrid, qualityAtBudget } from '@tributary/router';
import type { Measurement, Setting } from '../../results/measurement.ts';
import type { ExperimentOutcome } from '../../results/outcome.ts';
import type { Spread } from '../charts/lines.ts';

/** A frontier is straight in cost, so it is curved on a logarithmic axis: this many points make it look so. */
const SAMPLES = 120;

export function measurementsOf(
  { measurements }: ExperimentOutcome,
  router: string,
  setting: Setting,
): Measurement[] {
  return measurements.filter((each) => each.router === router && each.setting === setting);
}

/** Mean shared AUC over the routers of a measurement. */
export function aucSharedOf({ scores }: Measurement): number {
  return mean(scores.map(({ aucShared }) => aucShared));
}

/** Mean, least and greatest of the values of several seeds. */
export function spreadOf(x: number, values: readonly number[]): Spread {
  return { x, y: mean(values), low: Math.min(...values), high: Math.max(...values) };
}

/**
 * The frontier that several seeds have in the mean, in USD per 1,000 queries, from the budget on at which all routers begin.
 * @param bySeed the frontiers of each seed: one, or one per client, of which the mean counts
 * @param end largest cost in USD
 */
export function frontierSpread(bySeed: readonly (readonly ConcaveHull[])[], end: number): Spread[] {
  const begins = bySeed.flat().map((hull) => hull[0]?.costUsd ?? end);
  const start = Math.max(...begins);
  if (!(start > 0 && start < end)) return [];
  return geometricGrid(start, end, SAMPLES).map((budget) =>
    spreadOf(
      budget * 1000,
      // The start may come back rounded from the grid to just below a frontier's first corner.
      bySeed.map((hulls) => mean(hulls.map((hull) => qualityAtBudget(hull, Math.max(budget, start))))),
    ),
  );
}

export function mean(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}
