import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { standardNormal } from './gelu.ts';

function normalAt(x: number): { distribution: number; density: number } {
  const normal = { distribution: 0, density: 0 };
  standardNormal(x, normal);
  return normal;
}

const anywhere = fc.double({ min: -8, max: 8, noNaN: true });

describe('the standard normal', () => {
  it.each([
    [0, 0.5],
    [1, 0.8413447460685429],
    [-1, 0.15865525393145707],
    [1.96, 0.9750021048517795],
    [-3, 0.0013498980316300933],
    [5, 0.9999997133484281],
  ])('has at %d the tabulated distribution %d', (x, expected) => {
    expect(Math.abs(normalAt(x).distribution - expected)).toBeLessThan(1e-10);
  });

  it('has its density everywhere', () => {
    fc.assert(
      fc.property(anywhere, (x) => {
        const exact = Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
        expect(Math.abs(normalAt(x).density - exact)).toBeLessThan(1e-8);
      }),
    );
  });

  it('is symmetric', () => {
    fc.assert(
      fc.property(anywhere, (x) => {
        expect(Math.abs(normalAt(x).distribution + normalAt(-x).distribution - 1)).toBeLessThan(1e-9);
      }),
    );
  });

  it('grows by its density', () => {
    fc.assert(
      fc.property(fc.double({ min: -7, max: 7, noNaN: true }), (x) => {
        const step = 1e-4;
        const slope = (normalAt(x + step).distribution - normalAt(x - step).distribution) / (2 * step);
        expect(Math.abs(slope - normalAt(x).density)).toBeLessThan(1e-5);
      }),
    );
  });

  it('ends in 0 and 1', () => {
    expect(normalAt(-1e30)).toEqual({ distribution: 0, density: 0 });
    expect(normalAt(Number.POSITIVE_INFINITY)).toEqual({ distribution: 1, density: 0 });
  });
});
