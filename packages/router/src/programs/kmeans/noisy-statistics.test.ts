import { describe, expect, it } from 'vitest';
import type { Dataset } from '../../dataset.ts';
import type { KMeansModel } from '../../artifact/model.ts';
import type { RecordVector } from '../../program.ts';
import { createGenerator } from '../../random/generator.ts';
import { refusal } from '../../testing/refusal.ts';
import { TOY_SEED } from '../../testing/toy-dataset.ts';
import { contributeToNoisyStatistics, noisyKMeansModelOf, noisyStatisticsPlan } from './noisy-statistics.ts';
import { checkKMeansParameters, type KMeansParameters } from './parameters.ts';
import type { StatisticsState } from './state.ts';

/** Two clusters on a line, at -1 and at 1; two models. */
function stateOf(settings: Partial<KMeansParameters> = {}): StatisticsState {
  const parameters = checkKMeansParameters({
    models: ['ant', 'bee'],
    dimensions: 1,
    seed: TOY_SEED,
    sums: 'noisy',
    clusters: 2,
    kappa: 0,
    costMinUsd: 1e-4,
    costMaxUsd: 1,
    ...settings,
  });
  return { phase: 'statistics', parameters, centres: Float64Array.of(-1, 1) };
}

type Observation = readonly [model: number, quality: number, costUsd: number];

function recordsOf(...records: readonly (readonly [x: number, ...observations: Observation[]])[]): Dataset {
  const rows = records.map(([, ...observations]) => observations);
  let end = 0;
  return {
    models: ['ant', 'bee'],
    dimensions: 1,
    records: records.length,
    features: Float32Array.from(records, ([x]) => x),
    offsets: Uint32Array.from([0, ...rows.map((row) => (end += row.length))]),
    model: Uint16Array.from(rows.flat(), ([model]) => model),
    quality: Float64Array.from(rows.flat(), ([, quality]) => quality),
    costUsd: Float64Array.from(rows.flat(), ([, , cost]) => cost),
  };
}

function dense({ length, indices, values }: RecordVector, dimension: number): number[] {
  const all = Array.from({ length: dimension }, () => 0);
  for (let j = 0; j < length; j++) all[indices[j] ?? 0] = values[j] ?? 0;
  return all;
}

function vectorsOf(state: StatisticsState, data: Dataset): number[][] {
  const { dimension } = noisyStatisticsPlan(state);
  return Array.from(contributeToNoisyStatistics(state, data), (vector) => dense(vector, dimension));
}

function sumOf(state: StatisticsState, data: Dataset): Float64Array {
  const sum = new Float64Array(noisyStatisticsPlan(state).dimension);
  for (const vector of vectorsOf(state, data)) vector.forEach((value, j) => (sum[j] = (sum[j] ?? 0) + value));
  return sum;
}

function modelOf(state: StatisticsState, data: Dataset, noiseDeviation: number = 0): KMeansModel {
  return noisyKMeansModelOf(state, sumOf(state, data), noiseDeviation);
}

/** 200 records at each place; ant is right half the time at -1 and always at 1, bee three times in four at both. */
function manyRecords(): Dataset {
  return recordsOf(
    ...Array.from({ length: 800 }, (_, i) => {
      const [x, model] = [i % 2 === 0 ? -1 : 1, (i >> 1) % 2];
      const right = model === 1 ? i % 16 < 12 : x === 1 || i % 8 < 4;
      return [x, [model, Number(right), model === 1 ? 0.1 : 0.01] as const] as const;
    }),
  );
}

