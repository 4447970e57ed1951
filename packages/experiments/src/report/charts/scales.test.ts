import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linearScale, logScale } from './scales.ts';

describe('linearScale', () => {
  it('has ticks of 1, 2 or 5 times a power of ten, and ends at them', () => {
    const scale = linearScale([0.332, 0.89], [470, 34], 6);
    expect(scale.ticks.map(({ label }) => label)).toEqual(['0.3', '0.4', '0.5', '0.6', '0.7', '0.8', '0.9']);
    expect([0.3, 0.9, 0.6].map((value) => scale.at(value))).toEqual(
      [470, 34, 252].map((y) => expect.closeTo(y, 9)),
    );
  });

  it('holds its whole domain, also where that is a single value', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -1e6, max: 1e6, noNaN: true }),
        fc.oneof(fc.constant(0), fc.double({ min: 1e-3, max: 1e6, noNaN: true })),
        (low, span) => {
          const scale = linearScale([low, low + span], [0, 100]);
          for (const place of [scale.at(low), scale.at(low + span)]) {
            expect(place).toBeGreaterThanOrEqual(-1e-3);
            expect(place).toBeLessThanOrEqual(100 + 1e-3);
          }
          expect(scale.ticks.length).toBeGreaterThan(1);
          expect(scale.ticks.length).toBeLessThan(12);
        },
      ),
    );
  });
});

function labels(low: number, high: number): string[] {
  return logScale([low, high], [0, 1]).ticks.flatMap(({ label }) => label ?? []);
}

describe('logScale', () => {
  it('puts equal factors at equal distances', () => {
    const scale = logScale([0.01, 100], [0, 400]);
    expect([0.01, 0.1, 1, 10, 100].map((value) => scale.at(value))).toEqual(
      [0, 100, 200, 300, 400].map((x) => expect.closeTo(x, 9)),
    );
  });

  it('labels decades, and numbers between them where there are few', () => {
    expect(labels(1e-3, 1e3)).toEqual(['0.001', '0.01', '0.1', '1', '10', '100', '1,000']);
    expect(labels(0.05, 8)).toEqual(['0.1', '0.3', '1', '3']);
    expect(labels(0.4, 6)).toEqual(['0.5', '1', '2', '3', '5']);
  });

  it('writes powers of ten on an axis of many', () => {
    const scale = logScale([1e-2, 1e7], [0, 1], 'powers');
    expect(scale.ticks.flatMap(({ label }) => label ?? [])).toEqual(['10⁻²', '10⁰', '10²', '10⁴', '10⁶']);
  });
});
