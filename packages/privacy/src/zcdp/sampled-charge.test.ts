import { describe, expect, it } from 'vitest';
import { epsilonAtOrder } from '../accountants/rdp/conversion.ts';
import { poissonGaussianRdp } from '../accountants/rdp/poisson-gaussian.ts';
import { compareRational, multiplyRational, rational, rationalFromNumber, toNumberUp } from './rational.ts';
import { sampledCharge, unitProbability } from './sampled-charge.ts';

/** z = 1.464 */
const rho = rationalFromNumber(1 / (2 * 1.464 ** 2));

describe('the charge of a release on a secret sample', () => {
  it('is the whole rho under zcdp', () => {
    expect(sampledCharge({ kind: 'zcdp' }, rho, 0.05)).toEqual(rho);
  });

  it('adds up to the epsilon of 300 steps at q = 0.05 with continuous noise, rounded up', () => {
    const rule = { kind: 'rdp', order: 6 } as const;
    const charge = sampledCharge(rule, rho, 0.05);
    const total = multiplyRational(charge, rational(300n));
    expect(epsilonAtOrder(toNumberUp(total), 6, 1e-5)).toBeCloseTo(3.33, 1);
    const continuous = poissonGaussianRdp(0.05, 1.464)(6);
    expect(toNumberUp(charge)).toBeGreaterThan(continuous);
    expect(toNumberUp(charge)).toBeLessThan(continuous * (1 + 1e-8));
  });

  it('is never more than without sampling, and never nothing', () => {
    const rule = { kind: 'rdp', order: 16 } as const;
    const whole = multiplyRational(rho, rational(16n));
    for (const q of [1e-300, 1e-12, 1e-3, 0.3, 0.9, 0.999, 1]) {
      expect(compareRational(sampledCharge(rule, rho, q), whole)).toBeLessThanOrEqual(0);
      expect(toNumberUp(sampledCharge(rule, rho, q))).toBeGreaterThan(0);
    }
    expect(sampledCharge(rule, rho, 1)).toEqual(whole);
  });

  it.each([0, -0.1, 1.1, Number.NaN])('refuses probability %d', (probability) => {
    expect(() => sampledCharge({ kind: 'rdp', order: 4 }, rho, probability)).toThrowError(
      expect.objectContaining({ code: 'BAD_PARAMETER' }),
    );
  });

  it('counts a person of several records as sampled as soon as one record is', () => {
    expect(unitProbability(0.1, 1)).toBe(0.1);
    expect(unitProbability(0.1, 3)).toBeCloseTo(1 - 0.9 ** 3, 9);
    expect(unitProbability(0.1, 3)).toBeGreaterThan(1 - 0.9 ** 3);
    expect(unitProbability(1, 3)).toBe(1);
    expect(unitProbability(0.5, 1000)).toBe(1);
  });
});
