import { createGenerator } from '@tributary/router';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LEAST_QUERIES_PER_CLIENT, observationCounts, partitionQueries } from './partition-queries.ts';

const seed = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
const TASKS = Array.from({ length: 900 }, (_, query) => ['law', 'code', 'maths'][query % 3]);

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The largest client's share of one task, and the largest model's share of one client, in the mean of 40 draws. */
function largestShares(taskAlpha: number, modelAlpha: number): [task: number, model: number] {
  const draws = Array.from({ length: 40 }, (_, draw) =>
    partitionQueries(createGenerator(seed(draw)), TASKS, {
      clients: 5,
      models: 6,
      taskAlpha,
      modelAlpha,
    }),
  );
  const lawAt = draws.map((shares) =>
    Math.max(
      ...shares.map(({ train, test }) => [...train, ...test].filter((query) => query % 3 === 0).length / 300),
    ),
  );
  const models = draws.flat().map((share) => Math.max(...observationCounts(share, 6)) / share.train.length);
  return [mean(lawAt), mean(models)];
}

describe('partitionQueries', () => {
  it('gives every query to exactly one client, a quarter of each client for its test', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.array(fc.constantFrom('a', 'b', 'c', undefined), { minLength: 80, maxLength: 300 }),
        fc.integer({ min: 1, max: 10 }),
        fc.constantFrom(0.03, 0.6, 100),
        (bytes, tasks, clients, taskAlpha) => {
          const shares = partitionQueries(createGenerator(bytes), tasks, { clients, models: 4, taskAlpha });
          const all = shares.flatMap(({ train, test }) => [...train, ...test]).toSorted((a, b) => a - b);
          expect(shares).toHaveLength(clients);
          expect(all).toEqual([...tasks.keys()]);
          for (const { train, test, observed } of shares) {
            expect(train.length + test.length).toBeGreaterThanOrEqual(LEAST_QUERIES_PER_CLIENT);
            expect(train).toHaveLength(Math.floor(0.75 * (train.length + test.length)));
            expect(observed).toHaveLength(train.length);
            expect(observed.every((model) => model < 4)).toBe(true);
          }
        },
      ),
    );
  });

  it('is the same for the same seed on every machine', () => {
    const shares = partitionQueries(createGenerator(seed(7)), TASKS, { clients: 5, models: 6 });
    expect(shares.map(({ train, test }) => train.length + test.length)).toEqual([185, 211, 156, 205, 143]);
    expect(shares.map((share) => observationCounts(share, 6))).toEqual([
      [0, 38, 2, 5, 83, 10],
      [33, 3, 26, 9, 86, 1],
      [0, 46, 3, 35, 28, 5],
      [20, 1, 4, 5, 2, 121],
      [1, 17, 60, 8, 8, 13],
    ]);
    expect(shares.map(({ train }) => [...train.subarray(0, 5)])).toEqual([
      [86, 839, 168, 174, 600],
      [7, 290, 817, 481, 11],
      [465, 363, 719, 410, 288],
      [52, 29, 397, 691, 250],
      [417, 570, 309, 591, 27],
    ]);
    expect(partitionQueries(createGenerator(seed(7)), TASKS, { clients: 5, models: 6 })).toEqual(shares);
    expect(partitionQueries(createGenerator(seed(8)), TASKS, { clients: 5, models: 6 })).not.toEqual(shares);
  });

  it('spreads tasks and models the more unevenly, the smaller alpha is', () => {
    const [evenTask, evenModel] = largestShares(1000, 1000);
    const [task, model] = largestShares(0.6, 0.45);
    const [unevenTask, unevenModel] = largestShares(0.03, 0.05);
    expect(evenTask).toBeCloseTo(0.2, 1);
    expect(task).toBeGreaterThan(evenTask + 0.15);
    expect(unevenTask).toBeGreaterThan(task + 0.15);
    expect(model).toBeGreaterThan(evenModel + 0.15);
    expect(unevenModel).toBeGreaterThan(model + 0.15);
  });

  it('has the variance of the Dirichlet marginal in what a client gets of a task', () => {
    const tasks = Array.from({ length: 400 }, () => 'only');
    const shares = Array.from({ length: 300 }, (_, draw) => {
      const bytes = seed(1);
      new DataView(bytes.buffer).setUint32(0, draw);
      const [first] = partitionQueries(createGenerator(bytes), tasks, {
        clients: 5,
        models: 2,
        taskAlpha: 2,
      });
      return first === undefined ? Number.NaN : (first.train.length + first.test.length) / 400;
    });
    const variance = mean(shares.map((share) => (share - 0.2) ** 2));
    const expected = (0.2 * 0.8) / (5 * 2 + 1);
    expect(Math.abs(mean(shares) - 0.2)).toBeLessThan(5 * Math.sqrt(expected / shares.length));
    expect(variance / expected).toBeGreaterThan(0.7);
    expect(variance / expected).toBeLessThan(1.3);
  });

  it('tops up a client that the draw left with nothing', () => {
    const one = Array.from({ length: 60 }, () => 'only');
    for (let draw = 0; draw < 20; draw++) {
      const shares = partitionQueries(createGenerator(seed(draw)), one, {
        clients: 6,
        models: 2,
        taskAlpha: 0.03,
      });
      const sizes = shares.map(({ train, test }) => train.length + test.length);
      expect(Math.min(...sizes)).toBe(LEAST_QUERIES_PER_CLIENT);
      expect(shares.every(({ train, test }) => train.length > 0 && test.length > 0)).toBe(true);
    }
  });

  it('lets each client use only some of the models, where asked to, and changes nothing else', () => {
    const options = { clients: 5, models: 6 };
    const all = partitionQueries(createGenerator(seed(7)), TASKS, options);
    for (const modelsPerClient of [1, 2, 5]) {
      const some = partitionQueries(createGenerator(seed(7)), TASKS, { ...options, modelsPerClient });
      expect(some.map(({ train, test }) => [train, test])).toEqual(
        all.map(({ train, test }) => [train, test]),
      );
      const used = some.map((share) => observationCounts(share, 6).filter((count) => count > 0).length);
      expect(Math.max(...used)).toBeLessThanOrEqual(modelsPerClient);
    }
    const single = partitionQueries(createGenerator(seed(7)), TASKS, { ...options, modelsPerClient: 1 });
    expect(new Set(single.map(({ observed }) => observed[0])).size).toBeGreaterThan(1);
    expect(partitionQueries(createGenerator(seed(7)), TASKS, { ...options, modelsPerClient: 6 })).toEqual(
      all,
    );
  });

  it('refuses more clients than the queries can serve', () => {
    expect(() =>
      partitionQueries(createGenerator(seed(1)), TASKS.slice(0, 39), { clients: 5, models: 2 }),
    ).toThrow(
      expect.objectContaining({ code: 'TOO_FEW_QUERIES', message: '39 queries are too few for 5 clients' }),
    );
  });
});
