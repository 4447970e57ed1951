/**
 * What a privacy budget leaves of a federated router: unit of privacy, epsilon and number of clients are varied, and beside every router stands the
 * one that is blind to the query, with the same budget spent on nothing else.
 */
import { staticRouter } from '../baselines/static.ts';
import { scoreRouter } from '../evaluation/score-router.ts';
import type { RouterFamily } from '../families/router-family.ts';
import { measurePrivate, measurePrivateStatic } from '../privacy/measure-private.ts';
import { NO_NOISE, SWEEP, sweepPoint } from '../privacy/sweep.ts';
import { privacySweepSections } from '../report/experiment/privacy-sections.ts';
import type { Measurement } from '../results/measurement.ts';
import type { Experiment, ExperimentPlan, Trial, TrialContext } from './experiment.ts';
import { measureLocal, measureStandardFederated } from './measures.ts';

export const privacyExperiment: Experiment = {
  name: 'privacy',
  description: 'budgets per record, end user and organisation beside no noise; its time is that with --plain',
  trials: (plan) => plan.seeds.flatMap((seed) => [...exactTrials(plan, seed), ...noisyTrials(plan, seed)]),
  sections: privacySweepSections,
};

function exactTrials({ families, clients }: ExperimentPlan, seed: number): Trial[] {
  const scene = { seed, clients };
  return families.filter(isSwept).flatMap((family): Trial[] => [
    {
      name: `seed ${seed}, ${family.name}, local`,
      scene,
      point: NO_NOISE,
      measure: (context) => [measureLocal(context, family)],
    },
    {
      name: `seed ${seed}, ${family.name}, no noise`,
      scene,
      point: NO_NOISE,
      measure: (context) => [measureStandardFederated(context, family), exactStatic(context, family)],
    },
  ]);
}

function exactStatic({ scene, yardstick, point }: TrialContext, family: RouterFamily): Measurement {
  return {
    router: family.name,
    setting: 'static',
    seed: scene.spec.seed,
    clients: scene.clients.length,
    ...(point === undefined ? {} : { point }),
    scores: [scoreRouter(staticRouter(scene.clients), yardstick)],
  };
}

function noisyTrials({ families, clients }: ExperimentPlan, seed: number): Trial[] {
  return SWEEP.flatMap((step): Trial[] => {
    const point = sweepPoint(step, clients);
    const scene = { seed, clients: step.clients ?? clients };
    const trained = families.filter(({ name }) => step.routers.includes(name));
    return trained.map((family) => ({
      name: `seed ${seed}, ${family.name}, ${point}`,
      scene,
      point,
      measure: (context) => [
        measurePrivate(context, family, step.budget),
        measurePrivateStatic(context, family, step.budget),
      ],
    }));
  });
}

function isSwept({ name }: RouterFamily): boolean {
  return SWEEP.some(({ routers }) => routers.includes(name));
}
