import { describe, expect, it } from 'vitest';
import type { Dataset } from '../../dataset.ts';
import type { RecordVector } from '../../program.ts';
import { refusal } from '../../testing/refusal.ts';
import { TOY_SEED } from '../../testing/toy-dataset.ts';
import { checkKMeansParameters, type KMeansParameters } from './parameters.ts';
import type { StatisticsState } from './state.ts';
import { contributeToStatistics, kmeansModelOf, statisticsPlan } from './statistics.ts';

/** Two clusters on a line, at -1 and at 1; two models. */
function stateOf(settings: Partial<KMeansParameters> = {}): StatisticsState {
  const parameters = checkKMeansParameters({
    models: ['ant', 'bee'],
    dimensions: 1,
    seed: TOY_SEED,
    clusters: 2,
    kappa: 0,
    costMinUsd: 1e-4,
    costMaxUsd: 1,
    ...settings,
  });
  return { phase: 'statistics', parameters, centres: Float64Array.of(-1, 1) };
}

/** Records at x; each observation is [model, quality, cost]. */
function recordsOf(...records: [x: number, ...observations: [number, number, number][]][]): Dataset {
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

function dense(vector: RecordVector, dimension: number): number[] {
  const values = Array.from({ length: dimension }, () => 0);
  for (let j = 0; j < vector.length; j++) values[vector.indices[j] ?? 0] = vector.values[j] ?? 0;
  return values;
}

function vectorsOf(state: StatisticsState, data: Dataset): number[][] {
  return Array.from(contributeToStatistics(state, data), (vector) =>
    dense(vector, statisticsPlan(state).dimension),
  );
}

function modelOf(state: StatisticsState, data: Dataset): ReturnType<typeof kmeansModelOf> {
  const vectors = vectorsOf(state, data);
  const sum = new Float64Array(statisticsPlan(state).dimension);
  for (const vector of vectors) vector.forEach((value, j) => (sum[j] = (sum[j] ?? 0) + value));
  return kmeansModelOf(state, sum);
}

describe('the statistics of a record', () => {
  it('stand in its cluster, at the model that was observed', () => {
    // Cells of (cluster, model), each n, quality, z; then z^2 of ant and of bee. 0.01 USD is half way from 1e-4 to 1.
    expect(vectorsOf(stateOf(), recordsOf([1, [1, 0.25, 0.01]], [-1, [0, 1, 1]]))).toEqual([
      [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0.25, 0.5, 0, 0.25],
      [1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0],
    ]);
  });

  it('are clipped to [0, 1] whatever the log says', () => {
    const data = recordsOf([1, [0, 7, 50]], [1, [0, -3, -1]], [1, [0, Number.NaN, Number.NaN]]);
    expect(vectorsOf(stateOf(), data).map((vector) => vector.slice(6, 9))).toEqual([
      [1, 1, 1],
      [1, 0, 0],
      [1, 0, 0],
    ]);
  });

  it('count a model once, however often it was observed', () => {
    const twice = recordsOf([1, [0, 1, 1], [0, 0, 1]]);
    expect(vectorsOf(stateOf({ maxEvaluationsPerQuery: 2 }), twice)[0]?.slice(6, 9)).toEqual([1, 1, 1]);
  });

  it('come in ascending order of index with several models', () => {
    const state = stateOf({ maxEvaluationsPerQuery: 2 });
    const [vector] = contributeToStatistics(state, recordsOf([-1, [1, 1, 1], [0, 1, 1]]));
    expect(Array.from(vector?.indices.subarray(0, vector.length) ?? [])).toEqual([0, 1, 2, 3, 4, 5, 12, 13]);
  });

  it('are empty for a record without observations', () => {
    expect(Array.from(contributeToStatistics(stateOf(), recordsOf([1])), ({ length }) => length)).toEqual([
      0,
    ]);
  });

  it('keep a subset that favours no model, and the same one each time', () => {
    const state = stateOf();
    const both = recordsOf(
      ...Array.from({ length: 400 }, (): [number, ...[number, number, number][]] => [
        1,
        [0, 1, 1],
        [1, 1, 1],
      ]),
    );
    const chosen = vectorsOf(state, both).map((vector) => (vector[6] === 1 ? 0 : 1));
    const bees = chosen.filter((model) => model === 1).length;
    // Six standard deviations of a fair coin.
    expect(Math.abs(bees - 200)).toBeLessThan(60);
    expect(vectorsOf(state, both).map((vector) => (vector[6] === 1 ? 0 : 1))).toEqual(chosen);
  });

  it('name a record whose features are not finite', () => {
    expect(() => vectorsOf(stateOf(), recordsOf([1], [Number.NaN]))).toThrow(
      refusal('BAD_DATASET', 'record 1'),
    );
  });
});

describe('the tables', () => {
  const data = recordsOf(
    [-1, [0, 1, 0.01]],
    [-1, [0, 0, 1]],
    [-1, [0, 0, 0.01]],
    [1, [0, 1, 0.01]],
    [1, [1, 1, 1]],
  );

  // Ant: 2 of 4 right on the whole, mean z 2.5 / 4; bee always right, at z 1. In the cluster at -1 ant is right
  // 1/2 - 1/3 = 1/6 less often than on the whole, at 1 both together (1/2 + 0) / 2 more often.
  it('hold the means of each cell where nothing shrinks them, and what is to be expected where nobody looked', () => {
    const model = modelOf(stateOf(), data);
    expect([...model.observations]).toEqual([3, 0, 1, 1]);
    expect(model.quality[0]).toBeCloseTo(1 / 3, 12);
    expect(model.quality[1]).toBeCloseTo(1 - 1 / 6, 12);
    expect([...model.quality.subarray(2)]).toEqual([1, 1]);
    expect([...model.logCost]).toEqual([2 / 3, 1, 0.5, 1]);
  });

  it('shrink by kappa observations to the mean of the model and the effect of the cluster', () => {
    const { quality, logCost } = modelOf(stateOf({ kappa: 6 }), data);
    expect(quality[0]).toBeCloseTo((1 + 6 * (1 / 2 - 1 / 6)) / 9, 12);
    expect(quality[2]).toBeCloseTo((1 + 6 * (1 / 2 + 1 / 4)) / 7, 12);
    expect(logCost[0]).toBeCloseTo((2 + 6 * (2.5 / 4 + (2 - 3 * (2.5 / 4)) / 3)) / 9, 12);
    expect(quality[1]).toBeCloseTo(1 - 1 / 6, 12);
  });

  it('trust cells, where kappa is estimated, as far as models differ in what they are good at', () => {
    const state = stateOf({ kappa: 'estimated', models: ['ant', 'bee', 'cat'] });
    type Cell = [x: number, model: number, right: number];
    const table = (cells: readonly Cell[]): readonly number[] => {
      const records = cells.flatMap(([x, model, right]) =>
        Array.from({ length: 40 }, (_, i): [number, [number, number, number]] => [
          x,
          [model, i < right ? 1 : 0, 0.01],
        ]),
      );
      const { quality } = modelOf(state, { ...recordsOf(...records), models: ['ant', 'bee', 'cat'] });
      return [...quality];
    };
    const specialists: Cell[] = [
      [-1, 0, 36],
      [-1, 1, 4],
      [-1, 2, 20],
      [1, 0, 4],
      [1, 1, 36],
      [1, 2, 20],
    ];
    expect(table(specialists)[0]).toBeGreaterThan(0.85);
    // Cat is the same everywhere, and the others differ by no more than forty answers do by chance.
    const alike: Cell[] = [
      [-1, 0, 21],
      [-1, 1, 20],
      [-1, 2, 20],
      [1, 0, 20],
      [1, 1, 21],
      [1, 2, 20],
    ];
    // All cells are what is expected: the model's mean, and no effect of the clusters, which are alike on the whole.
    expect(table(alike)[0]).toBeCloseTo(41 / 80, 5);
  });

  it('do not tell a cluster from another by who was observed there', () => {
    // Bee is better everywhere, and seen at 1 alone: no effect of the cluster, so ant is no better there.
    const uneven = recordsOf([-1, [0, 0.5, 0.01]], [-1, [0, 0.5, 0.01]], [1, [1, 1, 0.01]]);
    const { quality } = modelOf(stateOf({ kappa: 6 }), uneven);
    expect([...quality]).toEqual([0.5, 1, 0.5, 1]);
  });

  it('hold the variance of z inside clusters', () => {
    // Ant at -1 has z of 0.5, 1, 0.5 (squared deviations 1/6 in all), at 1 a single 0.5; four observations.
    const { logCostVariance } = modelOf(stateOf(), data);
    expect(logCostVariance[0]).toBeCloseTo(1 / 24, 12);
    expect(logCostVariance[1]).toBe(0);
  });

  it('know no observation of a model that nobody observed', () => {
    const model = modelOf(stateOf(), recordsOf([1, [0, 1, 1]]));
    expect([...model.observations]).toEqual([0, 0, 1, 0]);
  });

  it('need at least one observation', () => {
    expect(() => modelOf(stateOf(), recordsOf([1], [-1]))).toThrow(
      refusal('NO_OBSERVATIONS', 'no evaluations'),
    );
  });

  it('stay in range where noise made counts and sums negative', () => {
    const state = stateOf({ kappa: 1 });
    const noisy = Float64Array.from({ length: statisticsPlan(state).dimension }, (_, j) =>
      j % 3 === 0 ? 5 : -4,
    );
    noisy[0] = -3;
    const model = kmeansModelOf(state, noisy);
    for (const table of [model.quality, model.logCost, model.logCostVariance]) {
      expect(table.every((value) => value >= 0 && value <= 1)).toBe(true);
    }
    expect(model.observations.every((n) => n >= 0)).toBe(true);
  });
});

it('declares bounds that the fullest record meets exactly', () => {
  const state = stateOf({ maxEvaluationsPerQuery: 2 });
  const [vector] = vectorsOf(state, recordsOf([1, [0, 1, 1], [1, 1, 1]]));
  const plan = statisticsPlan(state);
  expect(Math.hypot(...(vector ?? []))).toBeCloseTo(plan.recordNorm, 12);
  expect(Math.max(...(vector ?? []))).toBe(plan.recordMax);
  expect(vector?.filter((value) => value !== 0)).toHaveLength(plan.recordSupport);
});
