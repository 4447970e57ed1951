/** Mistakes that privacy software has shipped with, each as a test that this package does not make it. The numbers are for reference. */
import { readdirSync, readFileSync } from 'node:fs';
import { nodeBackend } from '@tributary/crypto/node';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  account,
  calibrateGaussian,
  chargeOf,
  chooseEncoding,
  decodeSum,
  drawNoiseShare,
  encodeRecord,
  encodeRecords,
  type Encoding,
  openBudget,
  optimalEpsilonFromRdp,
  planNoise,
  PrivacyError,
  type PrivacyEvent,
  rational,
  rdpOf,
  reserve,
  rhoFromEpsilon,
  settleNoise,
  type SparseRecord,
  toNumberUp,
} from './index.ts';

const encoding: Encoding = { scale: 256, normBound: 512, coordinateBound: 512, maxRecords: 100 };

function dense(values: readonly number[]): SparseRecord {
  return {
    length: values.length,
    indices: Uint32Array.from(values.keys()),
    values: Float64Array.from(values),
  };
}

function norm(vector: Int32Array): number {
  return Math.sqrt(vector.reduce((sum, q) => sum + q * q, 0));
}

function keyed(seed: number): Uint8Array {
  return new Uint8Array(32).fill(seed);
}

describe('what one unit can do to a sum', () => {
  it('pitfall 1: no weight, size or scale of a record moves the sum by more than its bound', () => {
    const record = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), {
      minLength: 8,
      maxLength: 8,
    });
    fc.assert(
      fc.property(record, fc.array(record, { maxLength: 5 }), (mine, others) => {
        const without = encodeRecords(others.map(dense), 8, encoding).vector;
        const withMine = encodeRecords([...others, mine].map(dense), 8, encoding).vector;
        expect(norm(withMine.map((q, j) => q - (without[j] ?? 0)))).toBeLessThanOrEqual(encoding.normBound);
      }),
    );
  });

  it('pitfall 17: one bound over all blocks of a record, not one for each', () => {
    const blocks = [...Array.from({ length: 4 }, () => 2), ...Array.from({ length: 4 }, () => -2)];
    const { vector, clipped } = encodeRecords([dense(blocks)], 8, encoding);
    expect(clipped).toBe(1);
    expect(norm(vector)).toBeLessThanOrEqual(512);
    expect(norm(vector)).toBeGreaterThan(505);
  });

  it('pitfall 18: a zero update is the zero vector', () => {
    expect([...encodeRecords([dense([0, 0, 0])], 3, encoding).vector]).toEqual([0, 0, 0]);
  });

  it('pitfall 19: bounds come from the plan and never from data', () => {
    const request = { contributors: 9, maxRecords: 100, recordNorm: 1, recordMax: 1, recordSupport: 4 };
    const chosen = chooseEncoding(request);
    encodeRecords([dense([9, 9, 9, 9])], 4, chosen.encoding);
    encodeRecords([dense([0, 0, 0, 0])], 4, chosen.encoding);
    expect(chooseEncoding(request)).toEqual(chosen);
  });

  it('pitfall 25: clipping ends, on all equal values, one spike, denormals, zeros and NaN', () => {
    const vectors = [
      Array.from({ length: 100_000 }, () => 1.7),
      [1e308, ...Array.from({ length: 100 }, () => 1e-308)],
      Array.from({ length: 100 }, () => 5e-324),
      Array.from({ length: 100 }, () => 0),
    ];
    for (const values of vectors) {
      const into = new Int32Array(values.length);
      encodeRecord(dense(values), encoding, into);
      expect(norm(into)).toBeLessThanOrEqual(512);
    }
    expect(() => encodeRecord(dense([Number.NaN]), encoding, new Int32Array(1))).toThrowError(
      expect.objectContaining({ code: 'NOT_FINITE' }),
    );
  });

  it('pitfall 27: everyone at the bound on one coordinate decodes exactly', () => {
    const request = { contributors: 200, maxRecords: 50, recordNorm: 3, recordMax: 3, recordSupport: 1 };
    const { encoding: chosen, bits } = chooseEncoding(request);
    const own = encodeRecords(
      Array.from({ length: 50 }, () => dense([3])),
      1,
      chosen,
    ).vector;
    let sum = 0;
    for (let organisation = 0; organisation < 200; organisation++) sum = (sum + (own[0] ?? 0)) | 0;
    expect(Math.abs(sum)).toBeLessThan(2 ** (bits - 1));
    expect([...decodeSum(Int32Array.of(sum), chosen)]).toEqual([200 * 50 * 3]);
  });
});

