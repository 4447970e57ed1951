/** One sum of a thousand members on a Harary graph, while a tenth of them is lost, none of its committee. */
import { loadThresholds } from '../load/plan.ts';
import { plainSum, randomVectors, sumRequest, testFederation } from '../support/federation.ts';

export const LOSSES = ['setup', 'masked-input', 'consistency', 'unmask', 'spread'] as const;
export type Loss = (typeof LOSSES)[number];

const PHASES = ['setup', 'masked-input', 'consistency', 'unmask'] as const;

export interface LargeRound {
  readonly members: number;
  readonly dimension: number;
  /** The phase in which a tenth of the members is lost, or a quarter of them in each. */
  readonly loss: Loss;
  readonly seed: number;
}

export interface LargeRoundReport {
  readonly survivors: number;
  readonly degree: number;
  readonly threshold: number;
  readonly seconds: number;
  /** Of the process, user and system: what the machine does beside it does not count. */
  readonly cpuSeconds: number;
  readonly rssMb: number;
}

/** @throws Error where the round does not open, or opens another sum than that of its survivors */
export function sumOfMany({ members, dimension, loss, seed }: LargeRound): LargeRoundReport {
  // The committee of c + 1, first in the roster, is always there: without any of them there is no draw.
  const drawing = loadThresholds(members, 'calculator').colluders + 1;
  const doomed = new Set(
    Array.from(
      { length: Math.floor(members / 10) },
      (_, i) => drawing + ((37 * i + seed) % (members - drawing)),
    ),
  );
  const begin = process.hrtime.bigint();
  const cpuBefore = process.cpuUsage();
  const { federation } = testFederation(members, {
    seed,
    thresholds: (cohort) => loadThresholds(cohort, 'calculator'),
    faults: {
      fate(member, phase) {
        const fatal = loss === 'spread' ? PHASES[member % PHASES.length] : loss;
        return doomed.has(member) && phase === fatal ? 'die' : 'live';
      },
    },
  });
  const vectors = randomVectors(members, dimension, seed);
  const outcome = federation.sum(sumRequest(dimension, vectors, { bits: 22 }));
  const seconds = Number(process.hrtime.bigint() - begin) / 1e9;
  const { user, system } = process.cpuUsage(cpuBefore);
  const cpuSeconds = (user + system) / 1e6;
  if (outcome.kind === 'aborted')
    throw new Error(`seed ${seed}, ${loss}: ${outcome.phase}: ${outcome.detail}`);
  const expected = plainSum(vectors, outcome.survivors);
  if (!expected.every((value, i) => value === outcome.sum[i])) {
    throw new Error(`seed ${seed}, ${loss}: the opened sum is not that of its survivors`);
  }
  const { holders: degree, threshold } = loadThresholds(members, 'calculator');
  const rssMb = Math.round(process.memoryUsage.rss() / 1e6);
  return { survivors: outcome.survivors.length, degree, threshold, seconds, cpuSeconds, rssMb };
}
