import { describe, expect, it } from 'vitest';
import { placeOnPath } from './policy-path.ts';

const path = [
  { costUsd: 1, quality: 0.2 },
  { costUsd: 2, quality: 0.6 },
  { costUsd: 4, quality: 0.5 },
  { costUsd: 8, quality: 0.9 },
];

describe('a place on the path of policies', () => {
  it('mixes the two policies about a budget', () => {
    expect(placeOnPath(path, 1.5)).toMatchObject({ policy: 0, share: 0.5, quality: 0.4 });
    expect(placeOnPath(path, 5)?.quality).toBeCloseTo(0.6, 12);
    expect(placeOnPath(path, 2)).toMatchObject({ policy: 1, share: 0, quality: 0.6 });
  });

  it('ends with the last policy', () => {
    expect(placeOnPath(path, 100)).toEqual({ policy: 3, share: 0, quality: 0.9, slope: 0 });
  });

  it('has no place for a budget below all policies, or where a value is not known', () => {
    expect(placeOnPath(path, 0.9)).toBeUndefined();
    const unknown = path.with(1, { costUsd: Number.NaN, quality: Number.NaN });
    expect(placeOnPath(unknown, 1.5)).toBeUndefined();
    expect(placeOnPath([], 1)).toBeUndefined();
  });

  it('takes the slope over one policy more on either side, and none that falls', () => {
    expect(placeOnPath(path, 3)?.slope).toBeCloseTo((0.9 - 0.2) / 7, 12);
    expect(placeOnPath(path.toReversed(), 3)?.slope).toBe(0);
    const falling = path.map(({ costUsd }, i) => ({ costUsd, quality: 1 - i / 4 }));
    expect(placeOnPath(falling, 3)?.slope).toBe(0);
  });

  it('takes the dearest policy that the budget pays for where chance has put costs out of order', () => {
    const noisy = [1, 3, 2, 8].map((costUsd, i) => ({ costUsd, quality: i / 10 }));
    expect(placeOnPath(noisy, 2.5)).toMatchObject({ policy: 2 });
  });
});
