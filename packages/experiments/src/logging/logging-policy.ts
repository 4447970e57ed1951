/**
 * Logs as organisations have them: one model per query, chosen by a policy that looks at the query. What was logged of a model then says nothing of the
 * queries that the model was not chosen for.
 */
import type { Dataset, SeededGenerator } from '@tributary/router';
import { sampleIndex } from '../partition/dirichlet.ts';
import { trainingRows } from '../scene/scene.ts';
import type { Workload } from '../workload/load-workload.ts';

/** Share of queries that a client sends to any model, whichever it is: what makes its logs say something of all. */
const EXPLORED = 0.3;
/** Utility, in units of quality, that makes a model e times as likely. */
const TEMPERATURE = 0.1;
/** How far a client's opinion of a model's quality at a task may lie from the truth, on either side. */
const MISJUDGEMENT = 0.15;
/** Decimal exponents of how much clients care for costs, beside what the best single model gives for its price. */
const THRIFT = { least: -1.5, most: 0.5 };

/** How likely a client chooses each model for a query of a task. */
export type LoggingPolicy = (task: string) => Float64Array;

/**
 * A client's policy: by what it believes of the models' quality at the query's task, and by their prices, with chance.
 * @param qualityPerUsd of the best single model
 */
export function loggingPolicy(
  { log, models }: Workload,
  qualityPerUsd: number,
  generator: SeededGenerator,
): LoggingPolicy {
  const { least, most } = THRIFT;
  const lambda = qualityPerUsd * 10 ** (least + (most - least) * generator.nextDouble());
  const known = new Map<string, Float64Array>();
  return (task) => {
    const before = known.get(task);
    if (before !== undefined) return before;
    const opinion = generator.fork(`opinion of ${task}`);
    const utilities = Float64Array.from(taskMeans(log, models.length, task), ({ quality, costUsd }) => {
      const believed = quality + MISJUDGEMENT * (2 * opinion.nextDouble() - 1);
      return believed - lambda * costUsd;
    });
    const best = Math.max(...utilities);
    const likely = utilities.map((utility) => Math.exp((utility - best) / TEMPERATURE));
    const total = likely.reduce((sum, value) => sum + value, 0);
    const propensities = likely.map((value) => EXPLORED / models.length + ((1 - EXPLORED) * value) / total);
    known.set(task, propensities);
    return propensities;
  };
}

/** Mean quality and cost of each model over the queries of a task. */
function taskMeans(
  { queries, evaluations }: Workload['log'],
  models: number,
  task: string,
): { readonly quality: number; readonly costUsd: number }[] {
  const sums = Array.from({ length: models }, () => ({ n: 0, quality: 0, costUsd: 0 }));
  queries.forEach((query, i) => {
    if ((query.task ?? '') !== task) return;
    for (let o = evaluations.offsets[i] as number; o < (evaluations.offsets[i + 1] as number); o++) {
      const sum = sums[evaluations.model[o] as number];
      if (sum === undefined) continue;
      sum.n += 1;
      sum.quality += evaluations.quality[o] as number;
      sum.costUsd += evaluations.costUsd[o] as number;
    }
  });
  return sums.map(({ n, quality, costUsd }) => ({ quality: quality / n, costUsd: costUsd / n }));
}

/**
 * What a client logs of some queries.
 * @param queries by their index in the workload
 */
export function loggedRows(
  workload: Workload,
  queries: Uint32Array,
  policy: LoggingPolicy,
  generator: SeededGenerator,
): Dataset {
  const propensity = new Float64Array(queries.length);
  const numbers = new Map<string, number>();
  const contexts = new Uint32Array(queries.length);
  const observed = Uint16Array.from(queries, (query, i) => {
    const task = workload.log.queries[query]?.task ?? '';
    const shares = policy(task);
    const model = sampleIndex(generator, shares);
    propensity[i] = shares[model] as number;
    const context = numbers.get(task) ?? numbers.size;
    numbers.set(task, context);
    contexts[i] = context;
    return model;
  });
  return { ...trainingRows(workload, { train: queries, observed }), propensity, contexts };
}
