import type { PrivacyDeclaration, PrivacyUnit } from '@tributary/privacy';
import { RouterError } from '@tributary/router';
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

interface PrivateProgram {
  readonly program: string;
  readonly settingsFor: (unit: PrivacyUnit) => object;
  /** Makes a router that is blind to the query, for the same budget. */
  readonly blind: object;
}

/** Families that a budget can be spent on. */
const PROGRAMS: Readonly<Record<string, PrivateProgram>> = {
  kmeans: { program: 'kmeans', settingsFor: () => ({}), blind: { clusters: 1 } },
  mlp: {
    program: 'dp-sgd',
    settingsFor: (unit) => ({ unit: unit === 'organisation' ? 'organisation' : 'record' }),
    // One step so short that it moves nothing, for a hundredth of the budget.
    blind: { steps: 1, statisticsShare: 99, sampling: 1, learningRate: 1e-9, localEpochs: 1, headScale: 0 },
  },
};

/** Names of the families that `measurePrivate` takes. */
export const PRIVATE_FAMILIES: readonly string[] = Object.keys(PROGRAMS);

/** The bound of a run's manifest where it says nothing else. */
const MAX_RECORDS = 10_000;

/**
 * By noisy sums alone, once: a second training, to choose a lambda or a setting by, would be charged like the first.
 * @throws RouterError `BAD_PARAMETERS` for a family without a program for noisy sums
 */
export function measurePrivate(
  context: TrialContext,
  { name }: Pick<RouterFamily, 'name'>,
  budget: PrivacyBudget,
): Measurement {
  return measure(context, name, 'federated', budget);
}

/** What the same budget gives where all of it is spent on what models do on average: beyond it, looking at the query has earned something. */
export function measurePrivateStatic(
  context: TrialContext,
  { name }: Pick<RouterFamily, 'name'>,
  budget: PrivacyBudget,
): Measurement {
  return measure(context, name, 'static', budget);
}

function measure(
  context: TrialContext,
  router: string,
  setting: 'federated' | 'static',
  budget: PrivacyBudget,
): Measurement {
  const { scene, yardstick, point, openPrivate } = context;
  const { clients, localSeeds, runSeed } = scene;
  const known = PROGRAMS[router];
  const first = clients[0];
  if (known === undefined || first === undefined) {
    throw new RouterError('BAD_PARAMETERS', `a ${router} router cannot be trained from noisy sums`);
  }
  const parameters = {
    models: first.models,
    dimensions: first.dimensions,
    seed: runSeed,
    maxEvaluationsPerQuery: Math.max(...clients.map(mostEvaluations)),
    ...known.settingsFor(budget.unit),
    ...(setting === 'static' ? known.blind : {}),
  };
  const maxRecords = Math.max(MAX_RECORDS, ...clients.map(({ records }) => records));
  const label = `${router} ${setting} ${point ?? ''}`;
  const opened: PrivateSums[] = [];
  const open = (declaration: PrivacyDeclaration): PrivateSums => {
    const sums = openPrivate({ clients: clients.length, maxRecords, declaration, label });
    opened.push(sums);
    return sums;
  };
  const model = runPrivately(known.program, parameters, { clients, localSeeds }, { budget, open });
  return {
    router,
    setting,
    seed: scene.spec.seed,
    clients: clients.length,
    ...(point === undefined ? {} : { point }),
    scores: [scoreRouter(model, yardstick)],
    ...(setting === 'static' ? {} : { ownTest: scene.ownTests.map((test) => ownTestScore(model, test)) }),
    privacy: chargedBudget(opened[0]?.ledger() ?? [], budget),
  };
}
