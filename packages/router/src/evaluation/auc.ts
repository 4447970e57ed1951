import { RouterError } from '../errors.ts';
import type { CostQuality } from './curve.ts';
import { type ConcaveHull, qualityAtBudget } from './hull.ts';
import { geometricGrid } from './lambda-grid.ts';

/** Keeps the paper's quotient finite. */
const RANGE_EPSILON = 1e-12;

/**
 * The normalised AUC of Federate the Router (Askin et al., 2026): the trapezoid area under the points in order of cost, over the
 * router's own range of cost. No hull. Each router has a range of its own, so values of different routers do not compare.
 * @returns 0 for fewer than two points or a range of zero
 */
export function auc(points: readonly CostQuality[]): number {
  const ascending = points.toSorted((a, b) => a.costUsd - b.costUsd);
  const [first, last] = [ascending[0], ascending.at(-1)];
  if (first === undefined || last === undefined || last.costUsd <= first.costUsd) return 0;
  let area = 0;
  let before = first;
  for (const point of ascending) {
    area += ((before.quality + point.quality) / 2) * (point.costUsd - before.costUsd);
    before = point;
  }
  return area / (last.costUsd - first.costUsd + RANGE_EPSILON);
}

/** Mean costs in USD between which routers are compared. */
export interface CostRange {
  readonly least: number;
  readonly most: number;
}

const SHARED_POINTS = 400;

/**
 * The mean height of a hull over 400 geometric points of a cost range that all routers share: a router that is dear where it could
 * be cheap, or reaches little, loses area instead of choosing its own range.
 * @throws RouterError `OUT_OF_RANGE` unless 0 < least <= most
 */
export function aucShared(hull: ConcaveHull, { least, most }: CostRange): number {
  if (!(least > 0 && least <= most && Number.isFinite(most))) {
    throw new RouterError('OUT_OF_RANGE', `a cost range needs 0 < least <= most, not ${least} .. ${most}`);
  }
  let total = 0;
  for (const budget of geometricGrid(least, most, SHARED_POINTS)) total += qualityAtBudget(hull, budget);
  return total / SHARED_POINTS;
}
