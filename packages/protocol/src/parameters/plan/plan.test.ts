import { describe, expect, it } from 'vitest';
import { brokenRule, completeGraphThresholds } from '../thresholds.ts';
import { cpuMilliseconds } from './cpu.ts';
import { evenDropoutRates } from './dropout-rates.ts';
import { type PlanChoice, planFederation } from './plan.ts';
import { ringFor } from './ring-size.ts';

const CHOICE: PlanChoice = {
  cohort: 10,
  preset: 'security',
  dimension: 100_000,
  encoding: { coordinateBound: 256, maxRecords: 100, noiseDeviation: 0 },
};

describe('a plan', () => {
  it('for ten organisations', () => {
    const plan = planFederation({ ...CHOICE, dropoutRates: evenDropoutRates(0.1) });
    expect(plan.thresholds).toEqual(completeGraphThresholds(10));
    expect(plan).toMatchObject({ colludingHolders: 3, cutProbability: 0, tolerableLosses: 3, keyCount: 16 });
    // 10 * 100 * 256 = 256000 < 2^18
    expect(plan.ring).toEqual({ bits: 19, reach: 256_000, headroomBits: 18 - Math.log2(256_000) });
    expect(plan.traffic.round.up).toBeGreaterThan((100_000 * 19) / 8);
    expect(plan.abort.total.toExponential(1)).toBe('1.3e-2');
  });

  it.each<[number, number, number, number, number, number]>([
    // n, colluding, dropped, k, t, X
    [1000, 0.1, 0.1, 114, 78, 40],
    [1000, 0.2, 0.1, 158, 115, 71],
    [10_000, 0.05, 0.05, 74, 51, 26],
  ])(
    'for %d members, of whom %d collude and %d drop',
    (cohort, corruptionRate, rate, holders, threshold, X) => {
      const plan = planFederation({
        ...CHOICE,
        cohort,
        corruptionRate,
        dropoutRates: evenDropoutRates(rate),
        sparse: { abortBits: 30 },
      });
      expect(plan.thresholds).toMatchObject({ graph: 'harary', holders, threshold });
      expect(plan).toMatchObject({ colludingHolders: X, keyCount: 1, tolerableLosses: holders - threshold });
      expect(plan.cutProbability).toBeGreaterThan(0);
      expect(plan.cutProbability).toBeLessThanOrEqual(2 ** -30);
      expect(plan.abort.total).toBeLessThanOrEqual(plan.abort.atMost);
      expect(brokenRule(plan.thresholds)).toBeUndefined();
    },
  );

  it('takes rates of the preset where none are given', () => {
    const security = planFederation({ ...CHOICE, cohort: 200 });
    expect(security.thresholds.colluders).toBe(40);
    const availability = planFederation({ ...CHOICE, cohort: 200, preset: 'availability' });
    expect(availability.thresholds.colluders).toBe(10);
    expect(availability.thresholds.threshold).toBeLessThan(security.thresholds.threshold);
  });

  it('bounds organisations of several members by the cap on neighbours', () => {
    const sparse = { organisationCap: 4, colludingMembers: 60 };
    const plan = planFederation({ ...CHOICE, cohort: 300, corruptionRate: 0.02, sparse });
    expect(plan).toMatchObject({ colludingHolders: 24, cutProbability: 0 });
  });

  it.each<[string, Partial<PlanChoice>]>([
    ['a secure sum needs at least 3 organisations, not 2', { cohort: 2 }],
    ['65536 members are above 65535', { cohort: 65_536 }],
    ['4 of 10 members may collude, the preset security tolerates 3', { corruptionRate: 0.4 }],
    [
      '3 of 10 members may collude, the preset availability tolerates 1',
      { corruptionRate: 0.25, preset: 'availability' },
    ],
    ['corruption rate 1 is outside 0..1', { corruptionRate: 1 }],
    ['corruption rate NaN is outside 0..1', { corruptionRate: Number.NaN }],
    ['dropout rate 1 of unmask is outside 0..1', { dropoutRates: { ...evenDropoutRates(0), unmask: 1 } }],
    ['keyCount 0 is outside 1..64', { keyCount: 0 }],
    ['keyCount 65 is outside 1..64', { keyCount: 65 }],
    ['dimension 0 is outside 1..268435456', { dimension: 0 }],
    ['dimension 1.5 is outside 1..268435456', { dimension: 1.5 }],
    [
      'coordinateBound 0 is no number of 1 or more',
      { encoding: { coordinateBound: 0, maxRecords: 1, noiseDeviation: 0 } },
    ],
    [
      'maxRecords NaN is no number of 1 or more',
      { encoding: { coordinateBound: 1, maxRecords: Number.NaN, noiseDeviation: 0 } },
    ],
    [
      'noiseDeviation -1 is no number of 0 or more',
      { encoding: { coordinateBound: 1, maxRecords: 1, noiseDeviation: -1 } },
    ],
    [
      'sums reach 2560000000, a ring of 32 bits holds less than 2147483648',
      { encoding: { coordinateBound: 256, maxRecords: 1_000_000, noiseDeviation: 0 } },
    ],
  ])('is refused: %s', (message, change) => {
    expect(() => planFederation({ ...CHOICE, ...change })).toThrow(
      expect.objectContaining({ code: 'BAD_PARAMETERS', message }),
    );
  });
});

describe('the ring of a sum', () => {
  it('is the narrowest that holds records and ten deviations of the noise', () => {
    expect(ringFor(3, { coordinateBound: 1, maxRecords: 1, noiseDeviation: 0 }).bits).toBe(13);
    // 4 * 1000 + 10 * 2 * 4.8 = 4096 = 2^12, which 13 bits do not hold.
    const encoding = { coordinateBound: 100, maxRecords: 10, noiseDeviation: 4.8 };
    expect(ringFor(4, encoding)).toEqual({ bits: 14, reach: 4096, headroomBits: 1 });
    expect(ringFor(4, { ...encoding, noiseDeviation: 4.7 }).bits).toBe(13);
  });
});

describe('CPU estimates', () => {
  const thresholds = completeGraphThresholds(50);
  const choice = { thresholds, keyCount: 16, dimension: 1_000_000, bits: 19, dropoutRate: 0 };

  it('grow with neighbours and length at the client, with dropouts at the coordinator', () => {
    const { clientRound, coordinatorRound } = cpuMilliseconds(choice);
    // Fifty masks of 10^6 words at 2.2 ms.
    expect(clientRound).toBeGreaterThan(110);
    expect(clientRound).toBeLessThan(160);
    const longer = cpuMilliseconds({ ...choice, dimension: 2_000_000 });
    expect(longer.clientRound - clientRound).toBeGreaterThan(110);
    const lossy = cpuMilliseconds({ ...choice, dropoutRate: 0.1 });
    // Five dropouts leave 49 masks each, and take five self masks away.
    expect(lossy.coordinatorRound - coordinatorRound).toBeGreaterThan(500);
    expect(lossy.clientRound).toBe(clientRound);
  });

  it('of a setup grow with the keys that it shares ahead', () => {
    const one = cpuMilliseconds({ ...choice, keyCount: 1 }).clientSetup;
    expect(cpuMilliseconds(choice).clientSetup).toBeGreaterThan(2 * one);
  });
});
