import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nearestCentreOf } from './nearest-centre.ts';
import { assignNearestCentres } from './nearest-centres.ts';

describe('assignNearestCentres', () => {
  it('gives each point the index that it gets alone, whatever the shapes', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 11 }),
        fc.integer({ min: 1, max: 11 }),
        fc.integer({ min: 1, max: 9 }),
        fc.array(fc.integer({ min: -8, max: 8 }), { minLength: 1, maxLength: 64 }),
        (count, clusters, dimensions, pool) => {
          const value = (i: number): number => (pool.at(i % pool.length) ?? 0) / 64;
          const points = Float64Array.from({ length: count * dimensions }, (_, i) => value(i));
          const centres = Float64Array.from({ length: clusters * dimensions }, (_, i) => value(7 * i + 3));
          const labels = new Uint32Array(count);
          assignNearestCentres(points, dimensions, centres, labels);
          const nearest = nearestCentreOf(centres, dimensions);
          const features = Float32Array.from(points);
          const alone = Uint32Array.from(labels, (_, i) => nearest.find(features, i * dimensions));
          expect(labels).toEqual(alone);
        },
      ),
    );
  });
});
