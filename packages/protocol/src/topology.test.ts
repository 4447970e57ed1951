import { nodeBackend as crypto } from '@tributary/crypto/node';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { existing } from './testing/cast.ts';
import { loneMember, type Topology, topologyOf } from './topology.ts';

const draw = (seed: number): Uint8Array => crypto.sha256(new Uint8Array([seed, seed >> 8]));

/** Ids with holes: a cohort is not 0..n-1. */
const cohortOf = (members: number): number[] => Array.from({ length: members }, (_, i) => 3 * i + 1);

interface Circle {
  readonly cohort: readonly number[];
  readonly holders: number;
  readonly organisationCap: number;
}

const alone = (member: number): string => `organisation-${member}`;

function circleOf(terms: Circle, seed: number, organisationOf = alone): Topology | undefined {
  return topologyOf(crypto, { ...terms, graph: 'harary' }, organisationOf, draw(seed));
}

/** Members that are reached from the first by way of neighbours. */
function reached({ neighbours }: Topology, from: number): ReadonlySet<number> {
  const seen = new Set([from]);
  for (const member of seen) for (const near of neighbours(member)) seen.add(near);
  return seen;
}

/** The circle as it was drawn, from the neighbourhoods alone: who stands next shares all but one place. */
function order(topology: Topology, cohort: readonly number[], degree: number): number[] {
  const shared = (a: number, b: number): number => {
    const near = new Set([a, ...topology.neighbours(a)]);
    return [b, ...topology.neighbours(b)].filter((id) => near.has(id)).length;
  };
  const circle = [existing(cohort[0])];
  while (circle.length < cohort.length) {
    const last = existing(circle.at(-1));
    const next = topology.neighbours(last).find((id) => !circle.includes(id) && shared(last, id) === degree);
    circle.push(existing(next));
  }
  return circle;
}

describe('the complete graph', () => {
  const cohort = cohortOf(5);
  const terms = { graph: 'complete', cohort, holders: 5, organisationCap: 1 } as const;
  const topology = existing(topologyOf(crypto, terms, alone, new Uint8Array(0)));

  it('joins everybody with everybody, and each owner holds a share of its own', () => {
    for (const member of cohort) {
      expect(topology.neighbours(member)).toEqual(cohort.filter((id) => id !== member));
      expect(topology.holders(member)).toEqual(cohort);
    }
  });
});

describe('a Harary graph', () => {
  const circles = fc
    .record({
      members: fc.integer({ min: 4, max: 60 }),
      half: fc.integer({ min: 1, max: 12 }),
      seed: fc.nat(9999),
    })
    .filter(({ members, half }) => 2 * half < members);

  it('gives each member exactly k neighbours, mutually, and joins all', () => {
    fc.assert(
      fc.property(circles, ({ members, half, seed }) => {
        const cohort = cohortOf(members);
        const topology = existing(circleOf({ cohort, holders: 2 * half, organisationCap: 1 }, seed));
        for (const member of cohort) {
          const near = topology.neighbours(member);
          expect(new Set(near).size).toBe(2 * half);
          expect(near).toEqual(near.toSorted((a, b) => a - b));
          expect(near).not.toContain(member);
          expect(near.every((id) => cohort.includes(id) && topology.neighbours(id).includes(member))).toBe(
            true,
          );
          expect(topology.holders(member)).toEqual(near);
        }
        expect(reached(topology, existing(cohort[0])).size).toBe(members);
      }),
      { numRuns: 40 },
    );
  });

  it('is the same for the same draw, and another for another', () => {
    const terms = { cohort: cohortOf(40), holders: 6, organisationCap: 1 };
    const graph = (seed: number): string =>
      terms.cohort.map((id) => existing(circleOf(terms, seed)).neighbours(id).join()).join(' ');
    expect(graph(1)).toBe(graph(1));
    expect(new Set([1, 2, 3, 4, 5].map(graph)).size).toBe(5);
  });

  it('joins every pair about equally often over many draws', () => {
    const cohort = cohortOf(12);
    const terms = { cohort, holders: 4, organisationCap: 1 };
    const draws = 2000;
    const joined = new Map<string, number>();
    for (let seed = 0; seed < draws; seed++) {
      const { neighbours } = existing(circleOf(terms, seed));
      for (const a of cohort) {
        for (const b of neighbours(a)) if (a < b) joined.set(`${a} ${b}`, (joined.get(`${a} ${b}`) ?? 0) + 1);
      }
    }
    // 12 * 4 / 2 of 66 pairs are joined: 4/11 of the draws, with a standard deviation of 21.5 of 2000.
    const counts = [...joined.values()];
    expect(counts).toHaveLength(66);
    const spread = 5 * Math.sqrt(draws * (4 / 11) * (7 / 11));
    expect(Math.max(...counts.map((count) => Math.abs(count - (draws * 4) / 11)))).toBeLessThan(spread);
  });

  it('has no neighbours for a stranger: to ask is a bug', () => {
    const topology = existing(circleOf({ cohort: cohortOf(9), holders: 4, organisationCap: 1 }, 1));
    expect(() => topology.neighbours(2)).toThrow(expect.objectContaining({ code: 'INVARIANT' }));
  });
});

