import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { overflowRisk } from './ring.ts';

describe('a ring', () => {
  it('holds n vectors up to its edge, and not one more', () => {
    // 2^19 = 524288 = 5 * 104857 + 3
    const bounds = { bits: 20, inputBound: 104_857, noiseMargin: 0 };
    expect(overflowRisk(5, bounds)).toBeUndefined();
    expect(overflowRisk(6, bounds)).toMatch(/^6 vectors of at most 104857/);
    expect(overflowRisk(5, { ...bounds, noiseMargin: 2 })).toBeUndefined();
    expect(overflowRisk(5, { ...bounds, noiseMargin: 3 })).toMatch(
      /reach 524288, a ring of 20 bits holds less than 524288/,
    );
  });

  it('has 13 to 32 bits', () => {
    const bounds = { inputBound: 1, noiseMargin: 0 };
    for (const bits of [13, 32]) expect(overflowRisk(3, { ...bounds, bits })).toBeUndefined();
    for (const bits of [0, 12, 33, Number.NaN]) expect(overflowRisk(3, { ...bounds, bits })).toBeDefined();
  });

  it('refuses bounds that are no numbers, or beyond what numbers hold', () => {
    expect(overflowRisk(3, { bits: 32, inputBound: Number.NaN, noiseMargin: 0 })).toBeDefined();
    expect(overflowRisk(3, { bits: 32, inputBound: Number.MAX_SAFE_INTEGER, noiseMargin: 0 })).toBeDefined();
  });

  it('that is accepted carries every sum of vectors within the bound', () => {
    const cases = fc.record({
      n: fc.integer({ min: 1, max: 255 }),
      bits: fc.integer({ min: 13, max: 32 }),
      inputBound: fc.nat({ max: 2 ** 31 }),
    });
    fc.assert(
      fc.property(cases, ({ n, bits, inputBound }) => {
        fc.pre(overflowRisk(n, { bits, inputBound, noiseMargin: 0 }) === undefined);
        const half = 2n ** BigInt(bits - 1);
        for (const extreme of [BigInt(n * inputBound), -BigInt(n * inputBound)]) {
          expect(BigInt.asIntN(bits, extreme)).toBe(extreme);
          expect(extreme < half && extreme >= -half).toBe(true);
        }
      }),
    );
  });
});
