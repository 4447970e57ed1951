/** The federated router beside its baselines, on test queries that no client trained on. */
import {
  aucShared,
  bestSingle,
  cheapestSingle,
  concaveHull,
  type CostQuality,
  oracle,
  type RouterModel,
  sharedCostRange,
  type SingleModel,
  singleModels,
  type TestSet,
} from '@tributary/router';
import { RuntimeError } from '@tributary/runtime';
import { evaluateModel } from '../evaluation/evaluate-model.ts';
import type { BudgetTrial, RouterResult } from '../report/report-data.ts';
import type { Baselines } from './baselines.ts';

export interface Comparison {
  readonly federated: RouterResult;
  readonly centralised: RouterResult;
  readonly static: RouterResult;
  readonly local: readonly RouterResult[];
  readonly singles: { readonly models: readonly SingleModel[]; readonly aucShared: number };
  readonly bestSingle: SingleModel;
  readonly cheapest: SingleModel;
  readonly oracle: CostQuality;
  readonly testQueries: number;
  readonly budgetTrials: readonly BudgetTrial[];
}

export function compareRouters(test: TestSet, federated: RouterModel, baselines: Baselines): Comparison {
  const singles = singleModels(test);
  const best = bestSingle(singles);
  const cheapest = cheapestSingle(singles);
  if (best === undefined || cheapest === undefined) {
    throw new RuntimeError('BAD_DATA', 'there is no model to compare');
  }
  const range = sharedCostRange(singles);
  const evaluate = (model: RouterModel): RouterResult => evaluateModel(model, test, range);
  return {
    federated: evaluate(federated),
    centralised: evaluate(baselines.centralised),
    static: evaluate(baselines.static),
    local: baselines.local.map(evaluate),
    singles: { models: singles, aucShared: aucShared(concaveHull(singles), range) },
    bestSingle: best,
    cheapest,
    oracle: oracle(test),
    testQueries: test.queries,
    budgetTrials: baselines.budgets
      .filter(({ routers }) => routers.length > 0)
      .map(({ epsilon, routers }) => ({
        epsilon,
        aucShared: routers.map((model) => evaluate(model).aucShared),
      })),
  };
}
