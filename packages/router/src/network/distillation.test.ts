import { describe, expect, it } from 'vitest';
import { matrixKernel } from '../linalg/matrix/select-kernel.ts';
import { mlpArchitecture } from '../mlp/architecture.ts';
import { initialWeights } from '../mlp/initial-weights.ts';
import type { MlpShape } from '../mlp/shape.ts';
import { createGenerator } from '../random/generator.ts';
import { seedOf, toyDataset } from '../testing/toy-dataset.ts';
import { toyExamples } from '../testing/toy-examples.ts';
import { lessonOf } from './distillation.ts';
import { sigmoid } from './losses.ts';
import { predictObservations } from './predict-observations.ts';
import { train } from './train.ts';

const SHAPE: MlpShape = { inputs: 8, hidden: [10, 9], models: 3 };
const ARCHITECTURE = mlpArchitecture(SHAPE);
const examples = toyExamples(toyDataset('lesson', { records: 200 }));
const reference = initialWeights(SHAPE, createGenerator(seedOf('reference')));

/** What a network expects of every model on the first record. */
function expected(weights: Float32Array): { quality: number; cost: number }[] {
  return [0, 1, 2].map((model) => {
    const one = {
      ...examples,
      records: 1,
      offsets: Uint32Array.of(0, 1),
      model: Uint16Array.of(model),
      quality: new Float64Array(1),
      cost: new Float64Array(1),
    };
    const { quality, cost } = predictObservations(matrixKernel, ARCHITECTURE, weights, one);
    return { quality: quality[0] ?? Number.NaN, cost: cost[0] ?? Number.NaN };
  });
}

/** How far training moves the quality that is expected of a model. */
function distance(weight: number): number {
  const options = { epochs: 20, batchSize: 32, learningRate: 3e-3, weightDecay: 0, gradientClip: 1 };
  const taught = { weights: reference, known: [true, true, true], weight };
  const generator = createGenerator(seedOf('orders'));
  const weights = train(
    matrixKernel,
    ARCHITECTURE,
    reference,
    examples,
    { ...options, reference: taught },
    generator,
  );
  const [before, after] = [expected(reference), expected(weights)];
  return Math.max(...before.map(({ quality }, m) => Math.abs(quality - (after[m]?.quality ?? 0))));
}

describe('a lesson', () => {
  const lesson = lessonOf(matrixKernel, ARCHITECTURE, examples, {
    weights: reference,
    known: [true, false, true],
    weight: 0.5,
  });

  it('has the derivatives of the squared distance to the reference, of the models that it knows', () => {
    const predictions = Float32Array.of(0.3, -0.7, 1.1, 0.2, -0.4, 0.9);
    const target = expected(reference);
    // Over a batch of 10 records and two known models, with weight 1/2.
    const lossAt = (outputs: readonly number[]): number =>
      [0, 2].reduce((sum, m) => {
        const quality = sigmoid(outputs[2 * m] ?? 0) - (target[m]?.quality ?? 0);
        const cost = (outputs[2 * m + 1] ?? 0) - (target[m]?.cost ?? 0);
        return sum + (0.5 * (quality ** 2 + cost ** 2)) / 20;
      }, 0);
    const row = new Float64Array(6);
    lesson.addDerivatives(row, predictions, 0, 10);
    for (let j = 0; j < 6; j++) {
      const moved = (by: number): number[] =>
        [...predictions].map((value, i) => (i === j ? value + by : value));
      const slope = (lossAt(moved(1e-5)) - lossAt(moved(-1e-5))) / 2e-5;
      expect(row[j]).toBeCloseTo(slope, 6);
    }
    expect([row[2], row[3]]).toEqual([0, 0]);
  });

  it('keeps a network near the reference where its weight is great', () => {
    expect(distance(0)).toBeGreaterThan(0.15);
    expect(distance(100)).toBeLessThan(0.05);
  });
});
