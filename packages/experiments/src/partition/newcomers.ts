/** A federation whose last clients come later, with tasks that those before them do not know (Askin et al., section on new clients). */
import { DataError } from '@tributary/client';
import type { SeededGenerator } from '@tributary/router';
import { type ClientShare, partitionQueries, type PartitionOptions } from './partition-queries.ts';

export interface NewcomersOptions extends PartitionOptions {
  /** How many of the clients come later; at least one does not. */
  readonly newcomers: number;
}

/** Share of the tasks that the newcomers alone have. */
export const NEW_TASKS = 0.3;

/**
 * Partitions the queries of most tasks over the first clients, and those of the others over the newcomers, each part as `partitionQueries` does.
 * @returns the newcomers' shares last
 * @throws DataError `TOO_FEW_QUERIES`, also where there are fewer than two tasks
 */
export function partitionWithNewcomers(
  generator: SeededGenerator,
  tasks: readonly (string | undefined)[],
  { newcomers, ...options }: NewcomersOptions,
): ClientShare[] {
  const names = [...new Set(tasks.map((task = '') => task))].toSorted();
  if (names.length < 2) {
    throw new DataError(
      'TOO_FEW_QUERIES',
      'newcomers need tasks of their own, and the queries have fewer than two',
      'give the queries a task each',
    );
  }
  generator.fork('tasks of newcomers').shuffle(names);
  const count = Math.min(names.length - 1, Math.max(1, Math.round(NEW_TASKS * names.length)));
  const theirs = new Set(names.slice(0, count));
  const parts = [
    { label: 'first clients', clients: options.clients - newcomers, of: (task: string) => !theirs.has(task) },
    { label: 'newcomers', clients: newcomers, of: (task: string) => theirs.has(task) },
  ];
  return parts.flatMap(({ label, clients, of }) => {
    const queries = Uint32Array.from(tasks.keys()).filter((query) => of(tasks[query] ?? ''));
    const shares = partitionQueries(
      generator.fork(label),
      Array.from(queries, (query) => tasks[query]),
      { ...options, clients },
    );
    return shares.map(({ train, observed, test }) => ({
      train: train.map((index) => queries[index]!),
      observed,
      test: test.map((index) => queries[index]!),
    }));
  });
}