/** Two members of each of as many organisations. */
const inPairs = (member: number): string => `organisation-${Math.floor(member / 6)}`;

const ofThree = (member: number): string => `organisation-${(member - 1) % 9}`;

const ofFive = (member: number): string => `organisation-${member % 5}`;

describe('the cap on organisations', () => {
  it('holds for every k + 1 in a row, around the seam too', () => {
    const cohort = cohortOf(40);
    const degree = 6;
    for (let seed = 0; seed < 50; seed++) {
      const topology = existing(circleOf({ cohort, holders: degree, organisationCap: 1 }, seed, inPairs));
      const circle = order(topology, cohort, degree);
      expect(circle).toHaveLength(cohort.length);
      circle.forEach((_, at) => {
        const row = Array.from({ length: degree + 1 }, (__, i) => existing(circle[(at + i) % circle.length]));
        expect(new Set(row.map(inPairs)).size).toBe(degree + 1);
      });
    }
  });

  it('above 1 holds among the neighbours of everybody', () => {
    const cohort = cohortOf(30);
    for (let seed = 0; seed < 20; seed++) {
      const topology = existing(circleOf({ cohort, holders: 8, organisationCap: 5 }, seed, ofThree));
      for (const member of cohort) {
        const counts = new Map<string, number>();
        for (const id of topology.neighbours(member)) {
          counts.set(ofThree(id), (counts.get(ofThree(id)) ?? 0) + 1);
        }
        expect(Math.max(...counts.values())).toBeLessThanOrEqual(5);
      }
    }
  });

  it('that cannot be kept gives no graph', () => {
    // Five organisations cannot fill seven places without one of them standing there twice.
    const cohort = cohortOf(20);
    expect(circleOf({ cohort, holders: 6, organisationCap: 1 }, 1, ofFive)).toBeUndefined();
    expect(circleOf({ cohort, holders: 6, organisationCap: 6 }, 1, ofFive)).toBeDefined();
  });
});

describe('a lone member', () => {
  const cohort = cohortOf(12);
  const topology = existing(circleOf({ cohort, holders: 6, organisationCap: 1 }, 3));
  const circle = order(topology, cohort, 6);

  it('is none where everybody survives', () => {
    expect(loneMember(topology, 6, cohort)).toBeUndefined();
  });

  it('is a survivor that keeps fewer than t neighbours', () => {
    const gone = new Set(circle.slice(1, 4));
    const survivors = cohort.filter((id) => !gone.has(id));
    // Its three neighbours on one side are gone.
    expect(loneMember(topology, 3, survivors)).toBeUndefined();
    expect([circle[0], circle[4]]).toContain(loneMember(topology, 4, survivors));
  });

  it('is found wherever survivors fall into parts', () => {
    const parts = cohort.filter((id) => ![0, 1, 2, 6, 7, 8].includes(circle.indexOf(id)));
    expect(loneMember(topology, 4, parts)).toBeDefined();
  });

  it('is none on the complete graph, where the floors see to that', () => {
    const terms = { graph: 'complete', cohort, holders: 12, organisationCap: 1 } as const;
    const complete = existing(topologyOf(crypto, terms, alone, new Uint8Array(0)));
    expect(loneMember(complete, 9, [4, 7])).toBeUndefined();
  });

  it('is who has fewer than t neighbours among the survivors, by counting', () => {
    fc.assert(
      fc.property(fc.subarray(cohort), fc.integer({ min: 1, max: 6 }), (survivors, threshold) => {
        const lone = survivors.filter(
          (id) => topology.neighbours(id).filter((near) => survivors.includes(near)).length < threshold,
        );
        const found = loneMember(topology, threshold, survivors);
        expect(lone.length === 0 ? [undefined] : lone).toContain(found);
      }),
    );
  });
});
