import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fourierPlan, fromSpectrum, toSpectrum } from './fast-fourier-transform.ts';

it.each([2, 4, 16, 128])('spectra of length %d multiply where vectors convolve', (length) => {
  const plan = fourierPlan(length);
  const vector = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), {
    minLength: length,
    maxLength: length,
  });
  fc.assert(
    fc.property(vector, vector, (a, b) => {
      const x = { re: Float64Array.from(a), im: new Float64Array(length) };
      const y = { re: Float64Array.from(b), im: new Float64Array(length) };
      toSpectrum(plan, x);
      toSpectrum(plan, y);
      const product = {
        re: x.re.map((re, k) => re * (y.re[k] ?? 0) - (x.im[k] ?? 0) * (y.im[k] ?? 0)),
        im: x.re.map((re, k) => re * (y.im[k] ?? 0) + (x.im[k] ?? 0) * (y.re[k] ?? 0)),
      };
      fromSpectrum(plan, product);
      for (let k = 0; k < length; k++) {
        let direct = 0;
        for (let j = 0; j < length; j++) direct += (a[j] ?? 0) * (b[(k - j + length) % length] ?? 0);
        expect((product.re[k] ?? 0) / length).toBeCloseTo(direct, 10);
        expect((product.im[k] ?? 0) / length).toBeCloseTo(0, 10);
      }
    }),
    { numRuns: 30 },
  );
});
