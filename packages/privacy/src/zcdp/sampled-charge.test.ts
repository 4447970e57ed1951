import { describe, expect, it } from 'vitest';
import { epsilonAtOrder } from '../accountants/rdp/conversion.ts';
import { poissonGaussianRdp } from '../accountants/rdp/poisson-gaussian.ts';
import { compareRational, multiplyRational, rational, rationalFromNumber, toNumberUp } from './rational.ts';
import { sampledCharge } from './sampled-charge.ts';

/** z = 1.464 */
const rho = rationalFromNumber(1 / (2 * 1.464 ** 2));

describe('the charge of a release on a secret sample', () => {
  it('is the whole rho under zcdp', () => {
    expect(sampledCharge({ kind: 'zcdp' }, rho, 0.05)).toEqual(rho);
  });

  it('adds up to the proved epsilon 4.2 for 300 steps at q = 0.05, where continuous noise would claim 3.3', () => {
    const rule = { kind: 'rdp', order: 5 } as const;
    const charge = sampledCharge(rule, rho, 0.05);
    const total = multiplyRational(charge, rational(300n));
    expect(epsilonAtOrder(toNumberUp(total), 5, 1e-5)).toBeCloseTo(4.24, 2);
    expect(toNumberUp(charge)).toBeGreaterThan(poissonGaussianRdp(0.05, 1.464)(5));
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
});
