import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Prediction, Predictor } from '../artifact/prediction.ts';
import { refusal } from '../testing/refusal.ts';
import { toyDataset } from '../testing/toy-dataset.ts';
import { auc, aucShared } from './auc.ts';
import { type CostQuality, routerCurve } from './curve.ts';
import { concaveHull, costAtQuality, qualityAtBudget } from './hull.ts';
import { geometricGrid, LAMBDA_GRID } from './lambda-grid.ts';
import { bestSingle, cheapestSingle, oracle, sharedCostRange, singleModels } from './singles.ts';
import { type TestSet, testSetOf } from './test-set.ts';

const at = (costUsd: number, quality: number): CostQuality => ({ costUsd, quality });

/** Sixty-fourths keep the arithmetic of hulls exact. */
const points = fc.array(
  fc
    .record({ costUsd: fc.integer({ min: 1, max: 64 }), quality: fc.integer({ min: 0, max: 64 }) })
    .map(({ costUsd, quality }) => at(costUsd / 64, quality / 64)),
  { minLength: 1, maxLength: 30 },
);

/** Four queries, two models: "ant" costs 1 and is right on the first two, "bee" costs 3 and is right on the last three. */
const TEST: TestSet = {
  models: ['ant', 'bee'],
  dimensions: 1,
  queries: 4,
  features: Float32Array.of(0, 0.25, 0.5, 0.75),
  quality: Float64Array.of(1, 0, 1, 1, 0, 1, 0, 1),
  costUsd: Float64Array.of(1, 3, 1, 3, 1, 3, 1, 3),
};

/** Knows the truth about the last two queries, and thinks that both models are right on the others. */
const PREDICTOR: Predictor = {
  models: TEST.models,
  dimensions: 1,
  predict([x = 0]: Float32Array, { quality, costUsd }: Prediction): void {
    quality.set(x >= 0.5 ? [0, 1] : [1, 1]);
    costUsd.set([1, 3]);
  },
};

describe('the lambda grid', () => {
  it('has 100 points from 1e-2 to 1e7, each the same factor above the one before', () => {
    expect([LAMBDA_GRID.length, LAMBDA_GRID[0], LAMBDA_GRID.at(-1)]).toEqual([100, 1e-2, 1e7]);
    LAMBDA_GRID.slice(1).forEach((lambda, i) => {
      expect(lambda / (LAMBDA_GRID[i] ?? 0)).toBeCloseTo(1.23285, 5);
    });
    expect(geometricGrid(1, 4, 3)).toEqual([1, 2, 4]);
  });
});

describe('the curve of a router', () => {
  it('has what its choices truly gave at each lambda', () => {
    expect(routerCurve(PREDICTOR, TEST, [0, 0.1, 1])).toEqual([
      // All ties go to the first model.
      { lambda: 0, costUsd: 2, quality: 1 },
      { lambda: 0.1, costUsd: 2, quality: 1 },
      { lambda: 1, costUsd: 1, quality: 0.5 },
    ]);
  });

  it('is refused for a router of other models or dimensions', () => {
    expect(() => routerCurve({ ...PREDICTOR, models: ['ant', 'cow'] }, TEST, [0])).toThrow(
      refusal('BAD_TEST_SET', 'cow'),
    );
    expect(() => routerCurve({ ...PREDICTOR, dimensions: 2 }, TEST, [0])).toThrow(
      refusal('BAD_TEST_SET', 'dimensions'),
    );
  });
});

it('a router that predicts nothing has no curve', () => {
  const blind: Predictor = {
    ...PREDICTOR,
    predict(_: Float32Array, { quality }: Prediction): void {
      quality.fill(Number.NaN);
    },
  };
  expect(() => routerCurve(blind, TEST, [1])).toThrow(refusal('NO_OBSERVATIONS', 'no model'));
});

