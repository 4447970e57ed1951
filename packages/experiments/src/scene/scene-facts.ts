import { cheapestSingle, concaveHull, oracle } from '@tributary/router';
import { scoreFrontier, type Yardstick } from '../evaluation/score-router.ts';
import { observationCounts } from '../partition/partition-queries.ts';
import type { SceneFacts } from '../results/measurement.ts';
import type { Scene } from './scene.ts';

export function factsOf({ spec, workload, shares, test }: Scene, yardstick: Yardstick): SceneFacts {
  const { singles, best } = yardstick;
  const frontier = concaveHull(singles);
  return {
    seed: spec.seed,
    models: workload.models,
    trainQueries: shares.reduce((total, { train }) => total + train.length, 0),
    testQueries: test.queries,
    coverage: shares.map((share) => observationCounts(share, workload.models.length)),
    singles,
    singlesScore: scoreFrontier(frontier, yardstick),
    singlesFrontier: frontier,
    bestSingle: best,
    cheapest: cheapestSingle(singles) ?? best,
    oracle: oracle(test),
  };
}
