import { describe, expect, it } from 'vitest';
import { TOY_SEED } from '../../testing/toy-dataset.ts';
import { refillEmpty, splitLargest } from './splitting.ts';

const CLUSTERS = {
  centres: Float64Array.of(0, 0, 1, 1, 2, 2),
  counts: Float64Array.of(10, 40, 20),
  directions: 3,
};

function centre(centres: Float64Array, k: number): number[] {
  return [...centres.subarray(2 * k, 2 * k + 2)];
}

describe('splitting', () => {
  it('splits the largest clusters around their centres and leaves the others alone', () => {
    const { centres, counts, directions } = splitLargest(CLUSTERS, 2, TOY_SEED, 2);
    expect([...counts]).toEqual([10, 20, 10, 20, 10]);
    expect(directions).toBe(5);
    expect(centre(centres, 0)).toEqual([0, 0]);
    for (const [stayed, moved, middle] of [
      [1, 3, 1],
      [2, 4, 2],
    ] as const) {
      const [a, b] = [centre(centres, stayed), centre(centres, moved)];
      expect(a).not.toEqual(b);
      expect(a.map((x, j) => (x + (b[j] ?? 0)) / 2)).toEqual([middle, middle]);
    }
  });

  it('takes the first of equally large clusters', () => {
    const equal = { ...CLUSTERS, counts: Float64Array.of(5, 5, 5) };
    expect([...splitLargest(equal, 2, TOY_SEED, 1).counts]).toEqual([2.5, 5, 5, 2.5]);
  });

  it('takes its directions from the seed and their index, so that everybody splits alike', () => {
    const split = splitLargest(CLUSTERS, 2, TOY_SEED, 3);
    expect(splitLargest(CLUSTERS, 2, TOY_SEED, 3)).toEqual(split);
    const wide = { centres: new Float64Array(64), counts: Float64Array.of(9), directions: 0 };
    const halves = [TOY_SEED, 'cd'.repeat(32)].map((seed) => splitLargest(wide, 64, seed, 1).centres);
    expect(halves[0]).not.toEqual(halves[1]);
    expect(splitLargest({ ...wide, directions: 1 }, 64, TOY_SEED, 1).centres).not.toEqual(halves[0]);
  });

  it('does not change what it is given', () => {
    const before = { ...CLUSTERS, centres: CLUSTERS.centres.slice(), counts: CLUSTERS.counts.slice() };
    splitLargest(CLUSTERS, 2, TOY_SEED, 3);
    refillEmpty({ ...CLUSTERS, counts: Float64Array.of(0, 4, 4) }, 2, TOY_SEED);
    expect(CLUSTERS).toEqual(before);
  });
});

describe('an empty cluster', () => {
  it('gets half of the largest one', () => {
    const { centres, counts, directions } = refillEmpty(
      { ...CLUSTERS, counts: Float64Array.of(0, 40, 30) },
      2,
      TOY_SEED,
    );
    expect([...counts]).toEqual([20, 20, 30]);
    expect(directions).toBe(4);
    expect(centre(centres, 0).map((x, j) => (x + (centre(centres, 1)[j] ?? 0)) / 2)).toEqual([1, 1]);
    expect(centre(centres, 2)).toEqual([2, 2]);
  });

  it('goes to what is largest after the refills before it', () => {
    expect([...refillEmpty({ ...CLUSTERS, counts: Float64Array.of(0, 40, 0) }, 2, TOY_SEED).counts]).toEqual([
      10, 20, 10,
    ]);
  });

  it('stays empty where every record has a centre of its own', () => {
    expect([...refillEmpty({ ...CLUSTERS, counts: Float64Array.of(0, 1, 1) }, 2, TOY_SEED).counts]).toEqual([
      0, 1, 1,
    ]);
  });
});
