import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  fromRealSpectrum,
  multiplySpectra,
  raiseSpectrum,
  realFourierPlan,
  toRealSpectrum,
} from './real-spectrum.ts';

function convolved(a: Float64Array, b: Float64Array): Float64Array {
  return Float64Array.from(a, (_, k) => a.reduce((sum, value, j) => sum + value * (b.at(k - j) ?? 0), 0));
}

function expectClose(actual: Float64Array, expected: Float64Array): void {
  expected.forEach((value, k) => expect(actual[k]).toBeCloseTo(value, 10));
}

describe.each([4, 8, 64, 256])('real spectra of length %d', (length) => {
  const plan = realFourierPlan(length);
  const vector = fc
    .array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: length, maxLength: length })
    .map((values) => Float64Array.from(values));
  /** The inverse leaves a factor of half the length. */
  const valuesOf = (spectrum: ReturnType<typeof toRealSpectrum>): Float64Array =>
    fromRealSpectrum(plan, spectrum).map((value) => (2 * value) / length);

  it('multiply where vectors convolve', () => {
    fc.assert(
      fc.property(vector, vector, (a, b) => {
        const product = toRealSpectrum(plan, a);
        multiplySpectra(product, toRealSpectrum(plan, b));
        expectClose(valuesOf(product), convolved(a, b));
      }),
      { numRuns: 20 },
    );
  });

  it('are raised where a vector is convolved with itself', () => {
    fc.assert(
      fc.property(vector, (a) => {
        const small = a.map((value) => value / length);
        const power = toRealSpectrum(plan, small);
        raiseSpectrum(power, 3);
        expectClose(valuesOf(power), convolved(small, convolved(small, small)));
      }),
      { numRuns: 20 },
    );
  });

  it('hold the coefficients of frequency 0 and of half the length in their first element', () => {
    const values = Float64Array.from({ length }, (_, j) => j + 1);
    const { re, im } = toRealSpectrum(plan, values);
    expect(re[0]).toBeCloseTo((length * (length + 1)) / 2, 9);
    expect(im[0]).toBeCloseTo(-length / 2, 9);
  });
});
