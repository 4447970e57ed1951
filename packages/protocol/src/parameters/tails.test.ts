import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binomial, type Distribution, hypergeometric } from './tails.ts';

function choose(n: number, k: number): bigint {
  if (k < 0 || k > n) return 0n;
  let result = 1n;
  for (let i = 1; i <= k; i++) result = (result * BigInt(n - k + i)) / BigInt(i);
  return result;
}

/** numerator / denominator with 60 bits of precision, however large both are. */
function quotient(numerator: bigint, denominator: bigint): number {
  if (numerator === 0n) return 0;
  const shift = denominator.toString(2).length - numerator.toString(2).length + 60;
  const scaled =
    shift >= 0 ? (numerator << BigInt(shift)) / denominator : numerator / (denominator << BigInt(-shift));
  return Number(scaled) * 2 ** -shift;
}

/** Weights of 0..most as exact counts, against which a distribution is held at every x. */
function expectExact(distribution: Distribution, weights: readonly bigint[]): void {
  const total = weights.reduce((sum, weight) => sum + weight, 0n);
  let above = total;
  weights.forEach((weight, x) => {
    above -= weight;
    expectClose(distribution.probability(x), quotient(weight, total));
    expectClose(distribution.above(x), quotient(above, total));
  });
}

function expectClose(actual: number, exact: number): void {
  expect(Math.abs(actual - exact)).toBeLessThanOrEqual(1e-12 * exact + 2 ** -1010);
}

describe('binomial tails', () => {
  it('equal exact fractions at every number of successes', () => {
    const cases = fc.record({ trials: fc.nat({ max: 150 }), parts: fc.integer({ min: 0, max: 256 }) });
    fc.assert(
      fc.property(cases, ({ trials, parts }) => {
        const success = BigInt(parts);
        const failure = 256n - success;
        const weights = Array.from(
          { length: trials + 1 },
          (_, x) => choose(trials, x) * success ** BigInt(x) * failure ** BigInt(trials - x),
        );
        expectExact(binomial(trials, parts / 256), weights);
      }),
    );
  });

  it('keep their precision down to 2^-1000', () => {
    expectClose(binomial(1000, 0.5).above(999), 2 ** -1000);
    expect(binomial(2000, 0.5).above(1999)).toBe(0);
    expectClose(binomial(200, 1 / 1024).above(90), quotient(tailOfSmallRate(), 1024n ** 200n));
  });

  it('are those of a certainty at the rates 0 and 1', () => {
    const never = binomial(9, 0);
    expect([never.probability(0), never.above(-1), never.above(0)]).toEqual([1, 1, 0]);
    const always = binomial(9, 1);
    expect([always.probability(9), always.above(8), always.above(9)]).toEqual([1, 1, 0]);
  });

  it.each([
    [-1, 0.5],
    [1.5, 0.5],
    [Number.NaN, 0.5],
    [5, -0.1],
    [5, 1.1],
    [5, Number.NaN],
  ])('of %d trials at rate %d are refused', (trials, rate) => {
    expect(() => binomial(trials, rate)).toThrow(expect.objectContaining({ code: 'BAD_PARAMETERS' }));
  });
});

/** More than 90 of 200 successes at rate 1/1024, in units of 1024^-200. */
function tailOfSmallRate(): bigint {
  let sum = 0n;
  for (let x = 91; x <= 200; x++) sum += choose(200, x) * 1023n ** BigInt(200 - x);
  return sum;
}

describe('hypergeometric tails', () => {
  const draws = fc
    .integer({ min: 1, max: 400 })
    .chain((population) =>
      fc.tuple(fc.constant(population), fc.nat({ max: population }), fc.nat({ max: population })),
    );

  it('equal exact fractions at every number of marked members', () => {
    fc.assert(
      fc.property(draws, ([population, marked, drawn]) => {
        const weights = Array.from(
          { length: Math.min(marked, drawn) + 1 },
          (_, x) => choose(marked, x) * choose(population - marked, drawn - x),
        );
        expectExact(hypergeometric(population, marked, drawn), weights);
      }),
    );
  });

  it('keep their precision in large populations', () => {
    const total = choose(9999, 144);
    let above = 0n;
    for (let x = 52; x <= 144; x++) above += choose(1000, x) * choose(8999, 144 - x);
    expectClose(hypergeometric(9999, 1000, 144).above(51), quotient(above, total));
  });

  it('are 1 below and 0 above what can be drawn', () => {
    // 6 of 8 are marked and 5 drawn: at least 3 are marked.
    const marked = hypergeometric(8, 6, 5);
    expect([marked.above(-1), marked.above(2), marked.above(5), marked.above(6)]).toEqual([1, 1, 0, 0]);
    expect([marked.probability(2), marked.probability(6)]).toEqual([0, 0]);
  });

  it.each([
    [5, 6, 1],
    [5, 1, 6],
    [5, -1, 1],
    [-1, 0, 0],
    [5, 0.5, 1],
  ])('of %d members, %d marked and %d drawn, are refused', (population, marked, drawn) => {
    expect(() => hypergeometric(population, marked, drawn)).toThrow(
      expect.objectContaining({ code: 'BAD_PARAMETERS' }),
    );
  });
});
