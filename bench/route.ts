/** How long a decision takes, once a router is loaded. */
import {
  createArtifact,
  createRouter,
  type RouterModel,
  routerFromCentres,
  trainMlp,
} from '@tributary/router';
import { toyDataset } from '../packages/router/src/testing/toy-dataset.ts';
import { median, repeated, spread } from './measure.ts';
import type { Row } from './rows.ts';

const DIMENSIONS = 768;
const MODELS = Array.from({ length: 11 }, (_, m) => `model ${m}`);
const CLUSTERS = 20;
const DECISIONS = 1000;

export function benchRoute(log: (line: string) => void): Row[] {
  const data = toyDataset('route', { records: 500, dimensions: DIMENSIONS, models: MODELS });
  const centres = Float64Array.from(data.features.subarray(0, CLUSTERS * DIMENSIONS));
  const bounds = { costMinUsd: 1e-6, costMaxUsd: 1 };
  const models: [string, RouterModel][] = [
    [`K-means, ${CLUSTERS} clusters`, routerFromCentres(data, centres, { clusters: CLUSTERS, ...bounds })],
    ['MLP, 512 and 512 wide', trainMlp(data, { seed: '0'.repeat(64), settings: { rounds: 1 } })],
  ];
  return models.map(([kind, model]) => {
    const router = createRouter(createArtifact(model, 'bench'));
    const query = data.features.subarray(0, DIMENSIONS);
    const times = repeated(7, () => {
      for (let i = 0; i < DECISIONS; i++) router.route(query);
    });
    const cpuMs = median(times) / DECISIONS;
    log(`${kind}: ${(1000 * cpuMs).toFixed(1)} microseconds a decision`);
    return { name: `route, ${kind}`, d: DIMENSIONS, cpuMs, spread: spread(times), note: '11 models' };
  });
}
