import { describe, expect, it } from 'vitest';
import { account } from '../accountants/account.ts';
import { gaussianEpsilon } from '../accountants/gaussian.ts';
import { calibrate } from './calibrate.ts';
import { forecast } from './forecast.ts';

describe('calibrate', () => {
  it.each([
    [1, 1, 4.05],
    [3, 10, 4.72],
    [8, 50, 4.51],
    [1, 100, 40.5],
  ])('epsilon %d over %d rounds takes noise of %d clip norms', (epsilon, rounds, expected) => {
    const { noiseMultiplier, analyticNoiseMultiplier } = calibrate(epsilon, 1e-5, rounds);
    expect(Math.abs(noiseMultiplier / expected - 1)).toBeLessThan(2e-3);
    expect(noiseMultiplier / analyticNoiseMultiplier).toBeGreaterThan(1.05);
    expect(noiseMultiplier / analyticNoiseMultiplier).toBeLessThan(1.1);
  });

  it('spends the budget and not more: the accountants agree', () => {
    const { noiseMultiplier, analyticNoiseMultiplier } = calibrate(3, 1e-5, 20);
    const planned = account([{ type: 'gaussian', noiseMultiplier, count: 20 }], 1e-5, 'zcdp').epsilon;
    expect(planned).toBeGreaterThan(3 - 1e-6);
    expect(planned).toBeLessThan(3 + 1e-9);
    expect(gaussianEpsilon(Math.sqrt(20) / analyticNoiseMultiplier, 1e-5)).toBeCloseTo(3, 9);
  });

  it('refuses no rounds', () => {
    expect(() => calibrate(1, 1e-5, 0)).toThrowError(expect.objectContaining({ code: 'BAD_PARAMETER' }));
  });
});

describe('forecast', () => {
  it.each([
    ['ten organisations and 668,000 weights', 10, 668_000, 8, 0.02, 'stop'],
    ['a hundred organisations and cluster statistics', 100, 460, 1, 1.2, 'simulate first'],
    ['a thousand organisations and an MLP', 1000, 49_931, 8, 7.0, 'go'],
  ])('%s', (_name, units, dimension, epsilon, expected, verdict) => {
    const answer = forecast({ units, dimension, epsilon, delta: 1e-5 });
    expect(Math.abs(answer.signalToNoise - expected)).toBeLessThan(0.05 * expected + 0.002);
    expect(answer.verdict).toBe(verdict);
  });

  it('noise on the mean is clip norm over units and the square root of 2 rho', () => {
    const { noiseOnMean } = forecast({ units: 50, dimension: 11, epsilon: 3, delta: 1e-5, clipNorm: 2 });
    expect(noiseOnMean).toBeCloseTo((2 * 1.4932) / 50, 4);
  });

  it('refuses nonsense by name', () => {
    const good = { units: 10, dimension: 10, epsilon: 1, delta: 1e-5 };
    for (const [field, bad] of [
      ['units', { ...good, units: 0 }],
      ['dimension', { ...good, dimension: 1.5 }],
      ['epsilon', { ...good, epsilon: -1 }],
      ['delta', { ...good, delta: 2 }],
      ['clipNorm', { ...good, clipNorm: 0 }],
    ] as const) {
      expect(() => forecast(bad)).toThrowError(
        expect.objectContaining({ code: 'BAD_PARAMETER', message: expect.stringContaining(field) }),
      );
    }
  });
});
