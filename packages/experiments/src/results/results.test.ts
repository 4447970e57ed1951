import { describe, expect, it } from 'vitest';
import type { RouterScore } from '../evaluation/score-router.ts';
import { meanInterval, MOST_SEEDS } from './interval.ts';
import type { Measurement, SceneFacts } from './measurement.ts';
import type { ExperimentOutcome } from './outcome.ts';
import { resultOf } from './result.ts';

const score = (aucShared: number): RouterScore => ({
  auc: aucShared + 0.01,
  aucShared,
  costAt97: 0.5,
  qualityAtBudget: { '10%': 0.4, '25%': 0.5, '50%': 0.55, '100%': 0.6 },
  frontier: [{ costUsd: 1e-3, quality: 0.6 }],
});

const measurement = (seed: number, rest: Partial<Measurement> = {}): Measurement => ({
  router: 'kmeans',
  setting: 'federated',
  seed,
  clients: 3,
  scores: [score(0.6)],
  ...rest,
});

const facts = (seed: number): SceneFacts => {
  const singles = [
    { model: 'small', costUsd: 1e-4, quality: 0.4 + seed / 100 },
    { model: 'large', costUsd: 1e-3, quality: 0.6 },
  ];
  const [cheapest, bestSingle] = singles as [(typeof singles)[0], (typeof singles)[0]];
  return {
    seed,
    models: ['small', 'large'],
    trainQueries: 75,
    testQueries: 25,
    coverage: [[10, 20]],
    singles,
    singlesScore: { aucShared: 0.5, costAt97: 0.9, qualityAtBudget: {} },
    singlesFrontier: [],
    bestSingle,
    cheapest,
    oracle: { costUsd: 2e-4, quality: 0.8 },
  };
};

const outcome = (measurements: readonly Measurement[], seeds: readonly number[]): ExperimentOutcome => ({
  experiment: 'main',
  dataset: 'toy',
  synthetic: true,
  seeds,
  settings: [],
  routers: [{ name: 'kmeans', title: 'K-means' }],
  facts: seeds.map(facts),
  measurements,
});

describe('an interval', () => {
  it('is Student’s', () => {
    // t is 4.303 with two degrees of freedom; the standard error of 1, 2, 3 is 1 / sqrt(3).
    const { mean, low, high } = meanInterval([1, 2, 3]);
    expect(mean).toBe(2);
    expect(low).toBeCloseTo(2 - 4.303 / Math.sqrt(3), 9);
    expect(high).toBeCloseTo(2 + 4.303 / Math.sqrt(3), 9);
  });

  it('is unknown from one value, and known up to the most seeds', () => {
    expect(meanInterval([0.5])).toEqual({ mean: 0.5, low: null, high: null });
    const many = meanInterval(Array.from({ length: MOST_SEEDS }, (_, i) => i));
    expect(many.low).not.toBeNull();
  });
});

describe('a result', () => {
  it('has a row for each measurement, for local the mean over the clients', () => {
    const local = measurement(1, { setting: 'local', scores: [score(0.4), score(0.5)], tuned: ['a', 'b'] });
    const { results } = resultOf(outcome([measurement(1), local], [1]));
    expect(results[0]).toMatchObject({
      router: 'kmeans',
      setting: 'federated',
      seed: 1,
      auc: 0.61,
      clients: 3,
    });
    expect(results[1]).toMatchObject({ setting: 'local', aucShared: 0.45, auc: 0.46 });
    expect(results[1]).not.toHaveProperty('tuned');
    expect(results[1]).not.toHaveProperty('ownTestWins');
  });

  it('counts the clients whose own test the federated router serves better, not equally well', () => {
    const federated = measurement(1, { ownTest: [0.5, 0.5, 0.5] });
    const local = measurement(1, { setting: 'local', ownTest: [0.4, 0.5, 0.6] });
    const otherSeed = measurement(2, { setting: 'local', ownTest: [0, 0, 0] });
    const { results } = resultOf(outcome([federated, local, otherSeed], [1, 2]));
    expect(results.map(({ ownTestWins }) => ownTestWins)).toEqual([1, undefined, undefined]);
  });

  it('summarises each metric over the seeds', () => {
    const seeds = [1, 2, 3];
    const measurements = seeds.map((seed) => measurement(seed, { scores: [score(0.5 + seed / 10)] }));
    const { summary, bestSingle, cheapest, singles, oracle } = resultOf(outcome(measurements, seeds));
    const { mean, low, high } = summary['kmeans']?.['federated']?.['aucShared'] ?? meanInterval([]);
    expect(mean).toBeCloseTo(0.7, 6);
    expect(low).toBeLessThan(0.7);
    expect(high).toBeGreaterThan(0.7);
    expect(bestSingle).toEqual({ model: 'large', costUsd: 1e-3, quality: 0.6 });
    expect(cheapest).toEqual({ model: 'small', costUsd: 1e-4, quality: 0.42 });
    expect(singles).toMatchObject({ aucShared: 0.5, costAt97: 0.9 });
    expect(oracle.quality).toBe(0.8);
  });

  it('keeps the steps of a sweep apart', () => {
    const steps = [5, 10].map((clients) =>
      measurement(1, { point: `${clients} clients`, clients, scores: [score(clients / 100)] }),
    );
    const { summary } = resultOf(outcome(steps, [1]));
    expect(summary['kmeans']?.['federated']?.['5 clients: aucShared']?.mean).toBe(0.05);
    expect(summary['kmeans']?.['federated']?.['10 clients: aucShared']?.mean).toBe(0.1);
  });

  it('stays below 64 KiB, and says how many rows it has no room for', () => {
    const many = Array.from({ length: 600 }, (_, seed) => measurement(seed));
    const result = resultOf(outcome(many.slice(0, 600), [1, 2]));
    expect(Buffer.byteLength(JSON.stringify(result))).toBeLessThan(64 * 1024);
    expect(result.results.length + (result.resultsLeftOut ?? 0)).toBe(600);
    expect(result.resultsLeftOut).toBeGreaterThan(0);
    expect(resultOf(outcome(many.slice(0, 20), [1]))).not.toHaveProperty('resultsLeftOut');
  });

  it('stays below 64 KiB in a sweep whose summary alone would not', () => {
    const steps = Array.from({ length: 150 }, (_, n) =>
      measurement(1, { point: `step ${n} of a long sweep` }),
    );
    const result = resultOf(outcome(steps, [1]));
    expect(Buffer.byteLength(JSON.stringify(result))).toBeLessThan(64 * 1024);
    expect(result.summaryLeftOut).toEqual(['qualityAtBudget']);
    const metrics = Object.keys(result.summary['kmeans']?.['federated'] ?? {});
    expect(metrics).toContain('step 149 of a long sweep: aucShared');
    expect(metrics.filter((metric) => metric.includes('qualityAtBudget'))).toEqual([]);
    expect(result.results.length + (result.resultsLeftOut ?? 0)).toBe(150);
    expect(resultOf(outcome(steps.slice(0, 20), [1]))).not.toHaveProperty('summaryLeftOut');
  });
});
