import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { distributedGaussianRdp, sharesDeviation } from '../accountants/rdp/distributed-discrete-gaussian.ts';
import { CHARGE_SLACK, chargeOf, groupCharge } from './charge.ts';
import { planNoise, settleNoise, splitRho, type NoiseRequest } from './plan-noise.ts';
import {
  addRational,
  compareRational,
  multiplyRational,
  rational,
  subtractRational,
  toNumberUp,
  ZERO,
} from './rational.ts';

/** 100 organisations, 80 of them needed, 10 of those against us; 0.09 of rho per round. */
const request: NoiseRequest = { rho: rational(9n, 100n), normBound: 65_536, minSurvivors: 80, colluders: 10 };

describe('the noise of a round', () => {
  it('is sized for the honest among the fewest survivors', () => {
    const plan = planNoise(request);
    expect(plan.variance).toBe(340_870_421n);
    expect(plan.honest).toBe(70);
    expect(toNumberUp(plan.reserve)).toBeCloseTo(0.09, 9);
  });

  it('is charged for who really survived', () => {
    const plan = planNoise(request);
    expect(toNumberUp(settleNoise(request, plan, 100))).toBeCloseTo(0.07, 6);
    expect(settleNoise(request, plan, 80)).toEqual(plan.reserve);
    expect(() => settleNoise(request, plan, 79)).toThrowError(
      expect.objectContaining({ code: 'BAD_PARAMETER' }),
    );
  });

  it('never reserves more than was planned, and one unit of variance less would', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 1n, max: 10n ** 12n }),
        fc.integer({ min: 1, max: 2 ** 26 }),
        fc.integer({ min: 2, max: 1000 }),
        fc.nat(1000),
        (millionths, normBound, minSurvivors, some) => {
          const rho = rational(millionths, 10n ** 10n);
          const colluders = some % minSurvivors;
          const { variance, honest, reserve } = planNoise({ rho, normBound, minSurvivors, colluders });
          expect(compareRational(reserve, rho)).toBeLessThanOrEqual(0);
          expect(honest).toBe(minSurvivors - colluders);
          const less = variance > 64n ? variance - 1n : 1n;
          expect(
            variance === 64n || compareRational(chargeOf({ normBound, variance: less, honest }), rho) > 0,
          ).toBe(true);
        },
      ),
    );
  });

  it('is never below 64 units of variance, however much may be spent', () => {
    expect(planNoise({ ...request, rho: rational(10n ** 9n) }).variance).toBe(64n);
  });

  it.each([
    [{ ...request, colluders: 80 }, 'must exceed colluders'],
    [{ ...request, colluders: -1 }, 'colluders'],
    [{ ...request, normBound: 0 }, 'normBound'],
    [{ ...request, rho: ZERO }, 'rho'],
    [{ ...request, rho: CHARGE_SLACK }, 'rho'],
  ])('refuses %o', (bad, reason) => {
    expect(() => planNoise(bad)).toThrowError(
      expect.objectContaining({ code: 'BAD_PARAMETER', message: expect.stringContaining(reason) }),
    );
  });

  it('divides a budget over rounds without losing or inventing any', () => {
    const parts = splitRho(rational(1n, 7n), [3, 1, 1, 1, 1]);
    expect(parts[0]).toEqual(rational(3n, 49n));
    expect(parts.reduce(addRational, ZERO)).toEqual(rational(1n, 7n));
    expect(() => splitRho(rational(1n), [1, 0])).toThrowError(
      expect.objectContaining({ code: 'BAD_PARAMETER' }),
    );
  });
});

describe('the charge', () => {
  const release = { normBound: 4096, variance: 1_000_003n, honest: 7 };

  it('is Delta^2/(2 h s2) + 2^-64, to the last bit', () => {
    expect(subtractRational(chargeOf(release), rational(1n, 1n << 64n))).toEqual(
      rational(4096n * 4096n, 2n * 7n * 1_000_003n),
    );
  });

  it('of replacing a unit is four times that of zeroing it or adding it', () => {
    const noise = subtractRational(chargeOf(release), CHARGE_SLACK);
    expect(chargeOf(release, 'replace_one')).toEqual(
      addRational(multiplyRational(noise, rational(4n)), CHARGE_SLACK),
    );
    expect(chargeOf(release, 'add_remove')).toEqual(chargeOf(release, 'zero_out'));
  });

  it('grows with the square of the units one person is behind', () => {
    expect(groupCharge(rational(3n, 100n), 5)).toEqual(rational(75n, 100n));
    expect(() => groupCharge(rational(1n), 0)).toThrowError(
      expect.objectContaining({ code: 'BAD_PARAMETER' }),
    );
  });

  it('has slack for the sum of shares not being a discrete Gaussian: 10^6 shares, 2^31 coordinates, order 10^6', () => {
    const shares = 1e6;
    const tau = sharesDeviation(64, shares);
    expect(tau).toBeLessThan(1e-273);
    const noise = { variance: 64, shares, sensitivity: 2 ** 26, dimension: 2 ** 31 };
    const gaussian = (order: number): number =>
      (order * noise.sensitivity ** 2) / (2 * shares * noise.variance);
    expect(distributedGaussianRdp(noise)(1e6)).toBeLessThanOrEqual(gaussian(1e6) * (1 + 1e-15));
    expect(tau * noise.dimension).toBeLessThan(2 ** -64);
  });

  it('would need that slack at a standard deviation of one half, where the sum is visibly lattice-like', () => {
    expect(sharesDeviation(0.25, 2)).toBeCloseTo(0.8480497247111379, 12);
    const curve = distributedGaussianRdp({ variance: 0.25, shares: 2, sensitivity: 1, dimension: 1 });
    expect(curve(2)).toBeCloseTo(2.848049724711138, 12);
  });
});
