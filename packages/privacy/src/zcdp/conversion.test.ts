import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gaussianDelta, gaussianEpsilon } from '../accountants/gaussian.ts';
import { convertRho, deltaFromRho, epsilonFromRho, rhoFromEpsilon } from './conversion.ts';
import {
  compareRational,
  multiplyRational,
  rational,
  rationalFromNumber,
  toNumberUp,
  ZERO,
} from './rational.ts';

describe('rho as epsilon', () => {
  // Computed with 50 digits from proposition 12 over continuous orders.
  it.each([
    [0.1, 0.001, '0.0011820521662360953955'],
    [1, 1e-5, '0.030557'],
    [3, 1e-5, '0.224249'],
    [8, 1e-5, '1.229715'],
  ])('epsilon %d at delta %d is the budget rho = %s', (epsilon, delta, expected) => {
    const rho = toNumberUp(rhoFromEpsilon(epsilon, delta));
    const digits = expected.length - 2;
    expect(Math.abs(rho - Number(expected))).toBeLessThan(Math.max(10 ** -digits, 1e-11 * rho));
  });

  it('adds up what a training run releases: rho 0.3722, epsilon 3.99', () => {
    const releases = [
      { z: 6, count: 20 },
      { z: 3, count: 1 },
      { z: 6, count: 1 },
      { z: 20, count: 20 },
    ];
    const rho = releases.reduce((sum, { z, count }) => sum + count / (2 * z * z), 0);
    expect(rho).toBeCloseTo(0.3722, 4);
    expect(epsilonFromRho(rationalFromNumber(rho), 1e-5)).toBeCloseTo(3.99, 2);
  });

  it('is below the textbook rho + 2 sqrt(rho ln(1/delta)), and above the exact Gaussian curve', () => {
    for (const rho of [1e-4, 0.01, 0.3, 2, 50]) {
      const epsilon = epsilonFromRho(rationalFromNumber(rho), 1e-6);
      expect(epsilon).toBeLessThan(0.99 * (rho + 2 * Math.sqrt(rho * Math.log(1e6))));
      expect(epsilon).toBeGreaterThan(gaussianEpsilon(Math.sqrt(2 * rho), 1e-6));
    }
  });

  it('is 0 where the distributions are closer than delta, and for a budget of 0', () => {
    expect(epsilonFromRho(ZERO, 1e-9)).toBe(0);
    expect(epsilonFromRho(rationalFromNumber(1e-13), 1e-6)).toBe(0);
    expect(epsilonFromRho(rationalFromNumber(1e-11), 1e-6)).toBeGreaterThan(0);
  });

  it('names an order whose bound it is', () => {
    const { epsilon, order } = convertRho(rational(1n, 10n), 1e-5);
    const bound = 0.1 * order + Math.log1p(-1 / order) - Math.log(1e-5 * order) / (order - 1);
    expect(epsilon).toBeGreaterThanOrEqual(bound);
    expect(epsilon).toBeLessThan(bound * (1 + 1e-11));
  });

  it('solves for delta as well, between the exact curve and 1', () => {
    const rho = rational(1n, 10n);
    for (const delta of [1e-3, 1e-6, 1e-12]) {
      expect(deltaFromRho(rho, epsilonFromRho(rho, delta)) / delta).toBeCloseTo(1, 6);
    }
    expect(deltaFromRho(rho, 1)).toBeGreaterThan(gaussianDelta(Math.sqrt(0.2), 1));
    expect(deltaFromRho(rational(100n), 0)).toBeLessThanOrEqual(1);
    expect(deltaFromRho(rational(1n, 10n ** 8n), 0)).toBeLessThanOrEqual(1e-4);
    expect(() => deltaFromRho(rho, -1)).toThrowError(expect.objectContaining({ code: 'BAD_PARAMETER' }));
  });

  it('rounds the budget down and epsilon up: converting back never exceeds what was asked, and loses almost nothing', () => {
    const logEpsilon = fc.double({ min: Math.log(0.01), max: Math.log(60), noNaN: true });
    const logDelta = fc.double({ min: Math.log(1e-12), max: Math.log(1e-2), noNaN: true });
    fc.assert(
      fc.property(logEpsilon, logDelta, (le, ld) => {
        const [epsilon, delta] = [Math.exp(le), Math.exp(ld)];
        const rho = rhoFromEpsilon(epsilon, delta);
        expect(compareRational(rho, ZERO)).toBe(1);
        expect(epsilonFromRho(rho, delta)).toBeLessThanOrEqual(epsilon);
        const alittleMore = multiplyRational(rho, rational(1_000_000_100n, 1_000_000_000n));
        expect(epsilonFromRho(alittleMore, delta)).toBeGreaterThan(epsilon);
      }),
    );
  });

  it.each([
    [0, 1e-5],
    [-1, 1e-5],
    [Number.NaN, 1e-5],
    [1, 0],
    [1, 1],
    [1, Number.NaN],
  ])('refuses epsilon %d with delta %d', (epsilon, delta) => {
    expect(() => rhoFromEpsilon(epsilon, delta)).toThrowError(
      expect.objectContaining({ code: 'BAD_PARAMETER' }),
    );
  });
});
