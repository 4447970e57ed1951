import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calibrateGaussian, gaussianDelta, gaussianEpsilon } from './gaussian.ts';

function logarithmic(min: number, max: number): fc.Arbitrary<number> {
  return fc.double({ min: Math.log(min), max: Math.log(max), noNaN: true }).map(Math.exp);
}

describe('the Gaussian mechanism in closed form', () => {
  // mpmath, 40 digits.
  it.each([
    [0.5, 1, 1e-3, 7.581279924570114],
    [0.5, 1, 1e-8, 12.749246399635696],
    [0.5, 1, 1e-5, 9.997256146434301],
  ])('noise %d, %d release, delta %d costs %d', (noiseMultiplier, count, delta, expected) => {
    const epsilon = gaussianEpsilon(Math.sqrt(count) / noiseMultiplier, delta);
    expect(Math.abs(epsilon - expected)).toBeLessThan(1e-9);
    expect(epsilon).toBeGreaterThanOrEqual(expected - 1e-14 * expected);
  });

  // Balle and Wang's sigma with 50 digits, and the classical sqrt(2 ln(1.25/delta))/epsilon.
  it.each([
    [0.1, 1e-3, '17.404396203031167088'],
    [0.1, 1e-5, '30.749566131977450239'],
    [1, 1e-5, '3.7306'],
    [8, 1e-5, '0.6002'],
  ])('epsilon %d at delta %d takes sigma %s', (epsilon, delta, expected) => {
    const places = expected.length - expected.indexOf('.') - 1;
    expect(Math.abs(calibrateGaussian(epsilon, delta) - Number(expected))).toBeLessThan(
      Math.max(10 ** -places, 1e-10),
    );
  });

  it('needs more noise than the classical formula says at epsilon 10 and 16, where that formula was never proved', () => {
    for (const epsilon of [10, 16]) {
      expect(calibrateGaussian(epsilon, 1e-5)).toBeGreaterThan(Math.sqrt(2 * Math.log(1.25e5)) / epsilon);
    }
  });

  it('calibration and epsilon undo each other, both on the safe side', () => {
    fc.assert(
      fc.property(logarithmic(0.01, 100), logarithmic(1e-12, 0.1), (epsilon, delta) => {
        const sigma = calibrateGaussian(epsilon, delta);
        expect(gaussianDelta(1 / sigma, epsilon)).toBeLessThanOrEqual(delta);
        expect(gaussianDelta(1 / (sigma * (1 - 1e-9)), epsilon)).toBeGreaterThan(delta);
        expect(Math.abs(gaussianEpsilon(1 / sigma, delta) / epsilon - 1)).toBeLessThan(1e-9);
      }),
    );
  });

  it('epsilon is 0 where noise alone hides everything within delta, and infinite without noise', () => {
    expect(gaussianEpsilon(1e-7, 1e-6)).toBe(0);
    expect(gaussianEpsilon(1e200, 1e-6)).toBe(Infinity);
  });

  it.each([0, 1, -0.1, Number.NaN])('refuses delta %d', (delta) => {
    expect(() => gaussianEpsilon(1, delta)).toThrowError(
      expect.objectContaining({ code: 'BAD_PARAMETER', message: expect.stringContaining('delta') }),
    );
    expect(() => calibrateGaussian(1, delta)).toThrowError(
      expect.objectContaining({ code: 'BAD_PARAMETER' }),
    );
  });

  it.each([0, -1, Infinity, Number.NaN])('refuses mu and epsilon of %d', (bad) => {
    expect(() => gaussianEpsilon(bad, 1e-5)).toThrowError(expect.objectContaining({ code: 'BAD_PARAMETER' }));
    expect(() => calibrateGaussian(bad, 1e-5)).toThrowError(
      expect.objectContaining({ code: 'BAD_PARAMETER' }),
    );
  });
});
