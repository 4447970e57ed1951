/**
 * What more clients, and more models per client, are worth: the suboptimality of a router is what it lacks, in shared AUC, to the router of the
 * same family that saw every model's answer to every training query. The theory of the paper lets it fall with the square root
 * of the rows that were trained on, all clients' for a federated router and its own for a local one, given that these rows cover the models.
 */
import { scoreRouter } from '../evaluation/score-router.ts';
import type { RouterFamily } from '../families/router-family.ts';
import { scaleSections } from '../report/experiment/scale-sections.ts';
import type { Measurement } from '../results/measurement.ts';
import { denseRows, type Scene } from '../scene/scene.ts';
import type { Experiment, ExperimentPlan, Trial, TrialContext } from './experiment.ts';
import {
  clientsPoint,
  coveragePoint,
  everyAnswerPoint,
  SCALE_CLIENTS,
  SCALE_MODELS,
} from './scale-points.ts';
import { measureCentralised, measureLocal, measureStandardFederated } from './measures.ts';

/** All rows are spread over so many clients; smaller federations are the first of them. */
const MOST_CLIENTS = Math.max(...SCALE_CLIENTS);

export const scaleExperiment: Experiment = {
  name: 'scale',
  description: `2 to ${MOST_CLIENTS} clients, and clients that use 1, 2, 4, 8 or all models: what is lacking to full knowledge`,
  trials: (plan) => [...clientTrials(plan), ...coverageTrials(plan)],
  sections: scaleSections,
};

function clientTrials({ families, seeds }: ExperimentPlan): Trial[] {
  return seeds.flatMap((seed) =>
    families.flatMap((family): Trial[] => {
      const scene = { seed, clients: MOST_CLIENTS };
      const trial = (what: string, measure: Trial['measure']): Trial => ({
        name: `seed ${seed}, ${family.name}, ${what}`,
        scene,
        measure,
      });
      return [
        trial(everyAnswerPoint(MOST_CLIENTS), (context) => [measureEveryAnswer(context, family)]),
        ...SCALE_CLIENTS.toReversed().map((clients) =>
          trial(`${clientsPoint(clients)} together`, (context) => {
            const first = firstClients(context, clients);
            return [measureStandardFederated(first, family), measureCentralised(first, family, 'standard')];
          }),
        ),
        trial('local', (context) => localOfEach(measureLocal(context, family))),
      ];
    }),
  );
}

/** The rows stay, who answered them varies. */
function coverageTrials({ families, clients, models, seeds }: ExperimentPlan): Trial[] {
  const steps = [...SCALE_MODELS.filter((step) => step < models), undefined];
  return seeds.flatMap((seed) =>
    steps.flatMap((modelsPerClient) =>
      families.map((family): Trial => {
        const point = coveragePoint(modelsPerClient);
        return {
          name: `seed ${seed}, ${family.name}, ${point}`,
          point,
          scene: { seed, clients, ...(modelsPerClient === undefined ? {} : { modelsPerClient }) },
          measure: (context) => [
            measureStandardFederated(context, family),
            measureCentralised(context, family, 'standard'),
            measureLocal(context, family),
            // One is enough: which models a client uses does not change which queries it has.
            ...(modelsPerClient === undefined && clients !== MOST_CLIENTS
              ? [measureEveryAnswer(context, family)]
              : []),
          ],
        };
      }),
    ),
  );
}

function measureEveryAnswer({ scene, yardstick }: TrialContext, family: RouterFamily): Measurement {
  const model = family.alone(denseRows(scene), scene.generator('centralised'));
  return {
    router: family.name,
    setting: 'centralised',
    seed: scene.spec.seed,
    clients: scene.clients.length,
    point: everyAnswerPoint(scene.clients.length),
    scores: [scoreRouter(model, yardstick)],
  };
}

/** The federation of the first `count` clients, judged on the test queries of all. */
function firstClients(context: TrialContext, count: number): TrialContext {
  const { scene } = context;
  const first: Scene = {
    ...scene,
    shares: scene.shares.slice(0, count),
    clients: scene.clients.slice(0, count),
    localSeeds: scene.localSeeds.slice(0, count),
    parts: scene.parts.slice(0, count),
    ownTests: scene.ownTests.slice(0, count),
  };
  return { ...context, scene: first, point: clientsPoint(count) };
}

/** A client alone does not care how many others there are: the mean over all clients stands at every number of them. */
function localOfEach(all: Measurement): Measurement[] {
  return SCALE_CLIENTS.map((clients) => ({ ...all, clients, point: clientsPoint(clients) }));
}
