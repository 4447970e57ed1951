import type { PrivacyUnit } from '@tributary/privacy';
import { RouterError, type TestSet } from '@tributary/router';
import type { TrialContext } from '../catalogue/experiment.ts';
import { ownTestScore } from '../catalogue/measures.ts';
import { scoreRouter } from '../evaluation/score-router.ts';
import { mostEvaluations } from '../families/most-evaluations.ts';
import type { RouterFamily } from '../families/router-family.ts';
import type { Measurement } from '../results/measurement.ts';
import type { PrivacyBudget } from './budget.ts';
import { chargedBudget } from './charged-budget.ts';
import type { PrivateSums } from './private-sums.ts';
import { runPrivately } from './run-privately.ts';

/** Families that a budget can be spent on: the program, and what it needs to be told of the unit. */
const PROGRAMS: Readonly<
  Record<string, { readonly program: string; readonly settingsFor: (unit: PrivacyUnit) => object }>
> = {
  kmeans: { program: 'kmeans', settingsFor: () => ({}) },
};

/** Names of the families that `measurePrivate` takes. */
export const PRIVATE_FAMILIES: readonly string[] = Object.keys(PROGRAMS);

/** The bound of a run's manifest where it says nothing else. */
const MAX_RECORDS = 10_000;

/**
 * By noisy sums alone, once: a second training, to choose a lambda or a setting by, would be charged like the first.
 * @param settings of the program, where it is not to take its own
 * @throws RouterError `BAD_PARAMETERS` for a family without a program for noisy sums
 */
export function measurePrivate(
  context: TrialContext,
  family: Pick<RouterFamily, 'name'>,
  budget: PrivacyBudget,
  settings: object = {},
): Measurement {
  const { scene, yardstick, point, openPrivate } = context;
  const { clients, localSeeds, runSeed } = scene;
  const known = PROGRAMS[family.name];
  const first = clients[0];
  if (known === undefined || first === undefined) {
    throw new RouterError('BAD_PARAMETERS', `a ${family.name} router cannot be trained from noisy sums`);
  }
  const parameters = {
    models: first.models,
    dimensions: first.dimensions,
    seed: runSeed,
    maxEvaluationsPerQuery: Math.max(...clients.map(mostEvaluations)),
    ...known.settingsFor(budget.unit),
    ...settings,
  };
  const maxRecords = Math.max(MAX_RECORDS, ...clients.map(({ records }) => records));
  const opened: PrivateSums[] = [];
  const model = runPrivately(
    known.program,
    parameters,
    { clients, localSeeds },
    {
      budget,
      open(declaration) {
        const sums = openPrivate({
          clients: clients.length,
          maxRecords,
          declaration,
          label: `${family.name} ${point ?? ''}`,
        });
        opened.push(sums);
        return sums;
      },
    },
  );
  return {
    router: family.name,
    setting: 'federated',
    seed: scene.spec.seed,
    clients: clients.length,
    ...(point === undefined ? {} : { point }),
    scores: [scoreRouter(model, yardstick)],
    ownTest: scene.ownTests.map((test: TestSet) => ownTestScore(model, test)),
    privacy: chargedBudget(opened[0]?.ledger() ?? [], budget),
  };
}
