import { describe, expect, it } from 'vitest';
import { logNormalCdf, millsRatio, normalCdf } from './normal-distribution.ts';

// From arbitrary-precision arithmetic, rounded to doubles.
const MILLS = [
  [0, 1.2533141373155003],
  [0.3, 1.0018374009921558],
  [0.9999, 0.6557139760214149],
  [1, 0.6556795424187984],
  [1.0001, 0.6556451119297729],
  [1.5, 0.5158156382179634],
  [2, 0.4213692292880545],
  [5, 0.19280810471531576],
  [37, 0.027007327965128336],
] as const;

describe('the normal distribution', () => {
  it.each(MILLS)("Mills' ratio at %d", (x, expected) => {
    expect(Math.abs(millsRatio(x) / expected - 1)).toBeLessThan(4e-15);
  });

  it('keeps relative precision in the lower tail, far below the smallest double', () => {
    expect(logNormalCdf(-10)).toBeCloseTo(-53.23128515051247, 12);
    expect(logNormalCdf(-100)).toBeCloseTo(-5005.524208694205, 9);
    expect(logNormalCdf(0)).toBeCloseTo(-Math.LN2, 15);
    expect(logNormalCdf(8) / -6.220960574271786e-16).toBeCloseTo(1, 12);
  });

  it('is symmetric and increasing', () => {
    for (const x of [0, 0.1, 0.99, 1, 1.01, 3, 6]) {
      expect(normalCdf(x) + normalCdf(-x)).toBeCloseTo(1, 15);
      expect(normalCdf(x + 0.001)).toBeGreaterThan(normalCdf(x));
    }
  });
});