describe('a test set', () => {
  it('is a dataset on which every model was observed', () => {
    const data = {
      ...toyDataset('test set', { records: 2, models: ['ant', 'bee'], observations: 3 }),
      model: Uint16Array.of(1, 0, 1, 0, 1, 1),
      quality: Float64Array.of(0.1, 0.2, 0.3, 0.4, 0.5, 0.6),
      costUsd: Float64Array.of(1, 2, 3, 4, 5, 6),
    };
    const test = testSetOf(data);
    expect([...test.quality]).toEqual([0.2, 0.1, 0.4, 0.5]);
    expect([...test.costUsd]).toEqual([2, 1, 4, 5]);
  });

  it('needs a query, and every model on each', () => {
    expect(() => testSetOf(toyDataset('none', { records: 0 }))).toThrow(
      refusal('BAD_TEST_SET', 'at least one'),
    );
    expect(() => testSetOf(toyDataset('sparse', { records: 3 }))).toThrow(refusal('BAD_TEST_SET', 'query 0'));
  });
});

describe('the AUC of the paper', () => {
  it('is the mean quality over the router’s own range of cost', () => {
    expect(auc([at(3, 1), at(1, 0.5)])).toBeCloseTo(0.75, 9);
    expect(auc([at(1, 0), at(2, 1), at(5, 1)])).toBeCloseTo(3.5 / 4, 9);
  });

  it('takes the points as they are: no hull', () => {
    expect(auc([at(1, 1), at(2, 0), at(3, 1)])).toBeCloseTo(0.5, 9);
  });

  it('is 0 without a range', () => {
    expect([auc([]), auc([at(1, 0.9)]), auc([at(1, 0.9), at(1, 0.2)])]).toEqual([0, 0, 0]);
  });

  it('does not depend on the order of points of different cost', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 99 }), { minLength: 2 }), (costs) => {
        const curve = costs.map((cost) => at(cost, (cost % 7) / 7));
        expect(auc(curve.toReversed())).toBe(auc(curve));
      }),
    );
  });
});

describe('the concave hull', () => {
  it('never falls, bends down only, and lies on or above every point', () => {
    fc.assert(
      fc.property(points, (cloud) => {
        const hull = concaveHull(cloud);
        const slopes = hull.slice(1).map((corner, i) => {
          const before = hull[i] ?? at(0, 0);
          return (corner.quality - before.quality) / (corner.costUsd - before.costUsd);
        });
        expect(slopes.every((slope) => slope > 0)).toBe(true);
        expect(slopes.slice(1).every((slope, i) => slope < (slopes[i] ?? 0))).toBe(true);
        for (const { costUsd, quality } of cloud) {
          expect(qualityAtBudget(hull, costUsd)).toBeGreaterThanOrEqual(quality - 1e-12);
        }
      }),
    );
  });

  it('has no corner that is not a point, and changes with no dominated or repeated point', () => {
    fc.assert(
      fc.property(points, (cloud) => {
        const hull = concaveHull(cloud);
        expect(cloud).toEqual(expect.arrayContaining([...hull]));
        expect(concaveHull(hull)).toEqual(hull);
        expect(concaveHull([...cloud, ...hull].toReversed())).toEqual(hull);
        const worse = cloud.map(({ costUsd, quality }) => at(costUsd * 2, quality / 2));
        expect(concaveHull([...cloud, ...worse])).toEqual(hull);
      }),
    );
  });

  it('is 0 left of its first corner and constant right of its last', () => {
    const hull = concaveHull([at(1, 0.2), at(2, 0.6), at(3, 0.3)]);
    expect([0.99, 1, 1.5, 2, 100].map((cost) => qualityAtBudget(hull, cost))).toEqual([
      0,
      0.2,
      expect.closeTo(0.4, 12),
      0.6,
      0.6,
    ]);
    expect(qualityAtBudget(concaveHull([]), 1)).toBe(0);
  });

  it('tells what a quality costs', () => {
    const hull = concaveHull([at(1, 0.2), at(2, 0.6)]);
    expect([0.1, 0.2, 0.6].map((quality) => costAtQuality(hull, quality))).toEqual([1, 1, 2]);
    expect(costAtQuality(hull, 0.4)).toBeCloseTo(1.5, 12);
    expect(costAtQuality(hull, 0.61)).toBeUndefined();
    expect(costAtQuality([], 0)).toBeUndefined();
  });
});

