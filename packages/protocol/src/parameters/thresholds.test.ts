import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { brokenRule, completeGraphThresholds, MAX_COMPLETE_GRAPH, type Thresholds } from './thresholds.ts';

describe('thresholds of the preset security, t = floor(2n/3) + 1', () => {
  // n, t, members that may be lost, c = min(2t - n - 1, n - 2)
  it.each([
    [3, 3, 0, 1],
    [4, 3, 1, 1],
    [5, 4, 1, 2],
    [6, 5, 1, 3],
    [7, 5, 2, 2],
    [8, 6, 2, 3],
    [9, 7, 2, 4],
    [10, 7, 3, 3],
    [11, 8, 3, 4],
    [12, 9, 3, 5],
    [13, 9, 4, 4],
    [14, 10, 4, 5],
    [15, 11, 4, 6],
    [16, 11, 5, 5],
    [17, 12, 5, 6],
    [18, 13, 5, 7],
    [19, 13, 6, 6],
    [20, 14, 6, 7],
  ])('for n = %i: t = %i, %i may be lost, c = %i', (cohort, threshold, losses, colluders) => {
    const thresholds = completeGraphThresholds(cohort);
    expect(thresholds).toEqual({
      cohort,
      holders: cohort,
      threshold,
      colluders,
      minCohort: colluders + 2,
      minSurvivors: threshold,
    });
    expect(cohort - thresholds.minSurvivors).toBe(losses);
  });
});

describe('thresholds of the preset availability, t = floor(n/2) + 1', () => {
  it.each([
    [4, 3, 1],
    [6, 4, 1],
    [8, 5, 1],
    [10, 6, 1],
    [20, 11, 1],
  ])('for n = %i: t = %i, c = %i', (cohort, threshold, colluders) => {
    const thresholds = completeGraphThresholds(cohort, 'availability');
    expect(thresholds).toMatchObject({ threshold, colluders, minCohort: 3 });
  });

  it.each([3, 5, 7, 19])('for n = %i tolerate no colluder and are refused', (cohort) => {
    expect(() => completeGraphThresholds(cohort, 'availability')).toThrow(
      expect.objectContaining({ code: 'BAD_PARAMETERS', message: 'colluders 0 is below 1' }),
    );
  });
});

describe('a cohort', () => {
  it.each([-1, 0, 1, 2, 2.5, Number.NaN, MAX_COMPLETE_GRAPH + 1])('of %d is refused', (cohort) => {
    expect(() => completeGraphThresholds(cohort)).toThrow(
      expect.objectContaining({ code: 'BAD_PARAMETERS' }),
    );
  });

  it('of every other size has safe thresholds', () => {
    for (let n = 3; n <= MAX_COMPLETE_GRAPH; n++) {
      const { threshold, colluders, minCohort, minSurvivors } = completeGraphThresholds(n);
      expect(2 * threshold).toBeGreaterThan(n + colluders);
      expect(minCohort - colluders).toBeGreaterThanOrEqual(2);
      expect(minSurvivors).toBeGreaterThanOrEqual(Math.max(threshold, minCohort));
      expect(minSurvivors).toBeLessThanOrEqual(n);
    }
  });
});

describe('a broken rule is named', () => {
  const safe = completeGraphThresholds(10);

  it.each<[string, Partial<Thresholds>]>([
    ['cohort 2 is below 3', { cohort: 2 }],
    ['threshold 1 is outside 2..10 holders', { threshold: 1 }],
    ['threshold 11 is outside 2..10 holders', { threshold: 11 }],
    ['colluders 0 is below 1', { colluders: 0 }],
    ['threshold 6 breaks 2t > H + c (H = 10, c = 3)', { threshold: 6 }],
    ['threshold 7 breaks 2t > H + c (H = 10, c = 4)', { colluders: 4 }],
    ['minCohort 4 is below colluders + 2 = 5', { minCohort: 4 }],
    ['minSurvivors 6 is below the threshold 7', { minSurvivors: 6 }],
    ['minSurvivors 7 is below minCohort 8', { minCohort: 8 }],
    ['minSurvivors 11 is above the cohort of 10', { minSurvivors: 11 }],
  ])('%s', (message, change) => {
    expect(brokenRule(safe)).toBeUndefined();
    expect(brokenRule({ ...safe, ...change })).toBe(message);
  });

  it('wherever both secrets of an owner could be opened by asking the honest holders once each', () => {
    const small = fc.integer({ min: 0, max: 30 });
    const thresholds = fc.record({
      cohort: small,
      holders: small,
      threshold: small,
      colluders: small,
      minCohort: small,
      minSurvivors: small,
    });
    fc.assert(
      fc.property(thresholds, (proposed) => {
        const { holders, threshold, colluders } = proposed;
        // Colluders give both shares, each honest holder one: the two secrets together have H + c shares at
        // most.
        fc.pre(colluders < 1 || holders + colluders >= 2 * threshold);
        expect(brokenRule(proposed)).toBeDefined();
      }),
      { numRuns: 1000 },
    );
  });
});
