import { nodeBackend } from '@tributary/crypto/node';
import { describe, expect, it } from 'vitest';
import {
  acceptanceOnBigInts,
  acceptanceOnNumbers,
  discreteLaplace,
  MAX_NUMBER_VARIANCE,
  sampleDiscreteGaussian,
} from './discrete-gaussian.ts';
import { integerSquareRoot } from './integer-square-root.ts';
import { bitsOf, type RandomBits } from './random-bits.ts';

function seeded(seed: number): RandomBits {
  return bitsOf(nodeBackend.keystream(new Uint8Array(32).fill(seed)));
}

/** The number line cut into cells of `width` integers, with the exact probability of each. */
interface Cells {
  readonly width: number;
  readonly reach: number;
  readonly probability: Float64Array;
  readonly variance: number;
}

function cellsOf(variance: number): Cells {
  const sd = Math.sqrt(variance);
  const width = Math.max(1, Math.round(sd / 4));
  const reach = Math.ceil((9 * sd) / width);
  const probability = new Float64Array(2 * reach + 1);
  let total = 0;
  let second = 0;
  for (let cell = -reach; cell <= reach; cell++) {
    for (let x = cell * width; x < (cell + 1) * width; x++) {
      const weight = Math.exp((-x * x) / (2 * variance));
      probability[cell + reach] = (probability[cell + reach] ?? 0) + weight;
      total += weight;
      second += weight * x * x;
    }
  }
  return { width, reach, probability: probability.map((weight) => weight / total), variance: second / total };
}

function countsOf(sample: Int32Array, { width, reach }: Cells): Float64Array {
  const counts = new Float64Array(2 * reach + 1);
  for (const x of sample) {
    const cell = Math.max(-reach, Math.min(reach, Math.floor(x / width)));
    counts[cell + reach] = (counts[cell + reach] ?? 0) + 1;
  }
  return counts;
}

/** Standard deviations of Pearson's statistic above its mean; cells that expect fewer than 20 draws are pooled. */
function chiSquare(sample: Int32Array, cells: Cells): number {
  const counts = countsOf(sample, cells);
  let statistic = 0;
  let used = 0;
  let pooledCount = 0;
  let pooledExpected = 0;
  counts.forEach((count, cell) => {
    const expected = sample.length * (cells.probability[cell] ?? 0);
    if (expected < 20) {
      pooledCount += count;
      pooledExpected += expected;
    } else {
      statistic += (count - expected) ** 2 / expected;
      used++;
    }
  });
  if (pooledExpected > 0) statistic += (pooledCount - pooledExpected) ** 2 / Math.max(pooledExpected, 1);
  return (statistic - used) / Math.sqrt(2 * used);
}

function moment(sample: Int32Array, power: number): number {
  let sum = 0;
  for (const x of sample) sum += x ** power;
  return sum / sample.length;
}

/** One half to far more digits than a double has, once the variance is above 64. */
function probabilityOfOdd(variance: number): number {
  const reach = Math.min(100, Math.ceil(12 * Math.sqrt(variance)));
  let odd = 0;
  let total = 0;
  for (let x = -reach; x <= reach; x++) {
    const weight = Math.exp((-x * x) / (2 * variance));
    total += weight;
    if (x % 2 !== 0) odd += weight;
  }
  return variance > 64 ? 0.5 : odd / total;
}

const VARIANCES = [1, 2, 9, 64, 2500, 2 ** 20, 340_870_421, 2 ** 34];
const DRAWS = 120_000;

describe.each(VARIANCES)('the discrete Gaussian at s2 = %d', (variance) => {
  const cells = cellsOf(variance);
  const sample = new Int32Array(DRAWS);
  sampleDiscreteGaussian(seeded(11), BigInt(variance), sample);

  it('passes the chi-square test', () => {
    expect(Math.abs(chiSquare(sample, cells))).toBeLessThan(6);
  });

  it('has the mean, variance, skewness and kurtosis of the law', () => {
    const sd = Math.sqrt(cells.variance);
    expect(Math.abs(moment(sample, 1) / sd)).toBeLessThan(6 / Math.sqrt(DRAWS));
    expect(Math.abs(moment(sample, 2) / cells.variance - 1)).toBeLessThan(6 * Math.sqrt(2 / DRAWS));
    expect(Math.abs(moment(sample, 3) / sd ** 3)).toBeLessThan(6 * Math.sqrt(15 / DRAWS));
    expect(Math.abs(moment(sample, 4) / cells.variance ** 2 - 3)).toBeLessThan(6 * Math.sqrt(96 / DRAWS));
  });

  it('has the log-ratios that privacy rests on, between all pairs of neighbouring cells', () => {
    const counts = countsOf(sample, cells);
    let pairs = 0;
    for (let cell = 0; cell + 1 < counts.length; cell++) {
      const here = counts[cell] ?? 0;
      const next = counts[cell + 1] ?? 0;
      if (here < 200 || next < 200) continue;
      const expected = Math.log((cells.probability[cell + 1] ?? 0) / (cells.probability[cell] ?? 0));
      expect(Math.abs(Math.log(next / here) - expected)).toBeLessThan(6 * Math.sqrt(1 / here + 1 / next));
      pairs++;
    }
    expect(pairs).toBeGreaterThan(3);
  });

  it('has even and odd values in the proportion of the law', () => {
    const odd = sample.reduce((count, x) => count + (x & 1), 0) / DRAWS;
    expect(Math.abs(odd - probabilityOfOdd(variance))).toBeLessThan(3 / Math.sqrt(DRAWS));
  });
});