describe('the AUC over a shared range', () => {
  const RANGE = { least: 1 / 64, most: 1 };

  it('is the height of a router that reaches it everywhere', () => {
    expect(aucShared(concaveHull([at(1 / 64, 0.7)]), RANGE)).toBeCloseTo(0.7, 12);
    expect(aucShared(concaveHull([]), RANGE)).toBe(0);
    expect(aucShared(concaveHull([at(1.1, 1)]), RANGE)).toBe(0);
  });

  it('counts decades of cost alike', () => {
    // Half of the points on a geometric scale lie above the geometric mean.
    expect(aucShared(concaveHull([at(1 / 8, 1)]), RANGE)).toBeCloseTo(0.5, 2);
  });

  it('does not change with the currency', () => {
    fc.assert(
      fc.property(points, fc.constantFrom(0.001, 0.5, 7, 1e6), (cloud, factor) => {
        const dearer = cloud.map(({ costUsd, quality }) => at(costUsd * factor, quality));
        // A budget that meets a point's cost exactly may fall on either side of it in another currency, so the range starts off the grid.
        const range = { least: 1 / 65, most: 1.01 };
        const scaled = { least: range.least * factor, most: range.most * factor };
        expect(aucShared(concaveHull(dearer), scaled)).toBeCloseTo(aucShared(concaveHull(cloud), range), 9);
      }),
    );
  });

  it('never falls when points are added, and never exceeds the best point', () => {
    fc.assert(
      fc.property(points, points, (cloud, more) => {
        const one = aucShared(concaveHull(cloud), RANGE);
        expect(aucShared(concaveHull([...cloud, ...more]), RANGE)).toBeGreaterThanOrEqual(one - 1e-12);
        expect(one).toBeLessThanOrEqual(Math.max(...cloud.map(({ quality }) => quality)) + 1e-12);
      }),
    );
  });

  it('needs a range of costs above 0', () => {
    for (const range of [
      { least: 0, most: 1 },
      { least: 2, most: 1 },
      { least: 1, most: Number.POSITIVE_INFINITY },
      { least: Number.NaN, most: 1 },
    ]) {
      expect(() => aucShared([], range)).toThrow(refusal('OUT_OF_RANGE', 'cost range'));
    }
  });
});

describe('the marks of a benchmark', () => {
  it('are the means of the single models, the best and the cheapest of them', () => {
    const singles = singleModels(TEST);
    expect(singles).toEqual([
      { model: 'ant', costUsd: 1, quality: 0.5 },
      { model: 'bee', costUsd: 3, quality: 0.75 },
    ]);
    expect(bestSingle(singles)?.model).toBe('bee');
    expect(cheapestSingle(singles)?.model).toBe('ant');
    expect(sharedCostRange(singles)).toEqual({ least: 1, most: 3 });
    expect([bestSingle([]), cheapestSingle([])]).toEqual([undefined, undefined]);
  });

  it('take the cheaper of equally good, and the better of equally cheap models', () => {
    const tied = [
      { model: 'dear', costUsd: 2, quality: 0.5 },
      { model: 'cheap', costUsd: 1, quality: 0.5 },
      { model: 'poor', costUsd: 1, quality: 0.1 },
    ];
    expect(bestSingle(tied)?.model).toBe('cheap');
    expect(cheapestSingle(tied)?.model).toBe('cheap');
  });

  it('have an oracle that takes the best model of each query, the cheapest of several', () => {
    expect(oracle(TEST)).toEqual({ costUsd: 2, quality: 1 });
    const failed = { ...TEST, quality: new Float64Array(8) };
    expect(oracle(failed)).toEqual({ costUsd: 1, quality: 0 });
  });
});
