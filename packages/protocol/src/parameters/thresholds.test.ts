import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { colludingHolders } from './sparse-graph.ts';
import {
  brokenHararyRule,
  brokenRule,
  completeGraphThresholds,
  MAX_COMPLETE_GRAPH,
  type ThresholdPreset,
  type Thresholds,
  thresholdsFor,
} from './thresholds.ts';

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
      graph: 'complete',
      organisationCap: 1,
      holders: cohort,
      threshold,
      colluders,
      minCohort: colluders + 2,
      minSurvivors: threshold,
    });
    expect(cohort - thresholds.minSurvivors).toBe(losses);
  });
});

describe('thresholds of the preset availability, t = floor((n + 1)/2) + 1', () => {
  // Of an odd number the plain majority tolerates no colluder: 2t = n + 1. One share more tolerates two.
  it.each([
    [3, 3, 1],
    [4, 3, 1],
    [5, 4, 2],
    [6, 4, 1],
    [7, 5, 2],
    [8, 5, 1],
    [9, 6, 2],
    [10, 6, 1],
    [15, 9, 2],
    [20, 11, 1],
    [64, 33, 1],
  ])('for n = %i: t = %i, c = %i', (cohort, threshold, colluders) => {
    const thresholds = completeGraphThresholds(cohort, 'availability');
    expect(thresholds).toMatchObject({ threshold, colluders, minCohort: colluders + 2 });
    expect(brokenRule(thresholds)).toBeUndefined();
  });

  // n, t, members that may be lost, c = 2t - n - 1 of the plain majority t = floor(n/2) + 1
  it.each([
    [3, 2, 1, 0],
    [4, 3, 1, 1],
    [5, 3, 2, 0],
    [6, 4, 2, 1],
    [7, 4, 3, 0],
    [8, 5, 3, 1],
    [10, 6, 4, 1],
    [12, 7, 5, 1],
    [15, 8, 7, 0],
    [20, 11, 9, 1],
  ])('for n = %i: the majority of %i may lose %i, tolerates %i', (cohort, majority, losses, colluders) => {
    const preset = completeGraphThresholds(cohort, 'availability');
    expect([Math.floor(cohort / 2) + 1, cohort - majority, 2 * majority - cohort - 1]).toEqual([
      majority,
      losses,
      colluders,
    ]);
    // The preset is that majority wherever it tolerates a colluder, and one share more where it does not.
    expect(preset.threshold - majority).toBe(colluders === 0 ? 1 : 0);
    const plain = {
      ...preset,
      threshold: majority,
      minSurvivors: majority,
      colluders,
      minCohort: colluders + 2,
    };
    expect(brokenRule(plain)).toBe(colluders === 0 ? 'colluders 0 is below 1' : undefined);
  });

  it('never ask for more than security does', () => {
    for (let n = 3; n <= MAX_COMPLETE_GRAPH; n++) {
      const { threshold } = completeGraphThresholds(n, 'availability');
      expect(threshold).toBeLessThanOrEqual(completeGraphThresholds(n).threshold);
    }
  });
});

