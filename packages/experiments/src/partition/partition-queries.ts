import { DataError } from '@tributary/client';
import type { SeededGenerator } from '@tributary/router';
import { sampleDirichlet, sampleIndex } from './dirichlet.ts';

export interface PartitionOptions {
  /** How many clients, at least 1. */
  readonly clients: number;
  /** How many models there are to choose from. */
  readonly models: number;
  /** Dirichlet concentration of a task over the clients; the smaller, the more a task belongs to few. */
  readonly taskAlpha?: number;
  /** Dirichlet concentration of a client's use of the models. */
  readonly modelAlpha?: number;
  /** How many models a client uses, drawn at random for each; all where left out. 1 .. `models`. */
  readonly modelsPerClient?: number;
  /** Share of each client's queries that it trains on; the rest is its test. */
  readonly trainFraction?: number;
}

/** What one client gets. Queries are indices into the partitioned list. */
export interface ClientShare {
  readonly train: Uint32Array;
  /** For each training query the one model that the client observed on it. */
  readonly observed: Uint16Array;
  /** Test queries, on which all models may be compared. */
  readonly test: Uint32Array;
}

/** How often a client observed each model: `models` counts. */
export function observationCounts(share: ClientShare, models: number): number[] {
  const counts = Array.from({ length: models }, () => 0);
  for (const model of share.observed) counts[model] = counts[model]! + 1;
  return counts;
}

/** A client that draws fewer is topped up, so that it has something to train on and to test with. */
export const LEAST_QUERIES_PER_CLIENT = 8;

/**
 * Spreads a benchmark over clients as section 5 of "Federate the Router" (Askin et al.) does: tasks over clients and models over a
 * client's training queries by Dirichlet draws, one observed model per training query, the test queries whole. Draws come from forks of
 * `generator`, so the same seed gives the same partition.
 *
 * The draw may leave a client with next to nothing. Such a client is given queries of the client that has most, one at a time, until it
 * has `LEAST_QUERIES_PER_CLIENT`.
 *
 * @param tasks the task label of each query; queries without one are a task of their own
 * @throws DataError `TOO_FEW_QUERIES` where there are fewer than `LEAST_QUERIES_PER_CLIENT` per client
 */
export function partitionQueries(
  generator: SeededGenerator,
  tasks: readonly (string | undefined)[],
  options: PartitionOptions,
): ClientShare[] {
  const { clients, models, taskAlpha = 0.6, modelAlpha = 0.45, trainFraction = 0.75 } = options;
  const { modelsPerClient = models } = options;
  if (tasks.length < clients * LEAST_QUERIES_PER_CLIENT) {
    throw new DataError(
      'TOO_FEW_QUERIES',
      `${tasks.length} queries are too few for ${clients} clients`,
      `give ${clients * LEAST_QUERIES_PER_CLIENT} or more, or fewer clients`,
    );
  }
  const held = distributeTasks(generator, tasks, clients, taskAlpha);
  for (const [client, queries] of held.entries())
    generator.fork(`order of client ${client}`).shuffle(queries);
  topUp(held);
  return held.map((queries, client) => {
    const training = Math.floor(trainFraction * queries.length);
    const observation = generator.fork(`models of client ${client}`);
    const shares = sampleDirichlet(observation, modelAlpha, models);
    leaveOut(shares, generator.fork(`models that client ${client} lacks`), models - modelsPerClient);
    return {
      train: Uint32Array.from(queries.slice(0, training)),
      observed: Uint16Array.from({ length: training }, () => sampleIndex(observation, shares)),
      test: Uint32Array.from(queries.slice(training)),
    };
  });
}

/** Gives `count` random models no share, and the others theirs of the whole. */
function leaveOut(shares: Float64Array, generator: SeededGenerator, count: number): void {
  if (count === 0) return;
  const order = Array.from(shares.keys());
  generator.shuffle(order);
  for (const model of order.slice(0, count)) shares[model] = 0;
  const total = shares.reduce((sum, share) => sum + share, 0);
  // Next to nothing may be left where the draw gave almost all to the models that are gone.
  for (const model of order.slice(count)) {
    shares[model] = total > 0 ? shares[model]! / total : 1 / (shares.length - count);
  }
}

function distributeTasks(
  generator: SeededGenerator,
  tasks: readonly (string | undefined)[],
  clients: number,
  alpha: number,
): number[][] {
  const held: number[][] = Array.from({ length: clients }, () => []);
  for (const [task, queries] of [...queriesByTask(tasks)].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const draw = generator.fork(`task ${task}`);
    draw.shuffle(queries);
    const counts = apportion(draw, sampleDirichlet(draw, alpha, clients), queries.length);
    let next = 0;
    for (const [client, count] of counts.entries()) {
      for (const end = next + count; next < end; next++) held[client]!.push(queries[next]!);
    }
  }
  return held;
}

function queriesByTask(tasks: readonly (string | undefined)[]): Map<string, number[]> {
  const byTask = new Map<string, number[]>();
  for (const [query, task = ''] of tasks.entries()) {
    const queries = byTask.get(task);
    if (queries === undefined) byTask.set(task, [query]);
    else queries.push(query);
  }
  return byTask;
}

/** Rounds shares of `total` to whole numbers that sum to it; what rounding adds or leaves over is settled at random. */
function apportion(generator: SeededGenerator, shares: Float64Array, total: number): number[] {
  const counts = Array.from(shares, (share) => Math.round(share * total));
  let surplus = counts.reduce((sum, count) => sum + count, 0) - total;
  while (surplus !== 0) {
    const index = generator.nextInt(counts.length);
    const count = counts[index]!;
    if (surplus < 0) counts[index] = count + 1;
    else if (count > 0) counts[index] = count - 1;
    else continue;
    surplus += surplus < 0 ? 1 : -1;
  }
  return counts;
}

/** The lists are in random order, so the last of a list is a random one of it. */
function topUp(held: readonly number[][]): void {
  for (const queries of held) {
    while (queries.length < LEAST_QUERIES_PER_CLIENT) {
      const largest = held.reduce((most, other) => (other.length > most.length ? other : most));
      queries.push(...largest.splice(-1));
    }
  }
}
