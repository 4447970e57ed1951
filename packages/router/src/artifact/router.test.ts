import { describe, expect, it } from 'vitest';
import { refusal } from '../testing/refusal.ts';
import { TOY_MODEL } from '../testing/toy-model.ts';
import { createArtifact } from './artifact.ts';
import { defaultLambdaOf } from './default-lambda.ts';
import { emptyPrediction } from './prediction.ts';
import { createPredictor } from './predictor.ts';
import { createRouter } from './router.ts';

const router = createRouter(createArtifact(TOY_MODEL, 'my-encoder'));
const FIRST = Float32Array.of(1, 0);
const SECOND = Float32Array.of(0.1, 0.9);

describe('routing', () => {
  it('buys quality where lambda is low, and saves where it is high', () => {
    expect(router.route(FIRST, 0)).toEqual({
      model: 'bee',
      index: 1,
      quality: 0.8,
      costUsd: expect.closeTo(1e-3, 9),
    });
    expect(router.route(SECOND, 0).model).toBe('cat');
    expect(router.route(FIRST, 1e6)).toEqual({
      model: 'ant',
      index: 0,
      quality: 0.5,
      costUsd: expect.closeTo(1e-4, 9),
    });
    // Bee gains 0.3 for 0.0009 USD over ant.
    expect([300, 360].map((lambda) => router.route(FIRST, lambda).model)).toEqual(['bee', 'ant']);
  });

  it('uses the artifact’s lambda unless told otherwise', () => {
    expect(router.route(SECOND)).toEqual(router.route(SECOND, router.defaultLambda));
  });

  it('ranks all models that have predictions, the choice first', () => {
    expect(router.rank(SECOND, 0).map(({ model }) => model)).toEqual(['cat', 'bee', 'ant']);
    expect(router.rank(FIRST, 1e6)[0]).toEqual(router.route(FIRST, 1e6));
  });

  it('never chooses a model that nobody observed, even where lambda makes it look free', () => {
    for (const lambda of [0, 1, 1e9, 1e100]) {
      expect(router.route(FIRST, lambda).model).not.toBe('dog');
      expect(router.rank(FIRST, lambda)).toHaveLength(3);
    }
    const prediction = emptyPrediction(4);
    createPredictor(TOY_MODEL).predict(FIRST, prediction);
    expect([prediction.quality[3], prediction.costUsd[3]]).toEqual([Number.NaN, Number.NaN]);
  });

  it('takes the first of equals', () => {
    const equal = { ...TOY_MODEL, quality: new Float64Array(8).fill(0.5), logCost: new Float64Array(8) };
    expect(createRouter(createArtifact(equal, 'e')).route(FIRST, 10).index).toBe(0);
  });

  it('predicts the mean cost, above the geometric mean where costs vary', () => {
    const varied = { ...TOY_MODEL, logCostVariance: Float64Array.of(0.01, 0, 0, 0) };
    const { costUsd } = createRouter(createArtifact(varied, 'e')).route(FIRST, 1e6);
    // Variance of ln(cost) is 0.01 * ln(1e6)^2.
    expect(costUsd / 1e-4).toBeCloseTo(Math.exp((0.01 * Math.log(1e6) ** 2) / 2), 9);
  });

  it('refuses an embedding or a lambda that is none', () => {
    expect(() => router.route(new Float32Array(3))).toThrow(refusal('BAD_EMBEDDING', '2 values'));
    expect(() => router.route(Float32Array.of(Number.NaN, 0))).toThrow(refusal('BAD_EMBEDDING', 'finite'));
    for (const lambda of [-1, Number.NaN, Number.POSITIVE_INFINITY, 1e101]) {
      expect(() => router.route(FIRST, lambda)).toThrow(refusal('BAD_LAMBDA', 'lambda'));
      expect(() => router.rank(FIRST, lambda)).toThrow(refusal('BAD_LAMBDA', 'lambda'));
    }
  });

  it('refuses to choose among models of which none was observed', () => {
    const blank = createRouter({
      ...createArtifact(TOY_MODEL, 'e'),
      model: { ...TOY_MODEL, observations: new Float64Array(8) },
    });
    expect(() => blank.route(FIRST)).toThrow(refusal('NO_OBSERVATIONS', 'no model'));
    expect(blank.rank(FIRST)).toEqual([]);
  });
});

describe('the default lambda', () => {
  it('is that of the cheapest point at 97 % of the best single model', () => {
    // Always bee: 0.8, so 0.776 is wanted. Bee, and cat in the second cluster, give 0.825 for 0.001 USD. Ant in the second cluster would
    // save a quarter of the cost but leave 0.725. So lambda is the last of the grid at which nobody moves to ant: below 0.3 / 0.0009.
    const lambda = defaultLambdaOf(TOY_MODEL);
    expect(lambda).toBeLessThan(0.3 / 0.0009);
    expect(lambda * 1.24).toBeGreaterThan(0.3 / 0.0009);
  });

  it('weighs clusters by their observations', () => {
    // Where the second cluster holds nearly everything, the first may go cheap: 0.5 there costs next to nothing.
    const lopsided = { ...TOY_MODEL, observations: Float64Array.of(1, 1, 1, 0, 99, 99, 99, 0) };
    const routed = createRouter(createArtifact(lopsided, 'e'));
    expect(routed.route(FIRST).model).toBe('ant');
    expect(routed.route(SECOND).model).toBe('cat');
  });

  it('is 0 where only quality alone would do', () => {
    const dear = { ...TOY_MODEL, costMinUsd: 1e9, costMaxUsd: 1e12 };
    expect(defaultLambdaOf(dear)).toBe(0);
  });
});