describe('the tests above have teeth', () => {
  it('variance passed as standard deviation, ten per cent too little noise, and rounded Laplace all fail', () => {
    const wrong = new Int32Array(DRAWS);
    sampleDiscreteGaussian(seeded(12), 50n, wrong);
    expect(Math.abs(chiSquare(wrong, cellsOf(2500)))).toBeGreaterThan(100);
    sampleDiscreteGaussian(seeded(13), 2250n, wrong);
    expect(Math.abs(chiSquare(wrong, cellsOf(2500)))).toBeGreaterThan(12);
    const bits = seeded(14);
    for (let j = 0; j < wrong.length; j++) wrong[j] = discreteLaplace(bits, 35);
    expect(Math.abs(chiSquare(wrong, cellsOf(2500)))).toBeGreaterThan(100);
  });
});

describe('the acceptance coin', () => {
  const flips = 20_000;
  it.each([
    [1, 0],
    [1, 3],
    [2, 1],
    [9, 7],
    [2500, 49],
    [2500, 120],
    [340_870_421, 18_000],
    [340_870_421, 40_000],
    [MAX_NUMBER_VARIANCE - 1, 1_048_000],
    [MAX_NUMBER_VARIANCE, 2_500_000],
  ])('at s2 = %d and size %d is the same on Numbers, on BigInts and on paper', (variance, size) => {
    const scale = Number(integerSquareRoot(BigInt(variance))) + 1;
    const expected = Math.exp(-((size - variance / scale) ** 2) / (2 * variance));
    const tolerance = 6 * Math.sqrt((expected * (1 - expected)) / flips) + 1e-9;
    for (const accept of [
      acceptanceOnNumbers(variance, scale),
      acceptanceOnBigInts(BigInt(variance), scale),
    ]) {
      const bits = seeded(15);
      let accepted = 0;
      for (let i = 0; i < flips; i++) if (accept(bits, size)) accepted++;
      expect(Math.abs(accepted / flips - expected)).toBeLessThan(tolerance);
    }
  });

  it('on either side of the Number boundary the same law is drawn', () => {
    for (const variance of [MAX_NUMBER_VARIANCE, MAX_NUMBER_VARIANCE + 1]) {
      const sample = new Int32Array(20_000);
      sampleDiscreteGaussian(seeded(16), BigInt(variance), sample);
      expect(Math.abs(moment(sample, 2) / variance - 1)).toBeLessThan(6 * Math.sqrt(2 / sample.length));
    }
  });
});

describe('a vector of noise', () => {
  it('is a known answer of a fixed key', () => {
    const key = Uint8Array.from({ length: 32 }, (_, i) => i);
    const out = new Int32Array(8);
    sampleDiscreteGaussian(bitsOf(nodeBackend.keystream(key)), 340_870_421n, out);
    expect([...out]).toEqual([18554, 24771, 3094, 6080, 5497, 7941, 10407, 13082]);
  });

  it('differs between keys and is uncorrelated between two attempts of one round', () => {
    const [first, second] = [new Int32Array(4096), new Int32Array(4096)];
    sampleDiscreteGaussian(seeded(17), 10_000n, first);
    sampleDiscreteGaussian(seeded(18), 10_000n, second);
    const products = first.reduce((sum, x, j) => sum + x * (second[j] ?? 0), 0);
    expect(Math.abs(products / (10_000 * Math.sqrt(4096)))).toBeLessThan(6);
  });

  it.each([0n, -1n, (1n << 60n) + 1n])('of variance %d is refused', (variance) => {
    expect(() => sampleDiscreteGaussian(seeded(1), variance, new Int32Array(1))).toThrowError(
      expect.objectContaining({ code: 'BAD_PARAMETER' }),
    );
  });
});
