import { describe, expect, it } from 'vitest';
import { matrixKernel } from '../linalg/matrix/select-kernel.ts';
import { tiledKernel } from '../linalg/matrix/tiled-kernel.ts';
import { createGenerator } from '../random/generator.ts';
import { referenceLoss, referenceOutputs } from '../testing/reference-mlp.ts';
import { seedOf, toyDataset } from '../testing/toy-dataset.ts';
import { toyExamples } from '../testing/toy-examples.ts';
import type { Examples } from '../network/examples.ts';
import { batchProducts, inferenceLengths, networkIn } from './network.ts';
import { initialWeights } from './initial-weights.ts';
import { type MlpShape, parameterCount, tensorsIn } from './shape.ts';
import { gatherRows } from '../network/gather-rows.ts';
import { lossDerivatives } from '../network/train.ts';

const SHAPE: MlpShape = { inputs: 8, hidden: [7, 5], models: 3 };
const RECORDS = 11;

/** Weights away from their start, where layer norms are identities and hide what they do. */
function someWeights(): Float32Array {
  const generator = createGenerator(seedOf('some weights'));
  return initialWeights(SHAPE, generator).map((weight) => weight + 0.4 * (generator.nextDouble() - 0.5));
}

interface Pass {
  readonly outputs: Float32Array;
  readonly gradients: Float32Array;
}

function pass(kernel: typeof matrixKernel, weights: Float32Array, examples: Examples, rate?: number): Pass {
  const lengths = { ...inferenceLengths(SHAPE, RECORDS), gradients: parameterCount(SHAPE) };
  return kernel.withWorkspace(lengths, batchProducts(SHAPE, RECORDS), (workspace) => {
    const { arrays } = workspace;
    const network = networkIn(workspace, SHAPE);
    const rows = Uint32Array.from({ length: RECORDS }, (_, i) => i);
    arrays.parameters.set(weights);
    gatherRows(arrays.inputs, examples, rows, SHAPE.inputs);
    const generator = createGenerator(seedOf('dropout'));
    network.forward(RECORDS, rate === undefined ? undefined : { rate, generator });
    const outputs = arrays.predictions.slice();
    lossDerivatives(arrays.predictions, examples, rows, SHAPE.models);
    network.backward(RECORDS, tensorsIn(arrays.gradients, SHAPE));
    return { outputs, gradients: arrays.gradients.slice() };
  });
}

const examples = toyExamples(toyDataset('network', { records: RECORDS, observations: 3 }), 2);
const weights = someWeights();

describe.each([matrixKernel, tiledKernel])('the network with the kernel $name', (kernel) => {
  const { outputs, gradients } = pass(kernel, weights, examples);

  it('computes what its definition says', () => {
    const expected = referenceOutputs(SHAPE, weights, examples.features).to1DArray();
    expected.forEach((value, i) => expect(outputs[i]).toBeCloseTo(value, 5));
  });

  it('has the gradients that finite differences of the reference have, in every parameter', () => {
    const step = 1e-5;
    let largest = 0;
    for (let j = 0; j < weights.length; j++) {
      const moved = Float64Array.from(weights);
      moved[j] = (weights[j] ?? 0) + step;
      const above = referenceLoss(SHAPE, moved, examples);
      moved[j] = (weights[j] ?? 0) - step;
      const slope = (above - referenceLoss(SHAPE, moved, examples)) / (2 * step);
      expect(Math.abs((gradients[j] ?? 0) - slope)).toBeLessThan(2e-6);
      largest = Math.max(largest, Math.abs(slope));
    }
    expect(largest).toBeGreaterThan(0.05);
  });

  it('gives heads without observations no gradient', () => {
    const others = { ...examples, model: examples.model.map((m) => (m === 1 ? 0 : m)) };
    const { heads, headBiases } = tensorsIn(pass(kernel, weights, others).gradients, SHAPE);
    expect(heads.slice(2 * 5, 4 * 5)).toEqual(new Float32Array(10));
    expect(headBiases.slice(2, 4)).toEqual(new Float32Array(2));
    expect(headBiases[0]).not.toBe(0);
  });

  it('backpropagates through dropout what it lets through', () => {
    const dropped = pass(kernel, weights, examples, 0.5);
    expect(dropped.outputs).not.toEqual(outputs);
    expect(dropped.gradients.every(Number.isFinite)).toBe(true);
    // Outputs that are always dropped leave the biases of the heads alone to learn.
    const alone = tensorsIn(pass(kernel, weights, examples, 1 - 1e-12).gradients, SHAPE);
    expect(alone.heads.every((gradient) => gradient === 0)).toBe(true);
    expect(alone.headBiases.some((gradient) => gradient !== 0)).toBe(true);
  });
});
