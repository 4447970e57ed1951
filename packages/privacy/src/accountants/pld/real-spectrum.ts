/**
 * Spectra of real vectors: those of n values are n/2 complex numbers, as the other half mirrors them, and come from a complex transform of
 * half the length.
 *
 * @source Press, Teukolsky, Vetterling, Flannery, "Numerical Recipes", section 12.3.2 (two real halves as one complex vector)
 */
import {
  type ComplexVector,
  type FourierPlan,
  fourierPlan,
  fromSpectrum,
  toSpectrum,
} from './fast-fourier-transform.ts';

/**
 * Element p is the coefficient of the frequency k whose bits, reversed, are p: X_k = sum_j x_j exp(-2 pi i j k / n). The coefficients of
 * frequency 0 and n/2 are real: element 0 holds both, the former in `re` and the latter in `im`.
 */
export type RealSpectrum = ComplexVector;

/** Roots of unity for real transforms of one length. */
export interface RealFourierPlan {
  readonly half: FourierPlan;
  /** exp(2 pi i k / n) in the order of a spectrum. */
  readonly roots: ComplexVector;
}

/** @param length a power of two, at least 4 */
export function realFourierPlan(length: number): RealFourierPlan {
  const half = length / 2;
  const roots: ComplexVector = { re: new Float64Array(half), im: new Float64Array(half) };
  let k = 0;
  for (let p = 0; p < half; p++) {
    roots.re[p] = Math.cos((2 * Math.PI * k) / length);
    roots.im[p] = Math.sin((2 * Math.PI * k) / length);
    // Counts with the bits reversed.
    let bit = half >> 1;
    while (bit > 0 && (k & bit) !== 0) {
      k ^= bit;
      bit >>= 1;
    }
    k ^= bit;
  }
  return { half: fourierPlan(half), roots };
}

export function toRealSpectrum({ half, roots }: RealFourierPlan, values: Float64Array): RealSpectrum {
  const length = values.length / 2;
  const re = new Float64Array(length);
  const im = new Float64Array(length);
  for (let j = 0; j < length; j++) {
    re[j] = values[2 * j] as number;
    im[j] = values[2 * j + 1] as number;
  }
  toSpectrum(half, { re, im });
  const [first, second] = [re[0] as number, im[0] as number];
  re[0] = first + second;
  im[0] = first - second;
  forEachPair(length, (p, q) => {
    const [a, b, c, d] = [re[p] as number, im[p] as number, re[q] as number, im[q] as number];
    const [cos, sin] = [roots.re[p] as number, roots.im[p] as number];
    // Coefficients of the values at even and at odd places.
    const [evenRe, evenIm] = [(a + c) / 2, (b - d) / 2];
    const [oddRe, oddIm] = [(b + d) / 2, (c - a) / 2];
    const turnedRe = oddRe * cos + oddIm * sin;
    const turnedIm = oddIm * cos - oddRe * sin;
    re[p] = evenRe + turnedRe;
    im[p] = evenIm + turnedIm;
    re[q] = evenRe - turnedRe;
    im[q] = turnedIm - evenIm;
  });
  return { re, im };
}

/** The inverse of `toRealSpectrum`, times n/2. Overwrites the spectrum. */
export function fromRealSpectrum({ half, roots }: RealFourierPlan, { re, im }: RealSpectrum): Float64Array {
  const length = re.length;
  const [first, second] = [re[0] as number, im[0] as number];
  re[0] = (first + second) / 2;
  im[0] = (first - second) / 2;
  forEachPair(length, (p, q) => {
    const [a, b, c, d] = [re[p] as number, im[p] as number, re[q] as number, im[q] as number];
    const [cos, sin] = [roots.re[p] as number, roots.im[p] as number];
    const [evenRe, evenIm] = [(a + c) / 2, (b - d) / 2];
    const [turnedRe, turnedIm] = [(a - c) / 2, (b + d) / 2];
    const oddRe = turnedRe * cos - turnedIm * sin;
    const oddIm = turnedIm * cos + turnedRe * sin;
    re[p] = evenRe - oddIm;
    im[p] = evenIm + oddRe;
    re[q] = evenRe + oddIm;
    im[q] = oddRe - evenIm;
  });
  fromSpectrum(half, { re, im });
  const values = new Float64Array(2 * length);
  for (let j = 0; j < length; j++) {
    values[2 * j] = re[j] as number;
    values[2 * j + 1] = im[j] as number;
  }
  return values;
}

/** The places of frequencies k and n/2 - k, for k > 0: with bits reversed they mirror each other in [2^l, 2^(l+1)). */
function forEachPair(length: number, visit: (p: number, q: number) => void): void {
  for (let start = 1; start < length; start *= 2) {
    for (let p = start, q = 2 * start - 1; p <= q; p++, q--) visit(p, q);
  }
}

/** The spectrum of the circular convolution of two vectors, in the place of the first. */
export function multiplySpectra(product: RealSpectrum, factor: RealSpectrum): void {
  const { re, im } = product;
  const [zero, middle] = [
    (re[0] as number) * (factor.re[0] as number),
    (im[0] as number) * (factor.im[0] as number),
  ];
  for (let i = 1; i < re.length; i++) {
    const [a, b] = [re[i] as number, im[i] as number];
    const [c, d] = [factor.re[i] as number, factor.im[i] as number];
    re[i] = a * c - b * d;
    im[i] = a * d + b * c;
  }
  re[0] = zero;
  im[0] = middle;
}

/** Below this squared modulus an element counts as zero; its powers would be slow subnormal numbers. */
const VANISHING = 1e-100;

/** The spectrum of a vector convolved with itself `power` times, >= 1, in its place: each element to that power, by squaring. */
export function raiseSpectrum({ re, im }: RealSpectrum, power: number): void {
  const [zero, middle] = [(re[0] as number) ** power, (im[0] as number) ** power];
  for (let i = 1; i < re.length; i++) {
    let baseRe = re[i] as number;
    let baseIm = im[i] as number;
    let resultRe = 1;
    let resultIm = 0;
    for (let rest = power; rest > 0; rest = Math.floor(rest / 2)) {
      if (baseRe * baseRe + baseIm * baseIm < VANISHING) {
        resultRe = 0;
        resultIm = 0;
        break;
      }
      if (rest % 2 === 1) {
        const x = resultRe * baseRe - resultIm * baseIm;
        resultIm = resultRe * baseIm + resultIm * baseRe;
        resultRe = x;
      }
      const square = baseRe * baseRe - baseIm * baseIm;
      baseIm = 2 * baseRe * baseIm;
      baseRe = square;
    }
    re[i] = resultRe;
    im[i] = resultIm;
  }
  re[0] = zero;
  im[0] = middle;
}
