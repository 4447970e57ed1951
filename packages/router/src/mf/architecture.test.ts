import { describe, expect, it } from 'vitest';
import { matrixKernel } from '../linalg/matrix/select-kernel.ts';
import { tiledKernel } from '../linalg/matrix/tiled-kernel.ts';
import type { Examples } from '../network/examples.ts';
import { gatherRows } from '../network/gather-rows.ts';
import { lossDerivatives } from '../network/train.ts';
import { createGenerator } from '../random/generator.ts';
import { referenceMfLoss, referenceMfOutputs } from '../testing/reference-mf.ts';
import { seedOf, toyDataset } from '../testing/toy-dataset.ts';
import { toyExamples } from '../testing/toy-examples.ts';
import { mfArchitecture } from './architecture.ts';
import { type MfShape, mfTensorsIn } from './shape.ts';

const SHAPE: MfShape = { inputs: 8, rank: 5, models: 3 };
const RECORDS = 11;
const examples = toyExamples(toyDataset('factors', { records: RECORDS, observations: 3 }), 2);
const generator = createGenerator(seedOf('factor weights'));
const weights = mfArchitecture(SHAPE)
  .initialWeights(generator)
  .map((weight) => weight + 0.4 * (generator.nextDouble() - 0.5));

function pass(
  kernel: typeof matrixKernel,
  parameters: Float32Array,
  of: Examples,
  noise = 0,
): { readonly outputs: Float32Array; readonly gradients: Float32Array } {
  return mfArchitecture(SHAPE, noise).train(kernel, RECORDS, (network) => {
    const rows = Uint32Array.from({ length: RECORDS }, (_, i) => i);
    network.parameters.set(parameters);
    gatherRows(network.inputs, of, rows, SHAPE.inputs);
    network.forward(RECORDS, createGenerator(seedOf('noise')));
    const outputs = network.predictions.slice();
    lossDerivatives(network.predictions, of, rows, SHAPE.models);
    network.backward(RECORDS);
    return { outputs, gradients: network.gradients.slice() };
  });
}

describe('the parameters of matrix factorisation', () => {
  it.each([
    [11, 50_050],
    [14, 50_242],
  ])('with %d models are as many as the paper has', (models, count) => {
    expect(mfArchitecture({ inputs: 768, rank: 64, models }).parameterCount).toBe(count);
  });

  it('belong to one model where they are its vector', () => {
    const flat = new Float32Array(mfArchitecture(SHAPE).parameterCount);
    for (const { start, end, model } of mfArchitecture(SHAPE).ofModels) flat.fill(1 + model, start, end);
    const { models, ...shared } = mfTensorsIn(flat, SHAPE);
    expect([...models]).toEqual([1, 2, 3].flatMap((value) => Array.from({ length: 5 }, () => value)));
    for (const tensor of Object.values(shared)) expect(tensor.every((value) => value === 0)).toBe(true);
  });
});

describe.each([matrixKernel, tiledKernel])('matrix factorisation with the kernel $name', (kernel) => {
  const { outputs, gradients } = pass(kernel, weights, examples);

  it('computes what its definition says', () => {
    for (let i = 0; i < RECORDS; i++) {
      const expected = referenceMfOutputs(SHAPE, weights, examples.features.subarray(8 * i, 8 * i + 8));
      expected.forEach(({ quality, cost }, m) => {
        expect(1 / (1 + Math.exp(-(outputs[6 * i + 2 * m] ?? 0)))).toBeCloseTo(quality, 5);
        expect(outputs[6 * i + 2 * m + 1]).toBeCloseTo(cost, 5);
      });
    }
  });

  it('has the gradients that finite differences of the reference have, in every parameter', () => {
    const step = 1e-5;
    let largest = 0;
    weights.forEach((weight, j) => {
      const moved = Float64Array.from(weights);
      moved[j] = weight + step;
      const above = referenceMfLoss(SHAPE, moved, examples);
      moved[j] = weight - step;
      const slope = (above - referenceMfLoss(SHAPE, moved, examples)) / (2 * step);
      expect(Math.abs((gradients[j] ?? 0) - slope)).toBeLessThan(2e-6);
      largest = Math.max(largest, Math.abs(slope));
    });
    expect(largest).toBeGreaterThan(0.02);
  });

  it('teaches no model that was not observed', () => {
    const others = { ...examples, model: examples.model.map((m) => (m === 1 ? 0 : m)) };
    const { models } = mfTensorsIn(pass(kernel, weights, others).gradients, SHAPE);
    expect(models.slice(5, 10).every((gradient) => gradient === 0)).toBe(true);
    expect(models[0]).not.toBe(0);
  });

  it('adds noise of the given size to queries in training', () => {
    const ones = mfArchitecture(SHAPE).initialWeights(generator).fill(0);
    const tensors = mfTensorsIn(ones, SHAPE);
    // Every output is now the first value of the query's vector, which is the noise alone.
    tensors.models.fill(1);
    tensors.heads.set([1, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
    const large = mfArchitecture(SHAPE, 0.3).train(kernel, 2000, (network) => {
      network.parameters.set(ones);
      network.forward(2000, createGenerator(seedOf('noise')));
      return network.predictions.filter((_, at) => at % 6 === 0);
    });
    const square = large.reduce((sum, value) => sum + value * value, 0) / large.length;
    // Five standard errors of a variance over 2,000 draws.
    expect(Math.abs(square / 0.09 - 1)).toBeLessThan(5 * Math.sqrt(2 / 2000));
  });
});
