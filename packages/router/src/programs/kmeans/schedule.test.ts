import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TOY_SEED, toyDataset } from '../../testing/toy-dataset.ts';
import { runPlainly } from '../../testing/plain-run.ts';
import { programSchedule } from '../registry.ts';

const data = toyDataset('schedule', { records: 60 });
const parameters = { models: data.models, dimensions: data.dimensions, seed: TOY_SEED, sums: 'noisy' };

describe('the schedule of noisy sums', () => {
  it('names every sum that a run asks for, whatever its settings', () => {
    const settings = fc.record({
      clusters: fc.integer({ min: 1, max: 20 }),
      splitIterations: fc.integer({ min: 1, max: 3 }),
      lloydIterations: fc.integer({ min: 1, max: 4 }),
      // Exact sums would end here as soon as nothing moves.
      tolerance: fc.constantFrom(0, 1),
    });
    fc.assert(
      fc.property(settings, (changes) => {
        const { plans } = runPlainly('kmeans', { ...parameters, ...changes }, [data]);
        const schedule = programSchedule('kmeans', { ...parameters, ...changes });
        expect(schedule?.map(({ step }) => step)).toEqual(plans.map(({ step }) => step));
      }),
    );
  });

  it('leaves three tenths of the budget to the centres, and all of it to the statistics where there are none', () => {
    const schedule = programSchedule('kmeans', parameters) ?? [];
    const total = schedule.reduce((sum, { weight }) => sum + weight, 0);
    expect(schedule.map(({ step }) => step)).toEqual([
      'mean',
      'split 1',
      'split 2',
      'split 3',
      'split 4',
      ...Array.from({ length: 4 }, (_, i) => `lloyd ${i + 1}`),
      'statistics',
    ]);
    expect((schedule.at(-1)?.weight ?? 0) / total).toBeCloseTo(0.7, 12);
    expect(programSchedule('kmeans', { ...parameters, clusters: 1 })).toEqual([
      { step: 'statistics', weight: 7 },
    ]);
  });

  it('does not exist where the sums decide how many there are, or the program takes no noise', () => {
    expect(programSchedule('kmeans', { ...parameters, sums: 'exact' })).toBeUndefined();
    const { sums: _, ...shape } = parameters;
    expect(programSchedule('mlp', shape)).toBeUndefined();
  });
});
