import { nodeBackend as crypto } from '@tributary/crypto/node';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../errors.ts';
import { existing } from '../testing/cast.ts';
import { seededUniforms } from '../testing/uniforms.ts';
import { chosenCutProbability, colludingHolders, sparseGraphThresholds } from './sparse-graph.ts';
import { brokenHararyRule, brokenRule } from './thresholds.ts';

/** Each member its own organisation. */
function singles(cohort: number, colluders: number, degree: number) {
  return { cohort, colluders, colludingMembers: colluders, degree, organisationCap: 1 };
}

/** [k, t], or undefined where k would be above 250. */
function degreeAndThreshold(
  cohort: number,
  colluding: number,
  dropoutRate: number,
  abortBits: number,
): [number, number] | undefined {
  try {
    const colluders = Math.round(colluding * cohort);
    const { holders, threshold } = sparseGraphThresholds({ cohort, colluders, dropoutRate, abortBits });
    return holders <= 250 ? [holders, threshold] : undefined;
  } catch (error) {
    if (error instanceof ProtocolError && error.code === 'BAD_PARAMETERS') return undefined;
    throw error;
  }
}

describe('degree and threshold of a random Harary graph', () => {
  // Shares of the cohort that collude and drop, then [k, t] at n = 100, 300, 1000, 3000, 10000 with at most
  // 2^-30 failed rounds; undefined where k would be above 250.
  const sizes = [100, 300, 1000, 3000, 10_000];
  it.each<[number, number, readonly ([number, number] | undefined)[]]>([
    [
      0.05,
      0.05,
      [
        [30, 18],
        [42, 29],
        [60, 41],
        [68, 47],
        [74, 51],
      ],
    ],
    [
      0.1,
      0.1,
      [
        [42, 27],
        [76, 52],
        [114, 78],
        [132, 90],
        [144, 98],
      ],
    ],
    [
      0.2,
      0.1,
      [
        [54, 38],
        [102, 75],
        [158, 115],
        [194, 141],
        [214, 155],
      ],
    ],
    [0.1, 0.2, [[54, 33], [130, 81], [226, 142], undefined, undefined]],
    [0.2, 0.2, [[72, 47], [172, 116], undefined, undefined, undefined]],
    [0.33, 0.1, [[78, 56], [138, 108], [244, 189], undefined, undefined]],
  ])('where %d collude and %d drop', (colluding, dropoutRate, expected) => {
    expect(sizes.map((cohort) => degreeAndThreshold(cohort, colluding, dropoutRate, 30))).toEqual(expected);
  });

  // The same with at most 2^-10 failed rounds, at n = 1000 and 10000.
  it.each<[number, number, readonly ([number, number] | undefined)[]]>([
    [
      0.05,
      0.05,
      [
        [42, 31],
        [50, 37],
      ],
    ],
    [
      0.1,
      0.1,
      [
        [76, 55],
        [98, 70],
      ],
    ],
    [
      0.2,
      0.1,
      [
        [112, 85],
        [146, 110],
      ],
    ],
    [
      0.1,
      0.2,
      [
        [156, 102],
        [218, 142],
      ],
    ],
    [0.2, 0.2, [undefined, undefined]],
    [
      0.33,
      0.1,
      [
        [182, 145],
        [250, 198],
      ],
    ],
  ])(
    'where %d collude, %d drop and a failed round may be tried again',
    (colluding, dropoutRate, expected) => {
      expect([1000, 10_000].map((cohort) => degreeAndThreshold(cohort, colluding, dropoutRate, 10))).toEqual(
        expected,
      );
    },
  );

  it('break no rule that members check', () => {
    const choices = fc.record({
      cohort: fc.integer({ min: 65, max: 5000 }),
      colluding: fc.double({ min: 0, max: 0.2, noNaN: true }),
      dropoutRate: fc.double({ min: 0, max: 0.1, noNaN: true }),
      abortBits: fc.constantFrom(10, 30),
    });
    fc.assert(
      fc.property(choices, ({ cohort, colluding, dropoutRate, abortBits }) => {
        const colluders = Math.max(1, Math.floor(colluding * cohort));
        const thresholds = sparseGraphThresholds({ cohort, colluders, dropoutRate, abortBits });
        expect(brokenRule(thresholds)).toBeUndefined();
      }),
      { numRuns: 40 },
    );
  });

  it('hold for organisations of many members as well', () => {
    const choice = { cohort: 1000, colluders: 4, colludingMembers: 80, dropoutRate: 0.1 };
    // Twenty members each: a cap of 5 binds, and 4 * 5 colluders may stand in either window.
    const capped = sparseGraphThresholds({ ...choice, organisationCap: 5 });
    expect(capped.threshold).toBe(capped.holders / 2 + 20 + 1);
    expect(brokenHararyRule(capped, 80)).toBeUndefined();
    expect(brokenHararyRule(capped, 4)).toBeUndefined();
    // A cap that never binds leaves chance to bound them.
    const free = sparseGraphThresholds({ ...choice, organisationCap: 254 });
    const { holders, threshold } = sparseGraphThresholds({ ...choice, colluders: 80 });
    expect(free).toMatchObject({ holders, threshold });
    expect(brokenHararyRule(free, 80)).toBeUndefined();
    expect(brokenHararyRule(free, 120)).toMatch(/breaks 2t > k \+ X/);
  });

  it.each<[string, Partial<Parameters<typeof sparseGraphThresholds>[0]>]>([
    ['cohort 2 is no whole number of 3 or more', { cohort: 2 }],
    ['cohort 99.5 is no whole number of 3 or more', { cohort: 99.5 }],
    ['colluders 0 is outside 1..98', { colluders: 0 }],
    ['colluders 99 is outside 1..98', { colluders: 99 }],
    ['colluders 1.5 is outside 1..98', { colluders: 1.5 }],
    ['colludingMembers 6.5 is outside 5..100', { colludingMembers: 6.5 }],
    ['organisationCap 1.5 is no whole number above 0', { organisationCap: 1.5 }],
    ['colludingMembers 4 is outside 5..100', { colludingMembers: 4 }],
    ['colludingMembers 101 is outside 5..100', { colludingMembers: 101 }],
    ['organisationCap 0 is no whole number above 0', { organisationCap: 0 }],
    ['dropoutRate 1 is outside 0..1', { dropoutRate: 1 }],
    ['dropoutRate NaN is outside 0..1', { dropoutRate: Number.NaN }],
    ['no graph of at most 254 neighbours lets 5 of 100 members collude and 90 drop', { dropoutRate: 0.9 }],
  ])('are refused: %s', (message, change) => {
    const choice = { cohort: 100, colluders: 5, dropoutRate: 0.05, ...change };
    expect(() => sparseGraphThresholds(choice)).toThrow(
      expect.objectContaining({ code: 'BAD_PARAMETERS', message }),
    );
  });
});

