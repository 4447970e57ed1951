/**
 * What logs say of a router before it is deployed. Each client has a policy in use that looks at the query and logs the one model it chose; a router is
 * trained on half of the queries' logs, and its frontier is estimated from the logs of the other half, which the benchmark can check.
 */
import type { KMeansModel } from '@tributary/router';
import { scoreRouter } from '../evaluation/score-router.ts';
import { kmeansFamily } from '../families/kmeans.ts';
import type { Federation, RouterFamily } from '../families/router-family.ts';
import { loggedRows, loggingPolicy } from '../logging/logging-policy.ts';
import { offPolicySections } from '../report/experiment/off-policy-sections.ts';
import type { Measurement } from '../results/measurement.ts';
import type { Experiment, ExperimentPlan, Trial, TrialContext } from './experiment.ts';
import { describe, federationOf } from './measures.ts';
import { ASSUMPTIONS, estimateFrontier, figuresOver, judgeFrontier } from './off-policy/estimate-frontier.ts';
import { ASSUMPTION_POINTS } from './off-policy/points.ts';

/** Logs need as many queries as training does: of 14 models, each query tells of one. */
const TRAIN_FRACTION = 0.5;
/** How often the judging half is logged anew: intervals are checked on all draws. */
const LOGGINGS = 5;
/** Budgets as shares of the best single model's mean cost. */
const BUDGET_SHARES: readonly number[] = [0.05, 0.1, 0.15, 0.25, 0.35, 0.5, 0.75, 1];

export const offPolicyExperiment: Experiment = {
  name: 'off-policy',
  description:
    "a router's frontier estimated from logs of other policies, one model per query, beside the truth",
  trials: ({ families, clients, seeds }: ExperimentPlan): Trial[] =>
    seeds.flatMap((seed) =>
      families.map((family) => ({
        name: `seed ${seed}, ${family.name}`,
        scene: { seed, clients, trainFraction: TRAIN_FRACTION },
        measure: (context) => measureEstimates(context, family),
      })),
    ),
  sections: offPolicySections,
};

function measureEstimates(context: TrialContext, family: RouterFamily): Measurement[] {
  const { scene, yardstick } = context;
  const { best, range } = yardstick;
  // The best model may be free.
  const bestCostUsd = Math.max(best.costUsd, range.least);
  const users = scene.shares.map((share, i) => ({
    share,
    policy: loggingPolicy(scene.workload, best.quality / bestCostUsd, scene.generator(`logging policy ${i}`)),
  }));
  const federation = federationOf(context);
  const logs = (which: 'train' | 'test', label: string): Federation => ({
    ...federation,
    clients: users.map(({ share, policy }, i) =>
      loggedRows(scene.workload, share[which], policy, scene.generator(`${label} ${i}`)),
    ),
  });
  const training = logs('train', 'training logs');
  const router = family.federated(training);
  const strata = router.kind === 'kmeans' ? router : (kmeansFamily.federated(training) as KMeansModel);
  const score = scoreRouter(router, yardstick);
  const budgetsUsd = BUDGET_SHARES.map((share) => share * bestCostUsd);
  const judging = Array.from({ length: LOGGINGS }, (_, n) => logs('test', `judging logs ${n}`));
  return ASSUMPTIONS.map((assumption) => {
    const judged = judging.map((logged) => {
      const estimate = estimateFrontier(logged, { router, strata, budgetsUsd, assumption });
      return judgeFrontier(estimate, router, scene.test);
    });
    return {
      ...describe(context, family, 'federated'),
      point: ASSUMPTION_POINTS[assumption],
      scores: [score],
      figures: figuresOver(judged.flat()),
      estimated: judged[0] ?? [],
    };
  });
}
