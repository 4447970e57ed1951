import { describe, expect, it } from 'vitest';
import { TOY_SEED } from '../../testing/toy-dataset.ts';
import { averages } from './clustering.ts';
import { checkKMeansParameters } from './parameters.ts';
import type { ClusteringState } from './state.ts';

const parameters = checkKMeansParameters({
  models: ['ant'],
  dimensions: 4,
  seed: TOY_SEED,
  sums: 'noisy',
  clusters: 2,
});
/** One centre at 0 and one at 1 in the first dimension. */
const state: ClusteringState = {
  phase: 'clustering',
  parameters,
  centres: Float64Array.of(0, 0, 0, 0, 1, 0, 0, 0),
  iteration: 1,
  sums: 2,
  directions: 1,
};

/** 100 records at `x` for the first centre, 100 at its place for the second. */
function sumWith(x: number): Float64Array {
  return Float64Array.of(100 * x, 0, 0, 0, 100, 100, 0, 0, 0, 100);
}

function firstOf(x: number, noiseDeviation: number): number {
  return averages(state, sumWith(x), noiseDeviation).centres[0] ?? Number.NaN;
}

describe('the mean of a centre’s records', () => {
  it('is taken as it is without noise', () => {
    expect(firstOf(0.25, 0)).toBe(0.25);
    expect(averages(state, sumWith(0.25), 0).counts).toEqual(Float64Array.of(100, 100));
  });

  it('is followed as far as it lies beyond what noise alone does', () => {
    // The sum moved by 25; noise of deviation 5 in 4 dimensions moves it by 10 on average, squared 100 of 625.
    expect(firstOf(0.25, 5)).toBeCloseTo(0.25 * (1 - 100 / 625), 12);
    expect(firstOf(0.25, 0.01)).toBeCloseTo(0.25, 5);
  });

  it('is not followed where noise alone lies as far', () => {
    expect(firstOf(0.25, 12.5)).toBe(0);
    expect(firstOf(0, 5)).toBe(0);
  });

  it('is not taken of a count that could be noise', () => {
    const few = Float64Array.of(9, 0, 0, 0, 9, 100, 0, 0, 0, 100);
    expect(averages(state, few, 5).centres[0]).toBe(0);
    expect(averages(state, few, 4).centres[0]).toBeGreaterThan(0);
  });
});
