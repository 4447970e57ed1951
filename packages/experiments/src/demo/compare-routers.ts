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
  type SeededGenerator,
  sharedCostRange,
  type SingleModel,
  singleModels,
  testSetOf,
} from '@tributary/router';
import { RuntimeError } from '@tributary/runtime';
import { centralisedRouter } from '../baselines/centralised.ts';
import { localRouter } from '../baselines/local.ts';
import { staticRouter } from '../baselines/static.ts';
import { evaluateModel } from '../evaluation/evaluate-model.ts';
import type { ClientShare } from '../partition/partition-queries.ts';
import type { RouterResult } from '../report/report-data.ts';

export interface ComparisonOptions {
  readonly log: EvaluationLog;
  readonly models: readonly string[];
  readonly encoder: string;
  readonly shares: readonly ClientShare[];
  readonly federated: RouterModel;
  /** Fixes the baselines' random starts. */
  readonly generator: SeededGenerator;
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

export function compareRouters(options: ComparisonOptions): Comparison {
  const { log, models, encoder, shares, federated, generator } = options;
  const embed = BUILT_IN_ENCODERS.get(encoder);
  const dataset = (part: EvaluationLog): Dataset =>
    toDataset(part, { models, encoder, ...(embed === undefined ? {} : { embed }) }).dataset;
  const clients = shares.map(({ train, observed }) => dataset(subsetLog(log, { queries: train, observed })));
  const queries = Uint32Array.from(shares.flatMap(({ test }) => [...test]));
  const test = testSetOf(dataset(subsetLog(log, { queries })));
  const singles = singleModels(test);
  const best = bestSingle(singles);
  const cheapest = cheapestSingle(singles);
  if (best === undefined || cheapest === undefined)
    throw new RuntimeError('BAD_DATA', 'there is no model to compare');
  const range = sharedCostRange(singles);
  const evaluate = (model: RouterModel): RouterResult => evaluateModel(model, test, range);
  return {
    federated: evaluate(federated),
    centralised: evaluate(centralisedRouter(clients, generator.fork('centralised'))),
    static: evaluate(staticRouter(clients)),
    local: clients.map((client, i) => evaluate(localRouter(client, generator.fork(`local ${i}`)))),
    singles: { models: singles, aucShared: aucShared(concaveHull(singles), range) },
    bestSingle: best,
    cheapest,
    oracle: oracle(test),
    testQueries: test.queries,
  };
}
