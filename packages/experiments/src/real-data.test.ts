import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  completeQueries,
  type EvaluationLog,
  readEvaluationLog,
  selectModels,
  subsetLog,
  toDataset,
} from '@tributary/client';
import {
  aucShared,
  concaveHull,
  createGenerator,
  createPredictor,
  type Dataset,
  LAMBDA_GRID,
  routerCurve,
  type RouterModel,
  sharedCostRange,
  singleModels,
  startProgram,
  testSetOf,
} from '@tributary/router';
import { describe, expect, it } from 'vitest';
import { staticRouter } from './baselines/static.ts';
import { partitionQueries } from './partition/partition-queries.ts';
import { runProgram } from './sums/run-program.ts';
import { federationOf } from './testing/federation.ts';

/** Outputs of 14 models on MMLU-Pro, outside of the repository. */
const DATA = fileURLToPath(new URL('../../../../shared/data/mmlu-pro', import.meta.url));
const CLIENTS = 10;
const SEED = '17'.repeat(32);

describe.skipIf(!existsSync(DATA))(
  'on real evaluations, spread over ten clients that each saw one model per query',
  () => {
    it('a federated router keeps up with one that is blind to the query, and with single models', async () => {
      const whole = await readEvaluationLog(DATA);
      const models = selectModels(whole, { kinds: ['api', 'chat'] });
      // A third of the queries keeps the test quick.
      const kept = completeQueries(whole, models).filter((_, i) => i % 3 === 0);
      const log = subsetLog(whole, { queries: kept, models });
      const dataset = (part: EvaluationLog): Dataset =>
        toDataset(part, { models, encoder: log.embeddings?.encoder ?? '' }).dataset;
      const shares = partitionQueries(
        createGenerator(new Uint8Array(32).fill(1)),
        log.queries.map(({ task }) => task),
        { clients: CLIENTS, models: models.length },
      );
      const clients = shares.map(({ train, observed }) =>
        dataset(subsetLog(log, { queries: train, observed })),
      );
      const queries = Uint32Array.from(shares.flatMap(({ test }) => [...test]));
      const test = testSetOf(dataset(subsetLog(log, { queries })));

      const start = startProgram('kmeans', { models, dimensions: test.dimensions, seed: SEED });
      const { model, sums } = runProgram(start, federationOf(clients));

      const singles = singleModels(test);
      const scoreOf = (router: RouterModel): number =>
        aucShared(
          concaveHull(routerCurve(createPredictor(router), test, LAMBDA_GRID)),
          sharedCostRange(singles),
        );
      expect(sums).toHaveLength(14);
      expect(scoreOf(model)).toBeGreaterThan(scoreOf(staticRouter(clients)) - 0.005);
      expect(scoreOf(model)).toBeGreaterThan(
        aucShared(concaveHull(singles), sharedCostRange(singles)) - 0.005,
      );
    }, 120_000);
  },
);