describe('noise', () => {
  it('pitfall 5: no floating-point mathematics in the sampler, and whole numbers out of it', () => {
    const folder = new URL('./sampler/', import.meta.url);
    for (const file of readdirSync(folder).filter((name) => !name.endsWith('.test.ts'))) {
      const code = readFileSync(new URL(file, folder), 'utf8').replaceAll(/\/\*[^]*?\*\/|\/\/.*/g, '');
      expect(code).not.toMatch(/Math\.(?:sqrt|log|exp|pow|sin|cos|random|round)/);
    }
    const share = drawNoiseShare(nodeBackend, keyed(1), 10_000n, 4000);
    const low = share.reduce((ones, x) => ones + (x & 1), 0);
    expect(Math.abs(low - 2000)).toBeLessThan(6 * Math.sqrt(1000));
  });

  it('pitfall 6: a generator that fails is an error, never another generator', () => {
    const broken = {
      ...nodeBackend,
      keystream: () => {
        throw new Error('no entropy');
      },
    };
    expect(() => drawNoiseShare(broken, keyed(1), 64n, 1)).toThrowError('no entropy');
  });

  it.each([64n, 10_000n, 340_000_000n])(
    'pitfall 7: the variance of a sum of shares is their number times %d',
    (variance) => {
      const sum = new Float64Array(40_000);
      for (let organisation = 0; organisation < 3; organisation++) {
        const share = drawNoiseShare(nodeBackend, keyed(organisation), variance, sum.length);
        share.forEach((x, j) => (sum[j] = (sum[j] ?? 0) + x));
      }
      const ratio = sum.reduce((total, x) => total + x * x, 0) / sum.length / (3 * Number(variance));
      expect(Math.abs(ratio - 1)).toBeLessThan(5 * Math.sqrt(2 / sum.length));
    },
  );

  it('pitfall 13: noise that dropped out is charged for, and below the fewest survivors refused', () => {
    const request = { rho: rational(1n, 10n), normBound: 512, minSurvivors: 8, colluders: 2 };
    const plan = planNoise(request);
    const charges = [8, 9, 10].map((survivors) => toNumberUp(settleNoise(request, plan, survivors)));
    expect(charges).toEqual(charges.toSorted((a, b) => b - a));
    expect(() => settleNoise(request, plan, 7)).toThrowError(
      expect.objectContaining({ code: 'BAD_PARAMETER' }),
    );
  });

  it('pitfall 14: 256-bit keys by check, and fresh noise for another attempt', () => {
    expect(() => drawNoiseShare(nodeBackend, new Uint8Array(4), 64n, 1)).toThrowError(
      expect.objectContaining({ code: 'BAD_PARAMETER' }),
    );
    const [first, second] = [1, 2].map((seed) => drawNoiseShare(nodeBackend, keyed(seed), 4096n, 4096));
    const product = (first ?? new Int32Array()).reduce((sum, x, j) => sum + x * (second?.[j] ?? 0), 0);
    expect(Math.abs(product / 4096 / 4096)).toBeLessThan(6 / Math.sqrt(4096));
  });

  it('pitfall 20: a release without noise has no charge, it has no guarantee', () => {
    expect(() => chargeOf({ normBound: 1, variance: 0n, honest: 5 })).toThrowError(
      expect.objectContaining({ code: 'BAD_PARAMETER' }),
    );
    expect(() => drawNoiseShare(nodeBackend, keyed(1), 0n, 1)).toThrowError(
      expect.objectContaining({ code: 'BAD_PARAMETER' }),
    );
  });
});

/** The standard deviation that a plan gives, or the error that refuses it; anything else is thrown on. */
function noiseOrRefusal(
  epsilon: number,
  delta: number,
  normBound: number,
  colluders: number,
): number | PrivacyError {
  try {
    const rho = rhoFromEpsilon(epsilon, delta);
    return Math.sqrt(Number(planNoise({ rho, normBound, minSurvivors: 10, colluders }).variance));
  } catch (error) {
    if (error instanceof PrivacyError) return error;
    throw error;
  }
}

