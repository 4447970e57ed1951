/** Trains the demo's baselines beside the federation, at low priority: they take what the federation leaves of the processors. */
import { setPriority } from 'node:os';
import { toHex } from '@tributary/crypto';
import { nodeRandomBytes } from '@tributary/crypto/node';
import { type Dataset, RouterError, type RouterModel } from '@tributary/router';
import { poolDatasets } from '../baselines/pool-datasets.ts';
import { staticRouter } from '../baselines/static.ts';
import { kmeansFamily } from '../families/kmeans.ts';
import { privateSums } from '../privacy/private-sums.ts';
import { runPrivately } from '../privacy/run-privately.ts';
import type { DemoPrivacy } from './demo-options.ts';
import { runProcess } from '../processes/process-channel.ts';
import { holdOut } from '../tuning/hold-out.ts';
import { localSeed, seedGenerator } from '../workload/load-workload.ts';

export interface BaselinesJob {
  /**
   * `pooled`: the routers of all rows together; `local`: each client's of its own; `budgets`: federated ones with other privacy budgets, by
   * simulation.
   */
  readonly part: 'pooled' | 'local' | 'budgets';
  /** Each client's training rows. */
  readonly clients: readonly Dataset[];
  /** Fixes the random starts and the held-out rows. */
  readonly seed: number;
  readonly privacy: DemoPrivacy;
}

export type BaselinesMessage =
  | { readonly kind: 'pooled'; readonly centralised: RouterModel; readonly static: RouterModel }
  /** In the order of the clients. */
  | { readonly kind: 'local'; readonly local: readonly RouterModel[] }
  | { readonly kind: 'budgets'; readonly budgets: readonly BudgetRouters[] };

/** Routers that runs with a budget gave: fewer than were tried, or none, where noise drowned what the logs hold. */
export interface BudgetRouters {
  readonly epsilon: number;
  readonly routers: readonly RouterModel[];
}

const EPSILONS = [1, 3, 8];
const TRIALS = 2;
/** As a run's configuration has it. */
const MAX_RECORDS = 10_000;

/** Federated routers with other budgets; each run has its own public seed and noise. */
function trainWithin(clients: readonly Dataset[], { unit, delta }: DemoPrivacy): BudgetRouters[] {
  const [first] = clients;
  if (first === undefined) return [];
  const { models, dimensions } = first;
  const localSeeds = clients.map(() => nodeRandomBytes(32));
  return EPSILONS.map((epsilon) => ({
    epsilon,
    routers: Array.from({ length: TRIALS }).flatMap(
      () =>
        routerUnlessDrowned(() =>
          runPrivately(
            'kmeans',
            { models, dimensions, seed: toHex(nodeRandomBytes(32)) },
            { clients, localSeeds },
            {
              budget: { unit, epsilon, delta, recordsPerUnit: 1, noise: 'shared' },
              open: (declaration) =>
                privateSums({
                  clients: clients.length,
                  maxRecords: MAX_RECORDS,
                  declaration,
                  noiseSeed: nodeRandomBytes(32),
                }),
            },
          ),
        ) ?? [],
    ),
  }));
}

const DROWNED: ReadonlySet<string> = new Set(['NO_RECORDS', 'NO_OBSERVATIONS']);

/** Undefined where a budget is too small for the logs: that is a finding about the budget, and no failure of the demo. */
function routerUnlessDrowned(train: () => RouterModel): RouterModel | undefined {
  try {
    return train();
  } catch (error) {
    if (error instanceof RouterError && DROWNED.has(error.code)) return undefined;
    throw error;
  }
}

function trainBaselines({ part, clients, seed, privacy }: BaselinesJob): BaselinesMessage {
  if (part === 'budgets') return { kind: 'budgets', budgets: trainWithin(clients, privacy) };
  const generator = seedGenerator(seed);
  if (part === 'local') {
    const local = clients.map((client, i) => {
      const parts = holdOut(client, localSeed(seed, i));
      return kmeansFamily.tuneAlone(client, parts, generator.fork(`local ${i}`)).model;
    });
    return { kind: 'local', local };
  }
  const centralised = kmeansFamily.alone(poolDatasets(clients), generator.fork('centralised'));
  return { kind: 'pooled', centralised, static: staticRouter(clients) };
}

await runProcess(async () => {
  setPriority(10);
  const job = await new Promise<BaselinesJob>((resolve) => {
    process.once('message', resolve);
  });
  return trainBaselines(job);
});