describe('the noisy statistics of a record', () => {
  it('stand in its cluster as q and 1 - q, its cost at its model, its square alone', () => {
    // 0.01 USD is half way from 1e-4 to 1, where the square around the middle is 0; 1 USD is at its end.
    expect(vectorsOf(stateOf(), recordsOf([1, [1, 0.25, 0.01]], [-1, [0, 1, 1]]))).toEqual([
      [0, 0, 0, 0, 0, 0, 0.25, 0.75, 0, 0, 0.5, 0.5, 0],
      [1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0.25],
    ]);
  });

  it('stay inside the declared bounds, which the fullest record meets exactly', () => {
    const state = stateOf({ maxEvaluationsPerQuery: 2 });
    const plan = noisyStatisticsPlan(state);
    const [fullest, wild] = vectorsOf(
      state,
      recordsOf([1, [0, 1, 1], [1, 1, 1]], [1, [0, Number.NaN, 1e9], [1, -4, Number.NaN]]),
    );
    expect(Math.hypot(...(fullest ?? []))).toBeCloseTo(plan.recordNorm, 12);
    expect(Math.hypot(...(wild ?? []))).toBeLessThanOrEqual(plan.recordNorm);
    expect(Math.max(...(fullest ?? []), ...(wild ?? []))).toBeLessThanOrEqual(plan.recordMax);
    for (const { length, indices } of contributeToNoisyStatistics(
      state,
      recordsOf([1, [1, 1, 1], [0, 1, 1]]),
    )) {
      const used = [...indices.subarray(0, length)];
      expect(used).toEqual(used.toSorted((a, b) => a - b));
      expect(length).toBe(plan.recordSupport);
    }
  });

  it('do not depend on any other record, also where a record has more observations than count', () => {
    const state = stateOf();
    const both: readonly Observation[] = [
      [0, 1, 1],
      [1, 0, 0.01],
    ];
    const crowd = Array.from({ length: 50 }, () => [1, ...both] as const);
    const whole = vectorsOf(state, recordsOf(...crowd));
    const without = vectorsOf(state, recordsOf([1], ...crowd.slice(1)));
    expect(without.slice(1)).toEqual(whole.slice(1));
    expect(new Set(whole.map(String)).size).toBe(2);
  });

  it('name a record whose features are not finite', () => {
    expect(() => vectorsOf(stateOf(), recordsOf([1], [Number.NaN]))).toThrow(
      refusal('BAD_DATASET', 'record 1'),
    );
  });
});

/** How much better ant is at 1 than at -1. */
function spread(settings: Partial<KMeansParameters>, noiseDeviation: number): number {
  const { quality } = modelOf(stateOf(settings), manyRecords(), noiseDeviation);
  return (quality[2] ?? 0) - (quality[0] ?? 0);
}

describe('the tables of noisy statistics', () => {
  it('are the means where there is no noise and nothing shrinks them', () => {
    const { quality, logCost, observations } = modelOf(stateOf(), manyRecords());
    expect([...observations]).toEqual([200, 200, 200, 200]);
    expect([...quality]).toEqual([0.5, 0.75, 1, 0.75]);
    expect([...logCost].map((z) => Math.round(100 * z))).toEqual([50, 75, 50, 75]);
  });

  it('have one variance for all models, that of costs around the mean of their model', () => {
    const steady = modelOf(stateOf(), manyRecords()).logCostVariance;
    expect([...steady]).toEqual([expect.closeTo(0, 12), expect.closeTo(0, 12)]);
    // z is 0.25 and 0.75 half of the time each.
    const uneven = recordsOf(
      ...Array.from({ length: 20 }, (_, i) => [1, [0, 1, i % 2 === 0 ? 0.001 : 0.1] as const] as const),
    );
    expect(modelOf(stateOf(), uneven).logCostVariance[0]).toBeCloseTo(1 / 16, 9);
  });

  it('shrink by eight standard deviations of the noise, or by kappa where that is more', () => {
    expect(spread({ kappa: 80 }, 0)).toBe(spread({ kappa: 0 }, 10));
    expect(spread({ kappa: 80 }, 1)).toBe(spread({ kappa: 80 }, 0));
    expect(spread({}, 20)).toBeLessThan(spread({}, 10));
    expect(spread({}, 10)).toBeLessThan(spread({}, 0));
  });

  it('do not know a model whose observations could be noise', () => {
    const few = recordsOf(
      [1, [1, 1, 0.01]],
      ...Array.from({ length: 400 }, () => [1, [0, 1, 0.01] as const] as const),
    );
    const { observations } = modelOf(stateOf(), few, 5);
    expect([observations[1], observations[3]]).toEqual([0, 0]);
    expect(observations[2]).toBe(400);
    expect(() => modelOf(stateOf(), few, 500)).toThrow(refusal('NO_OBSERVATIONS', 'noise'));
    expect(() => modelOf(stateOf(), recordsOf([1]))).toThrow(refusal('NO_OBSERVATIONS', 'noise'));
  });

  it('stay in range and near the truth under noise', () => {
    const state = stateOf();
    const exact = sumOf(state, manyRecords());
    const generator = createGenerator(new Uint8Array(32).fill(3));
    for (let run = 0; run < 20; run++) {
      const noisy = exact.map((value) => value + 10 * (generator.nextDouble() - 0.5));
      const { quality, logCost, logCostVariance, observations } = noisyKMeansModelOf(state, noisy, 2.9);
      for (const table of [quality, logCost, logCostVariance]) {
        expect(table.every((value) => value >= 0 && value <= 1)).toBe(true);
      }
      expect(observations.every((n) => n >= 0)).toBe(true);
      expect(quality[2]).toBeGreaterThan(quality[3] ?? 1);
      expect(quality[0]).toBeLessThan(quality[1] ?? 0);
      expect(logCost[0]).toBeCloseTo(0.5, 1);
    }
  });
});