describe('accounting', () => {
  it('pitfall 3: amplification is claimed only by an accountant that knows the sampler', () => {
    const sampled: PrivacyEvent = { type: 'poisson_gaussian', samplingProbability: 0.1, noiseMultiplier: 1 };
    const subset: PrivacyEvent = {
      type: 'sampled_without_replacement_gaussian',
      sourceSize: 100,
      sampleSize: 10,
      noiseMultiplier: 1,
    };
    expect(() => account([sampled], 1e-5, 'zcdp')).toThrowError(
      expect.objectContaining({ code: 'UNSUPPORTED' }),
    );
    expect(() => account([subset], 1e-5, 'rdp')).toThrowError(
      expect.objectContaining({ code: 'UNSUPPORTED' }),
    );
  });

  it('pitfall 4: replacing a record costs four times the rho of adding it', () => {
    const release = { normBound: 1000, variance: 10n ** 7n, honest: 3 };
    const ratio = toNumberUp(chargeOf(release, 'replace_one')) / toNumberUp(chargeOf(release, 'zero_out'));
    expect(ratio).toBeCloseTo(4, 9);
  });

  it('pitfall 9: the classical formula is too little noise above epsilon 1; calibration is exact', () => {
    for (const epsilon of [10, 16]) {
      expect(calibrateGaussian(epsilon, 1e-5)).toBeGreaterThan(
        Math.sqrt(2 * Math.log(1.25 / 1e-5)) / epsilon,
      );
    }
  });

  it('pitfall 12: no parameters give a complex, NaN or infinite noise, they are refused', () => {
    const any = fc.oneof(fc.double(), fc.constantFrom(0, -1, 1e-5, 1, 3, Number.NaN, Infinity));
    fc.assert(
      fc.property(any, any, any, fc.integer({ min: -3, max: 20 }), (epsilon, delta, normBound, colluders) => {
        const outcome = noiseOrRefusal(epsilon, delta, normBound, colluders);
        expect(outcome instanceof PrivacyError || outcome > 0).toBe(true);
      }),
    );
  });

  it('pitfall 22: a charge too small for a double is still refused at the limit', () => {
    const limit = rational(1n, 10n);
    const full = reserve(openBudget(limit), 'run 1', limit);
    const spentUp = 'budget' in full ? full.budget : openBudget(limit);
    expect(spentUp.reserved.size).toBe(1);
    expect(reserve(spentUp, 'run 2', rational(1n, 1n << 5000n))).toMatchObject({
      refused: { code: 'BUDGET_EXCEEDED' },
    });
  });

  it('pitfall 26: a list of orders is never the last word, and neither goes below the tight figure', () => {
    for (const events of [
      [{ type: 'gaussian', noiseMultiplier: 30, count: 3 }],
      [{ type: 'poisson_gaussian', samplingProbability: 0.1, noiseMultiplier: 2, count: 30 }],
    ] as const) {
      const listed = account(events, 1e-6, 'rdp').epsilon;
      const searched = optimalEpsilonFromRdp(rdpOf(events), 1e-6).epsilon;
      expect(searched).toBeLessThanOrEqual(listed);
      expect(searched).toBeGreaterThan(account(events, 1e-6, 'pld').epsilon);
    }
  });

  it('pitfall 30: mechanisms compose by their curves; adding epsilons would say 6.3', () => {
    const events: PrivacyEvent[] = [
      { type: 'gaussian', noiseMultiplier: 6, count: 20 },
      { type: 'gaussian', noiseMultiplier: 3 },
      { type: 'gaussian', noiseMultiplier: 6 },
      { type: 'gaussian', noiseMultiplier: 20, count: 20 },
    ];
    expect(account(events, 1e-5, 'zcdp').epsilon).toBeCloseTo(3.99, 2);
    const added = events.reduce((sum, event) => sum + account([event], 1e-5, 'zcdp').epsilon, 0);
    expect(added).toBeCloseTo(6.3, 1);
  });
});
