/** Trains the demo's baselines beside the federation, at low priority: they take what the federation leaves of the processors. */
import { setPriority } from 'node:os';
import type { Dataset, RouterModel } from '@tributary/router';
import { poolDatasets } from '../baselines/pool-datasets.ts';
import { staticRouter } from '../baselines/static.ts';
import { kmeansFamily } from '../families/kmeans.ts';
import { runProcess } from '../processes/process-channel.ts';
import { holdOut } from '../tuning/hold-out.ts';
import { localSeed, seedGenerator } from '../workload/load-workload.ts';

export interface BaselinesJob {
  /** `pooled`: the routers of all rows together; `local`: each client's of its own. */
  readonly part: 'pooled' | 'local';
  /** Each client's training rows. */
  readonly clients: readonly Dataset[];
  /** Fixes the random starts and the held-out rows. */
  readonly seed: number;
}

export type BaselinesMessage =
  | { readonly kind: 'pooled'; readonly centralised: RouterModel; readonly static: RouterModel }
  /** In the order of the clients. */
  | { readonly kind: 'local'; readonly local: readonly RouterModel[] };

function trainBaselines({ part, clients, seed }: BaselinesJob): BaselinesMessage {
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