describe('colluders among the holders of one owner', () => {
  it('are bounded by chance, by their number and by the cap', () => {
    expect(colludingHolders(singles(1000, 100, 114))).toBe(40);
    expect(colludingHolders({ ...singles(1000, 100, 114), securityBits: 80 })).toBe(52);
    expect(colludingHolders(singles(1000, 6, 114))).toBe(6);
    expect(colludingHolders(singles(100, 100, 42))).toBe(42);
    const organisations = { ...singles(1000, 5, 114), colludingMembers: 100 };
    expect(colludingHolders({ ...organisations, organisationCap: 4 })).toBe(20);
    expect(colludingHolders({ ...organisations, organisationCap: 96 })).toBe(40);
  });

  it('are more than the bound on fewer graphs than was asked, and the bound is the least', () => {
    // At 6 bits what is promised can be counted: some owner in at most 1 of 64 graphs.
    const circle = { ...singles(80, 16, 20), securityBits: 6 };
    const bound = colludingHolders(circle);
    const rounds = 4000;
    let broken = 0;
    const random = seededUniforms(crypto, 7);
    for (let round = 0; round < rounds; round++) {
      if (mostColludingNeighbours(random, circle) > bound) broken++;
    }
    expect(broken / rounds).toBeLessThanOrEqual(2 ** -6);
    expect(colludingHolders({ ...circle, securityBits: 7 })).toBeGreaterThanOrEqual(bound);
    expect(broken).toBeGreaterThan(0);
  });
});

