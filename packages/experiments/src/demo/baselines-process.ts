/** Trains the demo's baselines beside the federation, at low priority: they take what the federation leaves of the processors. */
import { setPriority } from 'node:os';
import { createGenerator, type Dataset, type RouterModel } from '@tributary/router';
import { centralisedRouter } from '../baselines/centralised.ts';
import { localRouter } from '../baselines/local.ts';
import { staticRouter } from '../baselines/static.ts';
import { runProcess } from './process-channel.ts';

export interface BaselinesJob {
  /** `pooled`: the routers of all rows together; `local`: each client's of its own. */
  readonly part: 'pooled' | 'local';
  /** Each client's training rows. */
  readonly clients: readonly Dataset[];
  /** 32 bytes; fixes the random starts. */
  readonly seed: Uint8Array;
}

export type BaselinesMessage =
  | { readonly kind: 'pooled'; readonly centralised: RouterModel; readonly static: RouterModel }
  /** In the order of the clients. */
  | { readonly kind: 'local'; readonly local: readonly RouterModel[] };

function trainBaselines({ part, clients, seed }: BaselinesJob): BaselinesMessage {
  const generator = createGenerator(seed);
  if (part === 'local') {
    const local = clients.map((client, i) => localRouter(client, generator.fork(`local ${i}`)));
    return { kind: 'local', local };
  }
  const centralised = centralisedRouter(clients, generator.fork('centralised'));
  return { kind: 'pooled', centralised, static: staticRouter(clients) };
}

await runProcess(async () => {
  setPriority(10);
  const job = await new Promise<BaselinesJob>((resolve) => {
    process.once('message', resolve);
  });
  return trainBaselines(job);
});
