import { describe, expect, it } from 'vitest';
import { createGenerator } from '../random/generator.ts';
import { seedOf } from '../testing/toy-dataset.ts';
import { initialWeights } from './initial-weights.ts';
import { type MlpShape, parameterCount, TENSORS, tensorsIn, trunkLength } from './shape.ts';

const paper = (models: number): MlpShape => ({ inputs: 768, hidden: [512, 512], models });

describe('the network of the paper', () => {
  it.each([
    ['RouterBench', 11, 669_718],
    ['ProxRouter', 14, 672_796],
    ['SPROUT', 13, 671_770],
  ])('has for %s, %d models, %d parameters', (_, models, parameters) => {
    expect(parameterCount(paper(models))).toBe(parameters);
    expect(trunkLength(paper(models))).toBe(658_432);
  });

  it('holds its tensors one after the other without gaps', () => {
    const shape: MlpShape = { inputs: 3, hidden: [5, 4], models: 2 };
    const tensors = tensorsIn(new Float32Array(parameterCount(shape)), shape);
    let end = 0;
    for (const name of TENSORS) {
      expect(tensors[name].byteOffset).toBe(end);
      end += tensors[name].byteLength;
    }
    expect(end).toBe(4 * parameterCount(shape));
  });
});

function drawn(seed: string): Float32Array {
  return initialWeights({ inputs: 8, hidden: [4, 4], models: 2 }, createGenerator(seedOf(seed)));
}

describe('the initial weights', () => {
  const weights = initialWeights(paper(11), createGenerator(seedOf('initial')));
  const tensors = tensorsIn(weights, paper(11));

  it('follow from the seed alone', () => {
    expect(drawn('initial')).toEqual(drawn('initial'));
    expect(drawn('initial')).not.toEqual(drawn('other'));
  });

  it.each([
    ['weights1', 768],
    ['weights2', 512],
    ['heads', 512],
  ] as const)('%s are uniform in +-1 / sqrt(%d)', (name, fanIn) => {
    const bound = 1 / Math.sqrt(fanIn);
    const values = tensors[name];
    expect(values.every((value) => Math.abs(value) <= bound)).toBe(true);
    const variance = values.reduce((sum, value) => sum + value * value, 0) / values.length;
    // Its standard error is 0.9 % at worst, of 11,264 heads.
    expect(variance / ((bound * bound) / 3)).toBeGreaterThan(0.95);
    expect(variance / ((bound * bound) / 3)).toBeLessThan(1.05);
  });

  it('make the layer norms identities', () => {
    expect(tensors.scales1.every((value) => value === 1)).toBe(true);
    expect(tensors.shifts2.every((value) => value === 0)).toBe(true);
  });
});
