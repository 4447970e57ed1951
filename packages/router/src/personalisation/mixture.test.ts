import { describe, expect, it } from 'vitest';
import { emptyPrediction, type Predictor } from '../artifact/prediction.ts';
import type { Dataset } from '../dataset.ts';
import { createGenerator } from '../random/generator.ts';
import { refusal } from '../testing/refusal.ts';
import { seedOf } from '../testing/toy-dataset.ts';
import { mixturePredictor, mixtureWeights } from './mixture.ts';

const MODELS = ['ant', 'bee'];

/** Expects of every query the same, or what a function of its one coordinate says. */
function predictorOf(
  expected: (x: number, model: number) => { quality: number; costUsd: number },
): Predictor {
  return {
    models: MODELS,
    dimensions: 1,
    predict(embedding, into): void {
      MODELS.forEach((_, m) => {
        const { quality, costUsd } = expected(embedding[0] ?? 0, m);
        into.quality[m] = quality;
        into.costUsd[m] = costUsd;
      });
    },
  };
}

/** Ant is right where x is above 0, in nine of ten, and bee where it is not; ant costs 1e-4 USD, bee ten times as much. */
function rows(records: number, seed = 'rows'): Dataset {
  const generator = createGenerator(seedOf(seed));
  const x = Array.from({ length: records }, () => generator.nextDouble() - 0.5);
  const model = Uint16Array.from(x, () => generator.nextInt(2));
  return {
    models: MODELS,
    dimensions: 1,
    records,
    features: Float32Array.from(x),
    offsets: Uint32Array.from({ length: records + 1 }, (_, i) => i),
    model,
    quality: Float64Array.from(model, (m, i) =>
      generator.nextDouble() < ((x[i] ?? 0) > 0 === (m === 0) ? 0.9 : 0.1) ? 1 : 0,
    ),
    costUsd: Float64Array.from(model, (m) => 10 ** (m - 4) * (0.8 + 0.4 * generator.nextDouble())),
  };
}

const right = predictorOf((x, m) => ({ quality: x > 0 === (m === 0) ? 0.9 : 0.1, costUsd: 10 ** (m - 4) }));
const blind = predictorOf((_, m) => ({ quality: 0.5, costUsd: 3 * 10 ** (m - 4) }));
const predicted = (predictor: Predictor, x: number): { quality: number[]; costUsd: number[] } => {
  const row = emptyPrediction(2);
  predictor.predict(Float32Array.of(x), row);
  return { quality: [...row.quality], costUsd: [...row.costUsd] };
};

describe('a mixture', () => {
  it('goes with the router that is right about what was held out', () => {
    const { quality, cost } = mixtureWeights(right, blind, rows(400));
    for (const weight of [...quality, ...cost]) expect(weight).toBeGreaterThan(0.8);
    const swapped = mixtureWeights(blind, right, rows(400));
    for (const weight of [...swapped.quality, ...swapped.cost]) expect(weight).toBeLessThan(0.2);
  });

  it('believes either as much where nothing was held out', () => {
    const { quality, cost } = mixtureWeights(right, blind, rows(0));
    expect([...quality, ...cost]).toEqual([0.5, 0.5, 0.5, 0.5]);
  });

  it('has weights for each model, and of a model with few rows those of the others', () => {
    // Each router is right about one of the models.
    const first = predictorOf((x, m) => ({ quality: m === 0 ? (x > 0 ? 0.9 : 0.1) : 0.5, costUsd: 1e-4 }));
    const second = predictorOf((x, m) => ({ quality: m === 1 ? (x > 0 ? 0.1 : 0.9) : 0.5, costUsd: 1e-4 }));
    const { quality } = mixtureWeights(first, second, rows(600));
    expect(quality[0]).toBeGreaterThan(0.85);
    expect(quality[1]).toBeLessThan(0.15);
    const data = rows(600);
    const mostlyAnt = { ...data, model: data.model.map((m, i) => (i < 3 ? m : 0)) };
    const few = mixtureWeights(right, blind, { ...mostlyAnt, quality: data.quality });
    expect(few.quality[1]).toBeCloseTo(few.quality[0] ?? Number.NaN, 0);
  });

  it('is between its two routers, in cost on a logarithmic scale', () => {
    const weights = { quality: Float64Array.of(0.25, 1), cost: Float64Array.of(0.5, 0) };
    const { quality, costUsd } = predicted(mixturePredictor(right, blind, weights), 0.3);
    expect(quality[0]).toBeCloseTo(0.25 * 0.9 + 0.75 * 0.5, 12);
    expect(quality[1]).toBeCloseTo(0.1, 12);
    expect(costUsd[0]).toBeCloseTo(Math.sqrt(1e-4 * 3e-4), 12);
    expect(costUsd[1]).toBeCloseTo(3e-3, 12);
  });

  it('takes the one that knows a model where the other does not', () => {
    const unknown = predictorOf((_, m) => (m === 0 ? { quality: 0.5, costUsd: 1e-4 } : NOTHING));
    const weights = { quality: Float64Array.of(0.5, 0.5), cost: Float64Array.of(0.5, 0.5) };
    expect(predicted(mixturePredictor(right, unknown, weights), 0.3).quality[1]).toBeCloseTo(0.1, 12);
    expect(predicted(mixturePredictor(unknown, right, weights), 0.3).quality[1]).toBeCloseTo(0.1, 12);
    expect(predicted(mixturePredictor(unknown, unknown, weights), 0.3).quality[1]).toBeNaN();
  });

  it('is of routers for the same models', () => {
    const other = { ...right, models: ['ant', 'cat'] };
    expect(() => mixtureWeights(right, other, rows(3))).toThrow(refusal('OUT_OF_RANGE', 'models'));
  });
});

const NOTHING = { quality: Number.NaN, costUsd: Number.NaN };
