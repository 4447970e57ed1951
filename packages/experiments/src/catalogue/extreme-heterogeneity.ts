/**
 * Clients that have next to nothing in common: almost every task belongs to one client. Each judges by its own test, and mixes what the federation
 * learned with what it learned itself; nothing of the mixture leaves it.
 */
import type { Predictor, TestSet } from '@tributary/router';
import { createPredictor } from '@tributary/router';
import { type RouterScore, scorePredictor } from '../evaluation/score-router.ts';
import type { RouterFamily } from '../families/router-family.ts';
import { pointsSections } from '../report/experiment/points-sections.ts';
import type { Measurement, Setting } from '../results/measurement.ts';
import type { HeldOut } from '../tuning/hold-out.ts';
import { familiesThat } from './families-that.ts';
import type { Experiment, ExperimentPlan, Trial, TrialContext } from './experiment.ts';
import { describe, federationOf, ownYardstick } from './measures.ts';

/** Of the Dirichlet distribution of each task over the clients, in place of 0.6. */
const TASK_ALPHA = 0.03;

export const extremeHeterogeneityExperiment: Experiment = {
  name: 'extreme-heterogeneity',
  description: `clients that share almost no task (Dirichlet ${TASK_ALPHA}): federated, local, and each client’s mixture of both, on its own test`,
  trials: ({ families, clients, seeds }: ExperimentPlan): Trial[] =>
    seeds.flatMap((seed) =>
      familiesThat(families, 'personal').map((family) => ({
        name: `seed ${seed}, ${family.name}, mixtures`,
        scene: { seed, clients, taskAlpha: TASK_ALPHA },
        measure: (context) => measureMixtures(context, family),
      })),
    ),
  sections: (outcome) =>
    pointsSections(outcome, {
      title: 'Each client on its own test',
      text: `Almost every task belongs to one client (Dirichlet ${TASK_ALPHA}). Values are means over the clients, each on its own test queries and against the single models there.`,
      points: [undefined],
      figures: [],
    }),
};

function measureMixtures(context: TrialContext, family: RouterFamily): Measurement[] {
  const { scene } = context;
  const federation = federationOf(context);
  const federated = family.federated(federation);
  const rest = scene.parts.map((part) => part.rest);
  const federatedTrial = family.federated({ ...federation, clients: rest });
  const ofAll = createPredictor(federated);
  const scores: Record<'federated' | 'local' | 'mixture', RouterScore[]> = {
    federated: [],
    local: [],
    mixture: [],
  };
  scene.clients.forEach((own, client) => {
    const yardstick = ownYardstick(scene.ownTests[client] as TestSet);
    if (yardstick === undefined) return;
    const parts = scene.parts[client] as HeldOut;
    const local = family.tuneAlone(own, parts, scene.generator(`local ${client}`));
    const mixture = family.personal?.({ federated, federatedTrial, local, own, parts }) ?? ofAll;
    const score = (predictor: Predictor): RouterScore => scorePredictor(predictor, yardstick);
    scores.federated.push(score(ofAll));
    scores.local.push(score(createPredictor(local.model)));
    scores.mixture.push(score(mixture));
  });
  return (['federated', 'local', 'mixture'] as const satisfies readonly Setting[]).map((setting) => ({
    ...describe(context, family, setting),
    scores: scores[setting],
    ...(setting === 'mixture' ? {} : { ownTest: scores[setting].map(({ aucShared }) => aucShared) }),
  }));
}
