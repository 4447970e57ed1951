import { createGenerator } from '@tributary/router';
import { describe, expect, it } from 'vitest';
import { sampleLogGamma, sampleNormal } from './gamma.ts';

const DRAWS = 20_000;

function moments(sample: () => number): { mean: number; variance: number } {
  const values = Array.from({ length: DRAWS }, sample);
  const mean = values.reduce((sum, value) => sum + value, 0) / DRAWS;
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / DRAWS };
}

const seed = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);

describe('sampleNormal', () => {
  it('has mean 0, variance 1 and kurtosis 3', () => {
    const generator = createGenerator(seed(1));
    const { mean, variance } = moments(() => sampleNormal(generator));
    const fourth = moments(() => sampleNormal(generator) ** 4).mean;
    // Five standard errors.
    expect(Math.abs(mean)).toBeLessThan(5 / Math.sqrt(DRAWS));
    expect(Math.abs(variance - 1)).toBeLessThan(5 * Math.sqrt(2 / DRAWS));
    expect(Math.abs(fourth - 3)).toBeLessThan(5 * Math.sqrt(96 / DRAWS));
  });
});

describe('sampleLogGamma', () => {
  it.each([0.45, 0.6, 1, 2.5, 40])('has mean and variance %d on the scale of the variate', (shape) => {
    const generator = createGenerator(seed(2)).fork(String(shape));
    const { mean, variance } = moments(() => Math.exp(sampleLogGamma(generator, shape)));
    const fourthCentral = 3 * shape ** 2 + 6 * shape;
    expect(Math.abs(mean - shape)).toBeLessThan(5 * Math.sqrt(shape / DRAWS));
    expect(Math.abs(variance - shape)).toBeLessThan(5 * Math.sqrt((fourthCentral - shape ** 2) / DRAWS));
  });

  it('stays finite for shapes whose variates are smaller than any number', () => {
    const generator = createGenerator(seed(3));
    const logs = Array.from({ length: 1000 }, () => sampleLogGamma(generator, 1e-4));
    expect(logs.every(Number.isFinite)).toBe(true);
    expect(Math.min(...logs)).toBeLessThan(-1000);
  });
});