describe('cuts that a coordinator chooses', () => {
  it('are impossible where the colluders cannot fill half of what a neighbour must keep', () => {
    expect(chosenCutProbability({ ...singles(100, 10, 42), threshold: 27 })).toBe(0);
    expect(chosenCutProbability({ ...singles(1000, 1, 2), threshold: 2 })).toBe(0);
  });

  it('are certain to be bounded by 1 where every window will do', () => {
    expect(chosenCutProbability({ ...singles(1000, 500, 20), threshold: 11 })).toBe(1);
    expect(chosenCutProbability({ ...singles(30, 30, 20), threshold: 12 })).toBe(1);
    const capped = { cohort: 1000, colluders: 8, colludingMembers: 160, degree: 40, organisationCap: 2 };
    // 2t > k + X holds with t = 29, and yet the two windows around a part may hold nine colluders each.
    expect(colludingHolders(capped)).toBe(16);
    expect(chosenCutProbability({ ...capped, threshold: 29 })).toBe(1);
    expect(chosenCutProbability({ ...capped, threshold: 37 })).toBe(0);
  });

  it('exist on fewer random circles than bounded', () => {
    const circle = { ...singles(80, 16, 12), threshold: 10 };
    const bound = chosenCutProbability(circle);
    const random = seededUniforms(crypto, 11);
    const rounds = 4000;
    let found = 0;
    for (let round = 0; round < rounds; round++)
      if (hasCut(shuffledColluders(random, circle), circle)) found++;
    expect(found).toBeGreaterThan(0);
    expect(found / rounds).toBeLessThanOrEqual(bound);
    expect(bound).toBeLessThan(0.5);
  });
});

function shuffledColluders(
  random: () => number,
  { cohort, colludingMembers }: { cohort: number; colludingMembers: number },
): readonly boolean[] {
  const colludes = Array.from({ length: cohort }, (_, i) => i < colludingMembers);
  for (let last = cohort - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    const [a, b] = [existing(colludes[last]), existing(colludes[other])];
    [colludes[last], colludes[other]] = [b, a];
  }
  return colludes;
}

function mostColludingNeighbours(
  random: () => number,
  circle: { cohort: number; colludingMembers: number; degree: number },
): number {
  const colludes = shuffledColluders(random, circle);
  const { cohort, degree } = circle;
  const counts = colludes.map((self, at) => {
    if (self) return 0;
    let count = 0;
    for (let distance = 1; distance <= degree / 2; distance++) {
      count +=
        Number(colludes[(at + distance) % cohort]) + Number(colludes[(at - distance + cohort) % cohort]);
    }
    return count;
  });
  return Math.max(...counts);
}

/** Two disjoint windows of k/2 in a row with at least t - k/2 colluders each. */
function hasCut(
  colludes: readonly boolean[],
  { cohort, degree, threshold }: { cohort: number; degree: number; threshold: number },
): boolean {
  const window = degree / 2;
  const starts = colludes.flatMap((_, at) => {
    let count = 0;
    for (let i = 0; i < window; i++) count += Number(colludes[(at + i) % cohort]);
    return count >= threshold - window ? [at] : [];
  });
  return starts.some((a) => starts.some((b) => b - a >= window && a + cohort - b >= window));
}
