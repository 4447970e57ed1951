import type { CostQuality } from './curve.ts';

/** Where a budget lies among policies. */
export interface PlaceOnPath {
  /** The dearest policy that the budget pays for whose successor it does not, by its index. */
  readonly policy: number;
  /** Share of queries that the policy after it answers; 0 with the last policy. In [0, 1). */
  readonly share: number;
  readonly quality: number;
  /** Quality per USD about here: over one policy more on either side, so that it is no difference of two close values. At least 0. */
  readonly slope: number;
}

/**
 * What a router reaches at a budget by mixing two policies that follow each other, without taking the best of what may be chance as a hull would.
 * @param path policies by rising cost as the router predicts it
 * @returns undefined where the budget pays for none, or a value is NaN
 */
export function placeOnPath(path: readonly CostQuality[], budgetUsd: number): PlaceOnPath | undefined {
  const policy = path.findLastIndex(({ costUsd }) => costUsd <= budgetUsd);
  const [here, next] = [path[policy], path[policy + 1]];
  if (here === undefined || Number.isNaN(here.quality)) return undefined;
  if (next === undefined) return { policy, share: 0, quality: here.quality, slope: 0 };
  const share = (budgetUsd - here.costUsd) / (next.costUsd - here.costUsd);
  const quality = here.quality + share * (next.quality - here.quality);
  return Number.isNaN(quality) ? undefined : { policy, share, quality, slope: slopeAbout(path, policy) };
}

function slopeAbout(path: readonly CostQuality[], policy: number): number {
  const low = path[Math.max(0, policy - 1)] as CostQuality;
  const high = path[Math.min(path.length - 1, policy + 2)] as CostQuality;
  const slope = (high.quality - low.quality) / (high.costUsd - low.costUsd);
  return slope > 0 && Number.isFinite(slope) ? slope : 0;
}
