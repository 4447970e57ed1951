import fc from 'fast-check';
import { Matrix } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { nearestCentreOf } from './nearest-centre.ts';

const coordinate = fc.integer({ min: -64, max: 64 }).map((i) => i / 64);

describe('the nearest centre', () => {
  it('is the one of least distance that ml-matrix finds, the first on ties', () => {
    const shape = fc.record({
      dimensions: fc.integer({ min: 1, max: 9 }),
      count: fc.integer({ min: 1, max: 9 }),
    });
    const problem = shape.chain(({ dimensions, count }) =>
      fc.record({
        dimensions: fc.constant(dimensions),
        centres: fc.array(coordinate, { minLength: dimensions * count, maxLength: dimensions * count }),
        point: fc.array(coordinate, { minLength: dimensions, maxLength: dimensions }),
      }),
    );
    fc.assert(
      fc.property(problem, ({ dimensions, centres, point }) => {
        // Sixteenths of the ball: no vector is shrunk, and all arithmetic is exact.
        const small = point.map((x) => x / 16);
        const rows = Matrix.from1DArray(centres.length / dimensions, dimensions, centres);
        const distances = rows.subRowVector(small).pow(2).sum('row');
        const found = nearestCentreOf(Float64Array.from(centres), dimensions).find(
          Float32Array.from(small),
          0,
        );
        expect(found).toBe(distances.indexOf(Math.min(...distances)));
      }),
    );
  });

  it('reads the vector at an offset', () => {
    const nearest = nearestCentreOf(Float64Array.of(1, 0, 0, 1), 2);
    const features = Float32Array.of(0.9, 0.1, 0.1, 0.9);
    expect([nearest.find(features, 0), nearest.find(features, 2)]).toEqual([0, 1]);
  });

  it('compares a long vector by its direction alone', () => {
    // Unshrunk, (10, 9) would be nearer to the long second centre.
    const nearest = nearestCentreOf(Float64Array.of(0.7, 0.6, 3, 3), 2);
    expect(nearest.find(Float32Array.of(10, 9), 0)).toBe(0);
    expect(Math.hypot(...nearest.point)).toBeCloseTo(1, 12);
  });

  it('tells a vector that is not finite', () => {
    const nearest = nearestCentreOf(Float64Array.of(0, 0), 2);
    expect(nearest.find(Float32Array.of(0, Number.NaN), 0)).toBe(-1);
    expect(nearest.find(Float32Array.of(Number.POSITIVE_INFINITY, 0), 0)).toBe(-1);
  });
});
