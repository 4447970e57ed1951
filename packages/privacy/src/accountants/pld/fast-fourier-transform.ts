/**
 * The discrete Fourier transform of a power-of-two length in place. Spectra are in bit-reversed order, which is all that products and
 * powers of them need, and saves the reordering.
 */

/** A vector of complex numbers. */
export interface ComplexVector {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/** Roots of unity for transforms of one length: entry l of `levels` holds the first 2^l of the 2^(l+1)-th roots, side by side. */
export interface FourierPlan {
  readonly levels: readonly ComplexVector[];
}

/** @param length a power of two, at least 2 */
export function fourierPlan(length: number): FourierPlan {
  const half = length / 2;
  let roots: ComplexVector = { re: new Float64Array(half), im: new Float64Array(half) };
  for (let k = 0; k < half; k++) {
    roots.re[k] = Math.cos((2 * Math.PI * k) / length);
    roots.im[k] = Math.sin((2 * Math.PI * k) / length);
  }
  const levels = [roots];
  while (roots.re.length > 1) {
    roots = { re: everySecond(roots.re), im: everySecond(roots.im) };
    levels.unshift(roots);
  }
  return { levels };
}

function everySecond(values: Float64Array): Float64Array {
  const half = new Float64Array(values.length / 2);
  for (let k = 0; k < half.length; k++) half[k] = values[2 * k] as number;
  return half;
}

/** From values to their spectrum: sum_j x_j exp(-2 pi i j k / n), k in bit-reversed order (decimation in frequency). */
export function toSpectrum({ levels }: FourierPlan, vector: ComplexVector): void {
  forward(levels, levels.length - 1, vector.re, vector.im);
}

/** The inverse of `toSpectrum`, times n (decimation in time). */
export function fromSpectrum({ levels }: FourierPlan, vector: ComplexVector): void {
  backward(levels, levels.length - 1, vector.re, vector.im);
}

// Both recur into halves, so that all but the first levels work in cache; from this one on they run level by level.
const IN_CACHE = 11;

function forward(levels: readonly ComplexVector[], level: number, re: Float64Array, im: Float64Array): void {
  const half = 2 ** level;
  forwardLevel(levels[level] as ComplexVector, re, im);
  if (level > IN_CACHE) {
    forward(levels, level - 1, re.subarray(0, half), im.subarray(0, half));
    forward(levels, level - 1, re.subarray(half), im.subarray(half));
  } else {
    for (let next = level - 1; next >= 0; next--) forwardLevel(levels[next] as ComplexVector, re, im);
  }
}

function backward(levels: readonly ComplexVector[], level: number, re: Float64Array, im: Float64Array): void {
  const half = 2 ** level;
  if (level > IN_CACHE) {
    backward(levels, level - 1, re.subarray(0, half), im.subarray(0, half));
    backward(levels, level - 1, re.subarray(half), im.subarray(half));
  } else {
    for (let next = 0; next < level; next++) backwardLevel(levels[next] as ComplexVector, re, im);
  }
  backwardLevel(levels[level] as ComplexVector, re, im);
}

function forwardLevel({ re: cos, im: sin }: ComplexVector, re: Float64Array, im: Float64Array): void {
  const half = cos.length;
  for (let block = 0; block < re.length; block += 2 * half) {
    for (let j = 0; j < half; j++) {
      const upper = block + j;
      const lower = upper + half;
      const p = re[upper] as number;
      const q = im[upper] as number;
      const a = re[lower] as number;
      const b = im[lower] as number;
      const c = cos[j] as number;
      const s = sin[j] as number;
      re[upper] = p + a;
      im[upper] = q + b;
      re[lower] = (p - a) * c + (q - b) * s;
      im[lower] = (q - b) * c - (p - a) * s;
    }
  }
}

function backwardLevel({ re: cos, im: sin }: ComplexVector, re: Float64Array, im: Float64Array): void {
  const half = cos.length;
  for (let block = 0; block < re.length; block += 2 * half) {
    for (let j = 0; j < half; j++) {
      const upper = block + j;
      const lower = upper + half;
      const a = re[lower] as number;
      const b = im[lower] as number;
      const c = cos[j] as number;
      const s = sin[j] as number;
      const x = a * c - b * s;
      const y = b * c + a * s;
      const p = re[upper] as number;
      const q = im[upper] as number;
      re[lower] = p - x;
      im[lower] = q - y;
      re[upper] = p + x;
      im[upper] = q + y;
    }
  }
}
