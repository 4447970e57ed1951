import { concaveHull, type Dataset, type KMeansModel, type TestSet } from '@tributary/router';
import { describe, expect, it } from 'vitest';
import { kmeansFamily } from '../families/kmeans.ts';
import { asKMeans } from '../testing/federation.ts';
import { generatorOf, topicsDataset } from '../testing/topics.ts';
import { chooseLambda } from './choose-lambda.ts';
import { BUDGETS, routerAt, scoreFrontier, scoreRouter, yardstickOf } from './score-router.ts';

/** Half of the queries on either side of 0; cheap is right on the left only, dear everywhere, at ten times the cost. */
const TEST: TestSet = {
  models: ['cheap', 'dear'],
  dimensions: 1,
  queries: 4,
  features: Float32Array.of(-0.5, -0.6, 0.5, 0.6),
  quality: Float64Array.of(1, 1, 1, 1, 0, 1, 0, 1),
  costUsd: Float64Array.from({ length: 8 }, (_, cell) => (cell % 2 === 0 ? 1e-4 : 1e-3)),
};

/** Knows all of that, and prices to the micro-dollar. */
const PERFECT: KMeansModel = {
  kind: 'kmeans',
  models: TEST.models,
  dimensions: 1,
  clusters: 2,
  centres: Float64Array.of(-0.5, 0.5),
  observations: Float64Array.of(9, 9, 9, 9),
  quality: Float64Array.of(1, 1, 0, 1),
  logCost: Float64Array.of(0.4, 0.6, 0.4, 0.6),
  kappa: { quality: 0, logCost: 0 },
  logCostVariance: Float64Array.of(0, 0),
  costMinUsd: 1e-6,
  costMaxUsd: 1e-1,
};

/** Queries of which nobody observed anything. */
const HELD_OUT: Dataset = {
  models: TEST.models,
  dimensions: 1,
  records: 4,
  features: TEST.features,
  offsets: new Uint32Array(5),
  model: new Uint16Array(0),
  quality: new Float64Array(0),
  costUsd: new Float64Array(0),
};

describe('scores', () => {
  const yardstick = yardstickOf(TEST);

  it('measure all routers against the same single models', () => {
    expect(yardstick.best).toMatchObject({ model: 'dear', quality: 1 });
    expect(yardstick.range).toEqual({
      least: expect.closeTo(1e-4, 12) as number,
      most: expect.closeTo(1e-3, 12) as number,
    });
  });

  it('tell what the best single model’s quality costs a router that uses the query', () => {
    const score = scoreRouter(PERFECT, yardstick);
    // Half of the queries at a tenth of the price.
    expect(score.qualityAtBudget).toMatchObject({ '100%': 1 });
    expect(score.costAt97).toBeLessThan(0.56);
    expect(score.costAt97).toBeGreaterThan(0.5);
    expect(Object.keys(score.qualityAtBudget)).toEqual(Object.keys(BUDGETS));
    const singles = scoreFrontier(concaveHull(yardstick.singles), yardstick);
    expect(score.aucShared).toBeGreaterThan(singles.aucShared + 0.05);
    expect(singles.costAt97).toBeCloseTo(0.1 + 0.9 * ((0.97 - 0.5) / 0.5), 6);
  });

  it('count a quality that is not reached as the whole cost', () => {
    const weak = concaveHull([{ costUsd: 1e-4, quality: 0.5 }]);
    expect(scoreFrontier(weak, yardstick).costAt97).toBe(1);
    const dear = concaveHull([{ costUsd: 5e-3, quality: 1 }]);
    expect(scoreFrontier(dear, yardstick).costAt97).toBe(1);
  });

  it('need costs', () => {
    const free = { ...TEST, costUsd: new Float64Array(8) };
    expect(() => yardstickOf(free)).toThrow(expect.objectContaining({ code: 'BAD_DATA' }));
    const halfFree = { ...TEST, costUsd: TEST.costUsd.map((cost) => (cost > 5e-4 ? cost : 0)) };
    expect(yardstickOf(halfFree).range.least).toBeGreaterThan(0);
  });
});

describe('a lambda chosen on held-out queries', () => {
  it('saves what costs no predicted quality', () => {
    const model = asKMeans(kmeansFamily.alone(topicsDataset(generatorOf(40), 400), generatorOf(41)));
    const priced = { ...model, logCost: model.logCost.map((z, cell) => (cell % 2 === 0 ? z : z + 0.2)) };
    const lambda = chooseLambda(priced, topicsDataset(generatorOf(42), 50));
    expect(lambda).toBeGreaterThan(0);
    const at = (value: number): number => routerAt(PERFECT, TEST, value).costUsd;
    expect(at(chooseLambda(PERFECT, HELD_OUT))).toBeLessThan(at(0) + 1e-9);
    expect(routerAt(PERFECT, TEST, chooseLambda(PERFECT, HELD_OUT)).quality).toBe(1);
  });

  it('works where the router knows nothing of some models', () => {
    const blind = { ...PERFECT, observations: Float64Array.of(9, 0, 9, 0) };
    const lambda = chooseLambda(blind, HELD_OUT);
    expect(routerAt(blind, TEST, lambda)).toEqual({
      costUsd: expect.closeTo(1e-4, 12) as number,
      quality: 0.5,
    });
  });
});
