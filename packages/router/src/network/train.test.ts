import { describe, expect, it } from 'vitest';
import { matrixKernel } from '../linalg/matrix/select-kernel.ts';
import { createGenerator } from '../random/generator.ts';
import { selectRecords } from '../select-records.ts';
import { refusal } from '../testing/refusal.ts';
import { seedOf, toyDataset } from '../testing/toy-dataset.ts';
import { toyExamples } from '../testing/toy-examples.ts';
import { fillDropoutMask } from '../mlp/dropout.ts';
import { mlpArchitecture } from '../mlp/architecture.ts';
import { initialWeights } from '../mlp/initial-weights.ts';
import { predictObservations } from './predict-observations.ts';
import type { MlpShape } from '../mlp/shape.ts';
import { train, type TrainingOptions } from './train.ts';

const SHAPE: MlpShape = { inputs: 8, hidden: [16, 12], models: 3 };
const OPTIONS: TrainingOptions = {
  epochs: 30,
  batchSize: 32,
  learningRate: 3e-3,
  weightDecay: 3e-4,
  gradientClip: 1,
};
const ARCHITECTURE = mlpArchitecture(SHAPE, 0.1);
const START = initialWeights(SHAPE, createGenerator(seedOf('start')));
const data = toyDataset('training', { records: 600 });
const examples = toyExamples(data);

const trained = (options: Partial<TrainingOptions> = {}, seed = 'orders'): Float32Array =>
  train(
    matrixKernel,
    ARCHITECTURE,
    START,
    examples,
    { ...OPTIONS, ...options },
    createGenerator(seedOf(seed)),
  );

describe('training', () => {
  it('learns which model is good at which topic', () => {
    const test = toyExamples(toyDataset('test', { records: 600 }));
    const predicted = (weights: Float32Array): Float64Array =>
      predictObservations(matrixKernel, ARCHITECTURE, weights, test).quality;
    const brier = (quality: Float64Array): number =>
      quality.reduce((sum, p, o) => sum + (p - (test.quality[o] ?? 0)) ** 2, 0) / quality.length;
    const quality = predicted(trained({ epochs: 10 }));
    // A model is right in nine of ten on its own topic and in three of ten elsewhere, so nobody gets below 0.17.
    expect(brier(predicted(START))).toBeGreaterThan(0.24);
    expect(brier(quality)).toBeLessThan(0.2);
    const isOwn = (o: number): boolean => (test.features[o * 8 + (test.model[o] ?? 0)] ?? 0) > 0.4;
    const right = [...quality].filter((p, o) => p > 0.6 === isOwn(o));
    expect(right.length / 600).toBeGreaterThan(0.9);
  });

  it('is the same for the same seed, and another for another', () => {
    const options = { epochs: 2 };
    expect(trained(options)).toEqual(trained(options));
    expect(trained(options, 'other')).not.toEqual(trained(options));
  });

  it('shows the weights after every epoch', () => {
    const seen: Float32Array[] = [];
    const generator = createGenerator(seedOf('orders'));
    const last = train(
      matrixKernel,
      ARCHITECTURE,
      START,
      examples,
      { ...OPTIONS, epochs: 3 },
      generator,
      (weights, epoch) => {
        expect(epoch).toBe(seen.length + 1);
        seen.push(weights.slice());
      },
    );
    expect(seen).toHaveLength(3);
    expect(seen[0]).toEqual(trained({ epochs: 1 }));
    expect(last).toEqual(seen[2]);
  });

  it('moves no weight by more than about the learning rate in one step', () => {
    const weights = trained({ epochs: 1, batchSize: 600, learningRate: 1e-3, weightDecay: 0 });
    const moves = weights.map((weight, j) => Math.abs(weight - (START[j] ?? 0)));
    expect(Math.max(...moves)).toBeLessThan(1.001e-3);
    expect(Math.max(...moves)).toBeGreaterThan(0.999e-3);
  });

  it('only decays where there is nothing to learn', () => {
    const nothing = toyExamples(selectRecords(data, []));
    const generator = createGenerator(seedOf('orders'));
    expect(train(matrixKernel, ARCHITECTURE, START, nothing, OPTIONS, generator)).toEqual(START);
  });

  it('refuses features that are not finite', () => {
    const broken = { ...data, features: data.features.with(17, Number.NaN) };
    expect(() => toyExamples(broken)).toThrow(refusal('BAD_DATASET', 'record 2'));
  });
});

describe('examples', () => {
  it('leave out records without an observation of a known model, and more observations than count', () => {
    const several = toyDataset('several', { records: 50, observations: 3 });
    const one = toyExamples(several);
    expect([one.records, one.model.length]).toEqual([50, 50]);
    const all = toyExamples(several, 3);
    for (let i = 0; i < 50; i++) {
      const models = [...all.model.subarray(all.offsets[i], all.offsets[i + 1])];
      expect(new Set(models).size).toBe(models.length);
    }
    const nobody = { ...several, offsets: several.offsets.map((offset, i) => (i < 10 ? 0 : offset)) };
    expect(toyExamples(nobody).records).toBe(41);
  });

  it('hold targets in their range, whatever the dataset holds', () => {
    const wild = toyDataset('wild', { records: 20 });
    wild.quality.set([Number.NaN, -1, 7]);
    wild.costUsd.set([Number.NaN, -1, 1e9, 0]);
    wild.features.fill(100, 0, 8);
    const { quality, cost, features } = toyExamples(wild);
    expect(quality.every((value) => value >= 0 && value <= 1)).toBe(true);
    expect(cost.every((value) => value >= -3 && value <= 3)).toBe(true);
    expect(Math.hypot(...features.subarray(0, 8))).toBeCloseTo(1, 6);
  });
});

describe('dropout', () => {
  it.each([0.1, 0.5, 0.9])('drops a share of %d and makes up for it', (rate) => {
    const mask = new Float32Array(100_000);
    fillDropoutMask(mask, rate, createGenerator(seedOf(`mask ${rate}`)));
    const dropped = mask.filter((value) => value === 0).length;
    // Five standard deviations.
    expect(Math.abs(dropped - 1e5 * rate)).toBeLessThan(5 * Math.sqrt(1e5 * rate * (1 - rate)));
    expect(new Set(mask)).toEqual(new Set([0, Math.fround(1 / (1 - rate))]));
  });
});
