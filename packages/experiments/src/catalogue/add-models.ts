/**
 * Models that come later: three are held out, a router is trained without them, and then a tenth of each client's training queries is answered by
 * each of them too. What they did there, and nothing else, is summed.
 */
import { bestSingle } from '@tributary/router';
import { RuntimeError } from '@tributary/runtime';
import { scoreRouter, type Yardstick } from '../evaluation/score-router.ts';
import type { Federation, RouterFamily } from '../families/router-family.ts';
import { pointsSections } from '../report/experiment/points-sections.ts';
import type { Measurement } from '../results/measurement.ts';
import { testWithModels, withholdModels } from '../scene/withheld-models.ts';
import { familiesThat } from './families-that.ts';
import type { Experiment, ExperimentPlan, Trial, TrialContext } from './experiment.ts';
import { describe, federationOf } from './measures.ts';

/** How many models come later: those of highest quality, which are missed most. */
export const WITHHELD = 3;

const POINTS = {
  before: 'without the new models',
  after: 'new models added',
  all: 'all models from the start',
} as const;

export const addModelsExperiment: Experiment = {
  name: 'add-models',
  description: `the ${WITHHELD} best models come later, with answers to a tenth of the queries, and nothing else is learned again`,
  trials: ({ families, clients, seeds }: ExperimentPlan): Trial[] =>
    seeds.flatMap((seed) =>
      familiesThat(families, 'addModels').map((family) => ({
        name: `seed ${seed}, ${family.name}, models added`,
        scene: { seed, clients },
        measure: (context) => measureAddedModels(context, family),
      })),
    ),
  sections: (outcome) =>
    pointsSections(outcome, {
      title: 'New models',
      text: `The ${WITHHELD} models of highest quality are held out at first. Recovered is the share of the gap, in shared AUC, between a router without them and one that had them from the start.`,
      points: Object.values(POINTS),
      figures: ['recovered'],
    }),
};

function measureAddedModels(context: TrialContext, family: RouterFamily): Measurement[] {
  const { scene, yardstick } = context;
  const withheld = bestModels(yardstick);
  const { before, calibration, all, test } = withholdModels(scene, withheld);
  const federation = (clients: Federation['clients']): Federation => ({ ...federationOf(context), clients });
  const reordered = { ...yardstick, test };
  const withoutThem = family.federated(federation(before));
  const added = family.addModels?.(withoutThem, federation(calibration)) ?? withoutThem;
  const fromTheStart = family.federated(federation(all));
  const oldTest = testWithModels(test, withoutThem.models);
  const scores = {
    before: scoreRouter(withoutThem, { ...yardstick, test: oldTest }),
    after: scoreRouter(added, reordered),
    all: scoreRouter(fromTheStart, reordered),
  };
  const gap = scores.all.aucShared - scores.before.aucShared;
  return (['before', 'after', 'all'] as const).map((when) => ({
    ...describe(context, family, 'federated'),
    point: POINTS[when],
    scores: [scores[when]],
    ...(when === 'after' && gap !== 0
      ? { figures: { recovered: (scores.after.aucShared - scores.before.aucShared) / gap } }
      : {}),
  }));
}

/** @throws RuntimeError `BAD_ARGUMENT` where too few would be left */
function bestModels({ singles }: Yardstick): string[] {
  if (singles.length < WITHHELD + 2) {
    throw new RuntimeError(
      'BAD_ARGUMENT',
      `add-models holds out ${WITHHELD} models and routes between the others; there are ${singles.length} in all`,
      'give a larger --pool',
    );
  }
  const left = [...singles];
  return Array.from({ length: WITHHELD }, () => {
    const best = bestSingle(left);
    left.splice(
      left.findIndex(({ model }) => model === best?.model),
      1,
    );
    return best?.model ?? '';
  });
}
