/** What a router is worth on a test set, in the few numbers that experiments compare. */
import {
  auc,
  aucShared,
  bestSingle,
  concaveHull,
  type ConcaveHull,
  costAtQuality,
  type CostQuality,
  type CostRange,
  createPredictor,
  LAMBDA_GRID,
  type Predictor,
  qualityAtBudget,
  routerCurve,
  type RouterModel,
  sharedCostRange,
  type SingleModel,
  singleModels,
  type TestSet,
} from '@tributary/router';
import { RuntimeError } from '@tributary/runtime';

/** Budgets at which quality is told, as shares of the best single model's mean cost. */
export const BUDGETS: Readonly<Record<string, number>> = { '10%': 0.1, '25%': 0.25, '50%': 0.5, '100%': 1 };

/** Share of the best single model's quality whose price is told. */
const NEARLY_BEST = 0.97;

/** What all routers are measured against on one test set. */
export interface Yardstick {
  readonly test: TestSet;
  readonly singles: readonly SingleModel[];
  readonly best: SingleModel;
  /** Budgets between which routers are compared. */
  readonly range: CostRange;
}

export interface Score {
  /** Mean height of the frontier over the budgets that all routers share. */
  readonly aucShared: number;
  /** Cost of 97 % of the best single model's quality, as a share of that model's cost; 1 where it is not reached for less. */
  readonly costAt97: number;
  /** Quality for each of `BUDGETS`. */
  readonly qualityAtBudget: Readonly<Record<string, number>>;
}

export interface RouterScore extends Score {
  /** The paper's metric, over the router's own range of costs. */
  readonly auc: number;
  readonly frontier: ConcaveHull;
}

/** @throws RuntimeError `BAD_DATA` where nothing on the test set costs anything */
export function yardstickOf(test: TestSet): Yardstick {
  const singles = singleModels(test);
  const best = bestSingle(singles);
  // The range is logarithmic: what is free lies below all of it.
  const priced = singles.filter(({ costUsd }) => costUsd > 0);
  if (best === undefined || priced.length === 0) {
    throw new RuntimeError(
      'BAD_DATA',
      'no model of the pool costs anything, so there is nothing to trade quality for',
      'give the evaluations costs',
    );
  }
  return { test, singles, best, range: sharedCostRange(priced) };
}

export function scoreFrontier(frontier: ConcaveHull, { best, range }: Yardstick): Score {
  const cost = costAtQuality(frontier, NEARLY_BEST * best.quality);
  return {
    aucShared: aucShared(frontier, range),
    costAt97: cost === undefined || best.costUsd === 0 ? 1 : Math.min(1, cost / best.costUsd),
    qualityAtBudget: Object.fromEntries(
      Object.entries(BUDGETS).map(([name, share]) => [name, qualityAtBudget(frontier, share * best.costUsd)]),
    ),
  };
}

export function scoreRouter(model: RouterModel, yardstick: Yardstick): RouterScore {
  return scorePredictor(createPredictor(model), yardstick);
}

export function scorePredictor(predictor: Predictor, yardstick: Yardstick): RouterScore {
  const curve = routerCurve(predictor, yardstick.test, LAMBDA_GRID);
  const frontier = concaveHull(curve);
  return { auc: auc(curve), frontier, ...scoreFrontier(frontier, yardstick) };
}

/** What a router does at one lambda. */
export function routerAt(model: RouterModel, test: TestSet, lambda: number): CostQuality {
  const [point] = routerCurve(createPredictor(model), test, [lambda]);
  if (point === undefined) throw new RuntimeError('RUN_FAILED', 'the router has no curve');
  return { costUsd: point.costUsd, quality: point.quality };
}
