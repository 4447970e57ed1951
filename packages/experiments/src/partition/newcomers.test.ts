import { createGenerator } from '@tributary/router';
import { describe, expect, it } from 'vitest';
import { partitionWithNewcomers } from './newcomers.ts';

const TASKS = Array.from({ length: 600 }, (_, query) => `task ${query % 10}`);
const partition = (
  seed: number,
  tasks: readonly string[] = TASKS,
): ReturnType<typeof partitionWithNewcomers> =>
  partitionWithNewcomers(createGenerator(new Uint8Array(32).fill(seed)), tasks, {
    clients: 6,
    models: 4,
    newcomers: 3,
  });

describe('a partition with newcomers', () => {
  it('hands out every query once', () => {
    const queries = partition(1).flatMap(({ train, test }) => [...train, ...test]);
    expect(queries.toSorted((a, b) => a - b)).toEqual(Array.from(TASKS.keys()));
  });

  it('gives three of ten tasks to the newcomers, and none of them to others', () => {
    const shares = partition(2);
    const tasksOf = (clients: typeof shares): Set<string | undefined> =>
      new Set(clients.flatMap(({ train, test }) => [...train, ...test].map((query) => TASKS[query])));
    const [first, newcomers] = [tasksOf(shares.slice(0, 3)), tasksOf(shares.slice(3))];
    expect([first.size, newcomers.size]).toEqual([7, 3]);
    expect([...first].filter((task) => newcomers.has(task))).toEqual([]);
    for (const { train, observed } of shares) expect(observed).toHaveLength(train.length);
  });

  it('draws other tasks with another seed, and the same with the same', () => {
    expect(partition(3)).toEqual(partition(3));
    expect(partition(4)).not.toEqual(partition(3));
  });

  it('needs tasks', () => {
    const refusal = expect.objectContaining({ name: 'DataError', code: 'TOO_FEW_QUERIES' });
    expect(() => partition(1, Array<string>(100).fill('the only task'))).toThrow(refusal);
  });
});