describe('the graph', () => {
  it('is complete up to 64 members and sparse above', () => {
    expect(thresholdsFor(64)).toEqual(completeGraphThresholds(64));
    expect(thresholdsFor(64, 'availability')).toEqual(completeGraphThresholds(64, 'availability'));
    expect(thresholdsFor(65)).toMatchObject({ graph: 'harary', colluders: 13 });
    expect(thresholdsFor(65, 'availability')).toMatchObject({ graph: 'harary', colluders: 4 });
  });

  it.each<ThresholdPreset>(['security', 'availability'])(
    'has safe thresholds with the preset %s',
    (preset) => {
      for (const cohort of [65, 66, 67, 99, 100, 250, 1000, 3333, 10_000, 65_535]) {
        const thresholds = thresholdsFor(cohort, preset);
        expect(brokenRule(thresholds)).toBeUndefined();
        expect(thresholds.cohort).toBe(cohort);
      }
    },
  );

  it('takes what is chosen in place of the preset', () => {
    const chosen = thresholdsFor(1000, 'security', { colluders: 100, abortBits: 10 });
    expect(chosen).toMatchObject({ holders: 76, threshold: 55, colluders: 100, minCohort: 102 });
  });

  it.each([Number.NaN, 2, -1, 64.5])('for %d members is refused', (cohort) => {
    expect(() => thresholdsFor(cohort)).toThrow(expect.objectContaining({ code: 'BAD_PARAMETERS' }));
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

  it.each<[string, Partial<Thresholds>]>([
    ['holders 113 of the Harary graph is no even number above 0', { holders: 113 }],
    ['holders 114 is not below the cohort of 114', { cohort: 114 }],
    [
      'holders 256 is above 254, as many as have a share',
      { holders: 256, threshold: 200, minSurvivors: 200 },
    ],
    ['organisationCap 0 is below 1', { organisationCap: 0 }],
    ['threshold 77 breaks 2t > k + X (k = 114, X = 40 colluding holders)', { threshold: 77 }],
    ['threshold 78 breaks 2t > k + X (k = 114, X = 42 colluding holders)', { cohort: 900 }],
    ['colluders 0 is below 1', { colluders: 0 }],
  ])('on the Harary graph: %s', (message, change) => {
    const sparse = thresholdsFor(1000, 'security', { colluders: 100 });
    expect(sparse).toMatchObject({ holders: 114, threshold: 78 });
    expect(brokenRule(sparse)).toBeUndefined();
    expect(brokenRule({ ...sparse, ...change })).toBe(message);
  });

  it('on the Harary graph: a cut that the cap leaves open', () => {
    // Eight organisations of twenty members, two at most in a row: 2t = 58 > k + X = 56, and yet nine colluders
    // may stand in each of the two windows around a part.
    const open = {
      cohort: 1000,
      graph: 'harary' as const,
      organisationCap: 2,
      holders: 40,
      threshold: 29,
      colluders: 8,
      minCohort: 10,
      minSurvivors: 29,
    };
    expect(brokenHararyRule(open, 160)).toBe(
      'threshold 29 and 40 neighbours let a coordinator cut the graph with probability above 2^-30',
    );
    expect(brokenHararyRule({ ...open, threshold: 37, minSurvivors: 37 }, 160)).toBeUndefined();
  });

  it('whatever a peer proposes', () => {
    const any = fc.integer({ min: 0, max: 300 });
    const thresholds = fc.record({
      cohort: any,
      graph: fc.constant<Thresholds['graph']>('harary'),
      organisationCap: any,
      holders: any,
      threshold: any,
      colluders: any,
      minCohort: any,
      minSurvivors: any,
    });
    fc.assert(
      fc.property(thresholds, any, (proposed, colludingMembers) => {
        expect(['string', 'undefined']).toContain(typeof brokenRule(proposed));
        fc.pre(proposed.cohort >= 3);
        expect(['string', 'undefined']).toContain(typeof brokenHararyRule(proposed, colludingMembers));
      }),
      { numRuns: 500 },
    );
  });

  it('wherever both secrets of an owner could be opened by asking the honest holders once each', () => {
    const small = fc.integer({ min: 0, max: 30 });
    const thresholds = fc.record({
      cohort: small,
      graph: fc.constantFrom<Thresholds['graph']>('complete', 'harary'),
      organisationCap: small,
      holders: small,
      threshold: small,
      colluders: small,
      minCohort: small,
      minSurvivors: small,
    });
    fc.assert(
      fc.property(thresholds, (proposed) => {
        const { graph, cohort, organisationCap, holders, threshold, colluders } = proposed;
        // Colluders give both shares, each honest holder one: the two secrets together have H + c shares at
        // most. On graphs this small chance bounds nothing that the numbers do not.
        const sparse = { cohort, degree: holders, colluders, colludingMembers: colluders, organisationCap };
        fc.pre(graph === 'complete' || (holders < cohort && colluders <= cohort));
        const colluding = graph === 'complete' ? colluders : colludingHolders(sparse);
        fc.pre(colluders < 1 || holders + colluding >= 2 * threshold);
        expect(brokenRule(proposed)).toBeDefined();
      }),
      { numRuns: 1000 },
    );
  });
});
