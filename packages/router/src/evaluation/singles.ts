import type { CostRange } from './auc.ts';
import type { CostQuality } from './curve.ts';
import type { TestSet } from './test-set.ts';

/** A policy that sends every query to one model. */
export interface SingleModel extends CostQuality {
  readonly model: string;
}

/** Mean true cost and quality of each model, in the order of the test set. */
export function singleModels(test: TestSet): SingleModel[] {
  const count = test.models.length;
  return test.models.map((model, m) => {
    let [quality, costUsd] = [0, 0];
    for (let cell = m; cell < test.quality.length; cell += count) {
      quality += test.quality[cell] as number;
      costUsd += test.costUsd[cell] as number;
    }
    return { model, costUsd: costUsd / test.queries, quality: quality / test.queries };
  });
}

/** The single model of greatest quality, the cheapest on ties. */
export function bestSingle(singles: readonly SingleModel[]): SingleModel | undefined {
  return singles.toSorted((a, b) => b.quality - a.quality || a.costUsd - b.costUsd)[0];
}

/** The single model of least cost, the best on ties. */
export function cheapestSingle(singles: readonly SingleModel[]): SingleModel | undefined {
  return singles.toSorted((a, b) => a.costUsd - b.costUsd || b.quality - a.quality)[0];
}

/** From the mean cost of the cheapest to that of the dearest single model: the range of `aucShared`, the same for all routers. */
export function sharedCostRange(singles: readonly SingleModel[]): CostRange {
  const costs = singles.map(({ costUsd }) => costUsd);
  return { least: Math.min(...costs), most: Math.max(...costs) };
}

/** Per query the model of greatest true quality, the cheapest on ties: what no router can exceed in quality. */
export function oracle(test: TestSet): CostQuality {
  const count = test.models.length;
  let [totalQuality, totalCost] = [0, 0];
  for (let start = 0; start < test.quality.length; start += count) {
    let best = start;
    for (let cell = start + 1; cell < start + count; cell++) {
      const gain = (test.quality[cell] as number) - (test.quality[best] as number);
      if (gain > 0 || (gain === 0 && (test.costUsd[cell] as number) < (test.costUsd[best] as number)))
        best = cell;
    }
    totalQuality += test.quality[best] as number;
    totalCost += test.costUsd[best] as number;
  }
  return { costUsd: totalCost / test.queries, quality: totalQuality / test.queries };
}
