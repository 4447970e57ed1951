import type { CostQuality } from './curve.ts';

/**
 * The smallest non-decreasing concave function above some (cost, quality) points, by its corners in ascending cost and quality: what
 * policies that mix the points at random reach for a budget. 0 left of the first corner, constant right of the last.
 */
export type ConcaveHull = readonly CostQuality[];

/** Upper hull by Andrew's monotone chain, ended at the point of greatest quality. No points, no corners. */
export function concaveHull(points: readonly CostQuality[]): ConcaveHull {
  const ascending = points.toSorted((a, b) => a.costUsd - b.costUsd || b.quality - a.quality);
  const corners: CostQuality[] = [];
  for (const { costUsd, quality } of ascending) {
    const last = corners.at(-1);
    if (last !== undefined && quality <= last.quality) continue;
    const corner = { costUsd, quality };
    while (corners.length >= 2 && !isAbove(corners.at(-1), corners.at(-2), corner)) corners.pop();
    corners.push(corner);
  }
  return corners;
}

/** Whether `middle` lies above the line from `left` to `right`. */
function isAbove(
  middle: CostQuality | undefined,
  left: CostQuality | undefined,
  right: CostQuality,
): boolean {
  if (middle === undefined || left === undefined) return true;
  const rise = (middle.quality - left.quality) * (right.costUsd - left.costUsd);
  return rise > (right.quality - left.quality) * (middle.costUsd - left.costUsd);
}

/** The greatest quality that a mean cost of at most `costUsd` buys; 0 where it buys nothing. */
export function qualityAtBudget(hull: ConcaveHull, costUsd: number): number {
  const next = hull.findIndex((corner) => corner.costUsd > costUsd);
  if (next === 0) return 0;
  const left = hull.at(next < 0 ? -1 : next - 1);
  const right = hull[next];
  if (left === undefined) return 0;
  if (right === undefined) return left.quality;
  const share = (costUsd - left.costUsd) / (right.costUsd - left.costUsd);
  return left.quality + share * (right.quality - left.quality);
}

/** The least mean cost in USD at which the hull reaches `quality`; undefined where it never does. */
export function costAtQuality(hull: ConcaveHull, quality: number): number | undefined {
  const at = hull.findIndex((corner) => corner.quality >= quality);
  const right = hull[at];
  const left = hull[at - 1];
  if (right === undefined || left === undefined) return right?.costUsd;
  const share = (quality - left.quality) / (right.quality - left.quality);
  return left.costUsd + share * (right.costUsd - left.costUsd);
}
