/** The settings that experiments are made of: who trains on what, and how the outcome is scored. */
import type { CostQuality, Dataset, RouterModel, TestSet } from '@tributary/router';
import { poolDatasets } from '../baselines/pool-datasets.ts';
import { staticRouter } from '../baselines/static.ts';
import { chooseLambda } from '../evaluation/choose-lambda.ts';
import { routerAt, scoreRouter, type Yardstick, yardstickOf } from '../evaluation/score-router.ts';
import type { Federation, RouterFamily } from '../families/router-family.ts';
import type { Measurement, Setting } from '../results/measurement.ts';
import { type HeldOut, poolHeldOut } from '../tuning/hold-out.ts';
import type { TrialContext } from './experiment.ts';

/** The bound of a run's manifest where it says nothing else. */
const MAX_RECORDS = 10_000;

/** `standard` takes the family's one setting, `tuned` chooses from its grid by the loss on held-out rows. */
export type Tuning = 'standard' | 'tuned';

/** By sums alone, at the standard setting, and nothing but the score. */
export function measureStandardFederated(context: TrialContext, family: RouterFamily): Measurement {
  const model = family.federated(federationOf(context));
  return { ...describe(context, family, 'federated'), scores: [scoreRouter(model, context.yardstick)] };
}

/** By sums alone. The lambda of each client is chosen by a router that never saw the client's held-out rows. */
export function measureFederated(context: TrialContext, family: RouterFamily, tuning: Tuning): Measurement {
  const { scene, yardstick } = context;
  const federation = federationOf(context);
  const { model, trial, setting } =
    tuning === 'tuned'
      ? family.tuneFederated(federation, scene.parts)
      : standardFederated(context, family, federation);
  return {
    ...describe(context, family, 'federated'),
    scores: [scoreRouter(model, yardstick)],
    ownTest: scene.ownTests.map((test) => ownTestScore(model, test)),
    ...(setting === undefined ? {} : { tuned: [setting] }),
    ...atHeldOutLambda(context, trial, model),
  };
}

function standardFederated(
  { scene }: TrialContext,
  family: RouterFamily,
  federation: Federation,
): { model: RouterModel; trial: RouterModel; setting?: undefined } {
  const rest = scene.parts.map((part) => part.rest);
  return { model: family.federated(federation), trial: family.federated({ ...federation, clients: rest }) };
}

/** By one party that has the rows of all clients. */
export function measureCentralised(context: TrialContext, family: RouterFamily, tuning: Tuning): Measurement {
  const { scene, yardstick } = context;
  const pooled = poolDatasets(scene.clients);
  const generator = scene.generator('centralised');
  const { model, setting } =
    tuning === 'tuned'
      ? family.tuneAlone(pooled, poolHeldOut(scene.parts), generator)
      : { model: family.alone(pooled, generator), setting: undefined };
  return {
    ...describe(context, family, 'centralised'),
    scores: [scoreRouter(model, yardstick)],
    ...(setting === undefined ? {} : { tuned: [setting] }),
  };
}

/** By each client alone, always tuned on its own held-out rows: the strongest that it can do without others. */
export function measureLocal(context: TrialContext, family: RouterFamily): Measurement {
  const { scene, yardstick } = context;
  const routers = scene.clients.map((client, i) =>
    family.tuneAlone(client, scene.parts[i] as HeldOut, scene.generator(`local ${i}`)),
  );
  return {
    ...describe(context, family, 'local'),
    scores: routers.map(({ model }) => scoreRouter(model, yardstick)),
    ownTest: routers.map(({ model }, i) => ownTestScore(model, scene.ownTests[i] as TestSet)),
    tuned: routers.map(({ setting }) => setting),
  };
}

/** Blind to the query, so the same whatever the family. */
export function measureStatic(context: TrialContext, families: readonly RouterFamily[]): Measurement[] {
  const { scene, yardstick } = context;
  const score = scoreRouter(staticRouter(scene.clients), yardstick);
  return families.map((family) => ({ ...describe(context, family, 'static'), scores: [score] }));
}

export function describe(
  { scene, point }: TrialContext,
  family: RouterFamily,
  setting: Setting,
): Pick<Measurement, 'router' | 'setting' | 'seed' | 'clients' | 'point'> {
  return {
    router: family.name,
    setting,
    seed: scene.spec.seed,
    clients: scene.clients.length,
    ...(point === undefined ? {} : { point }),
  };
}

/** @param which places of the clients that take part; all where left out */
export function federationOf({ scene, sums }: TrialContext, which?: readonly number[]): Federation {
  const { runSeed } = scene;
  const chosen = which ?? scene.clients.map((_, i) => i);
  const clients = chosen.map((i) => scene.clients[i] as Dataset);
  const localSeeds = chosen.map((i) => scene.localSeeds[i] as Uint8Array);
  const maxRecords = Math.max(MAX_RECORDS, ...clients.map(({ records }) => records));
  return { clients, localSeeds, seed: runSeed, sums: sums({ clients: clients.length, maxRecords }) };
}

/** 0 where nothing on the test costs anything: there is nothing to trade. */
export function ownTestScore(model: RouterModel, test: TestSet): number {
  const yardstick = ownYardstick(test);
  return yardstick === undefined ? 0 : scoreRouter(model, yardstick).aucShared;
}

/** Undefined where nothing on the test costs anything. */
export function ownYardstick(test: TestSet): Yardstick | undefined {
  return test.costUsd.some((cost) => cost > 0) ? yardstickOf(test) : undefined;
}

function atHeldOutLambda(
  { scene, yardstick }: TrialContext,
  trial: RouterModel,
  model: RouterModel,
): Pick<Measurement, 'atHeldOutLambda'> {
  const { best } = yardstick;
  const chosen = scene.parts
    .filter(({ heldOut }) => heldOut.records > 0)
    .map(({ heldOut }) => routerAt(model, scene.test, chooseLambda(trial, heldOut)));
  if (chosen.length === 0 || best.quality === 0 || best.costUsd === 0) return {};
  const mean = (of: keyof CostQuality): number =>
    chosen.reduce((total, point) => total + point[of] / best[of], 0) / chosen.length;
  return { atHeldOutLambda: { quality: mean('quality'), cost: mean('costUsd') } };
}
