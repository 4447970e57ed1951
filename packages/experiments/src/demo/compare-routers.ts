/** The federated router beside its baselines, on test queries that no client trained on. */
import { type EvaluationLog, subsetLog, toDataset } from '@tributary/client';
import {
  aucShared,
  bestSingle,
  BUILT_IN_ENCODERS,
  cheapestSingle,
  concaveHull,
  type CostQuality,
  type Dataset,
  oracle,
  type RouterModel,
  sharedCostRange,
  type SingleModel,
  singleModels,
  type TestSet,
  testSetOf,
} from '@tributary/router';
import { RuntimeError } from '@tributary/runtime';
import { evaluateModel } from '../evaluation/evaluate-model.ts';
import type { ClientShare } from '../partition/partition-queries.ts';
import type { RouterResult } from '../report/report-data.ts';
import type { Baselines } from './baselines.ts';
import type { DemoWorkload } from './demo-workload.ts';

export interface ComparisonData {
  /** Each client's training rows. */
  readonly clients: readonly Dataset[];
  /** All clients' test rows, on which every model was observed. */
  readonly test: TestSet;
}

/** Training and test rows as the routers see them. */
export function comparisonData(
  { log, models, encoder }: DemoWorkload,
  shares: readonly ClientShare[],
): ComparisonData {
  const embed = BUILT_IN_ENCODERS.get(encoder);
  const dataset = (part: EvaluationLog): Dataset =>
    toDataset(part, { models, encoder, ...(embed === undefined ? {} : { embed }) }).dataset;
  const queries = Uint32Array.from(shares.flatMap(({ test }) => [...test]));
  return {
    clients: shares.map(({ train, observed }) => dataset(subsetLog(log, { queries: train, observed }))),
    test: testSetOf(dataset(subsetLog(log, { queries }))),
  };
}

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
  };
}
