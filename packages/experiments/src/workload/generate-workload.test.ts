import { completeQueries, describeLog, type EvaluationLog } from '@tributary/client';
import {
  aucShared,
  concaveHull,
  type CostQuality,
  createGenerator,
  LAMBDA_GRID,
  sharedCostRange,
} from '@tributary/router';
import { describe, expect, it } from 'vitest';
import { generateWorkload, SYNTHETIC_WORKLOAD, TASKS } from './generate-workload.ts';

const seed = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
const log = generateWorkload(createGenerator(seed(1)));
const models = log.models.map(({ name }) => name);

/** Each model's mean of a column over the queries that `wanted` takes. */
function means(
  column: Float64Array,
  wanted: (query: EvaluationLog['queries'][number]) => boolean,
): Map<string, number> {
  const sums = models.map(() => 0);
  let count = 0;
  for (const [index, query] of log.queries.entries()) {
    if (!wanted(query)) continue;
    count++;
    for (const model of models.keys())
      sums[model] = (sums[model] ?? 0) + (column[index * models.length + model] ?? 0);
  }
  return new Map(models.map((name, model) => [name, (sums[model] ?? 0) / count]));
}

function bytesOf(column: Float64Array): Uint8Array {
  return new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
}

/** The name with the greatest mean. */
function best(values: ReadonlyMap<string, number>): string {
  return [...values].toSorted(([, a], [, b]) => b - a).at(0)?.[0] ?? '';
}

describe('the generated workload', () => {
  it('says in its name and in its models that it is synthetic', () => {
    expect(log.source).toBe(SYNTHETIC_WORKLOAD);
    expect(SYNTHETIC_WORKLOAD).toMatch(/^synthetic-/);
    expect(models.every((name) => name.startsWith('synthetic-'))).toBe(true);
  });

  it('has thousands of prompts, no two alike, each scored with every model', () => {
    expect(describeLog(log)).toMatchObject({
      queries: TASKS.reduce((sum, { queries }) => sum + queries, 0),
      tasks: TASKS.length,
      coverage: 1,
      repeatedTexts: 0,
      missing: { scores: 0, costs: 0, queries: 0 },
    });
    expect(log.queries.length).toBeGreaterThan(4000);
    expect(completeQueries(log, models)).toHaveLength(log.queries.length);
    expect(log.evaluations.quality.every((quality) => quality >= 0 && quality <= 1)).toBe(true);
    expect(log.evaluations.costUsd.every((cost) => cost > 1e-7 && cost < 0.1)).toBe(true);
  });

  it('is the same for the same seed', () => {
    const again = generateWorkload(createGenerator(seed(1)));
    expect(JSON.stringify(again.queries)).toBe(JSON.stringify(log.queries));
    expect(Buffer.compare(bytesOf(again.evaluations.quality), bytesOf(log.evaluations.quality))).toBe(0);
    expect(Buffer.compare(bytesOf(again.evaluations.costUsd), bytesOf(log.evaluations.costUsd))).toBe(0);
    const other = generateWorkload(createGenerator(seed(2)));
    expect(JSON.stringify(other.queries)).not.toBe(JSON.stringify(log.queries));
  });

  it('has no model that is best at everything', () => {
    const winners = TASKS.map(({ name }) =>
      best(means(log.evaluations.quality, ({ task }) => task === name)),
    );
    expect(new Set(winners).size).toBeGreaterThanOrEqual(4);
    expect(winners).toContain('synthetic-math');
    expect(winners).toContain('synthetic-code');
  });

  it('lets the cheap model do what is easy, and only that', () => {
    const easy = means(log.evaluations.quality, ({ task, text }) => task === 'trivia' && text.length < 60);
    const hard = means(log.evaluations.quality, ({ task, text }) => task === 'trivia' && text.length >= 60);
    expect(easy.get('synthetic-small')).toBeGreaterThan(0.75);
    expect(hard.get('synthetic-small')).toBeLessThan(0.25);
    expect((hard.get('synthetic-large') ?? 0) - (hard.get('synthetic-small') ?? 0)).toBeGreaterThan(0.4);
  });

  it('asks a price for strength', () => {
    const costs = means(log.evaluations.costUsd, () => true);
    const qualities = means(log.evaluations.quality, () => true);
    expect(best(qualities)).toBe('synthetic-large');
    expect(best(costs)).toBe('synthetic-large');
    expect(costs.get('synthetic-code')).toBeGreaterThan(3 * (costs.get('synthetic-small') ?? 0));
    expect(costs.get('synthetic-large')).toBeGreaterThan(5 * (costs.get('synthetic-counsel') ?? 0));
  });

  it('rewards whoever tells the tasks apart', () => {
    const perTask = TASKS.map(({ name, queries }) => {
      const ofTask = (query: EvaluationLog['queries'][number]): boolean => query.task === name;
      const [quality, costUsd] = [
        means(log.evaluations.quality, ofTask),
        means(log.evaluations.costUsd, ofTask),
      ];
      const choices = models.map((model) => ({
        quality: quality.get(model) ?? 0,
        costUsd: costUsd.get(model) ?? 0,
      }));
      return { weight: queries / log.queries.length, choices };
    });
    const mixed = (pick: (choices: readonly CostQuality[]) => CostQuality | undefined): CostQuality =>
      perTask.reduce(
        (sum, { weight, choices }) => {
          const { quality, costUsd } = pick(choices) ?? { quality: 0, costUsd: 0 };
          return { quality: sum.quality + weight * quality, costUsd: sum.costUsd + weight * costUsd };
        },
        { quality: 0, costUsd: 0 },
      );
    const byTask = LAMBDA_GRID.map((lambda) => {
      const utility = ({ quality, costUsd }: CostQuality): number => quality - lambda * costUsd;
      return mixed((choices) => choices.toSorted((a, b) => utility(b) - utility(a)).at(0));
    });
    const singles = models.map((model, index) => ({ model, ...mixed((choices) => choices.at(index)) }));
    const range = sharedCostRange(singles);
    const gain = aucShared(concaveHull(byTask), range) - aucShared(concaveHull(singles), range);
    expect(gain).toBeGreaterThan(0.12);
    // It leaves room: even the best choice per task is far from the best choice per query.
    expect(Math.max(...byTask.map(({ quality }) => quality))).toBeLessThan(0.85);
  });
});
