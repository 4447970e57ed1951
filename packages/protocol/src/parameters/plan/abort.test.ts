import { nodeBackend as crypto } from '@tributary/crypto/node';
import { describe, expect, it } from 'vitest';
import type { Phase } from '../../coordinator/state.ts';
import { seededUniforms } from '../../testing/uniforms.ts';
import { sparseGraphThresholds } from '../sparse-graph.ts';
import { completeGraphThresholds, type Thresholds } from '../thresholds.ts';
import { abortProbability } from './abort.ts';
import { type DropoutRates, evenDropoutRates, PHASES } from './dropout-rates.ts';

describe('P(abort) on the complete graph', () => {
  const rates = [0.01, 0.05, 0.1, 0.2];
  // Of t = floor(2n/3) + 1 at these rates, then of t = floor(n/2) + 1 at 0.1. Two figures each.
  it.each<[number, readonly string[], string]>([
    [3, ['3.0e-2', '1.4e-1', '2.7e-1', '4.9e-1'], '2.8e-2'],
    [4, ['5.9e-4', '1.4e-2', '5.2e-2', '1.8e-1'], '5.2e-2'],
    [5, ['9.8e-4', '2.3e-2', '8.1e-2', '2.6e-1'], '8.6e-3'],
    [6, ['1.5e-3', '3.3e-2', '1.1e-1', '3.4e-1'], '1.6e-2'],
    [7, ['3.4e-5', '3.8e-3', '2.6e-2', '1.5e-1'], '2.7e-3'],
    [8, ['5.4e-5', '5.8e-3', '3.8e-2', '2.0e-1'], '5.0e-3'],
    [10, ['2.0e-6', '1.0e-3', '1.3e-2', '1.2e-1'], '1.6e-3'],
    [12, ['4.6e-6', '2.2e-3', '2.6e-2', '2.1e-1'], '5.4e-4'],
    [15, ['2.8e-7', '6.1e-4', '1.3e-2', '1.6e-1'], '3.4e-5'],
    [20, ['6.9e-10', '3.4e-5', '2.4e-3', '8.7e-2'], '7.2e-6'],
  ])('of n = %i is the binomial tail', (cohort, security, majority) => {
    const thresholds = completeGraphThresholds(cohort);
    for (const [i, rate] of rates.entries()) {
      const abort = abortProbability(thresholds, evenDropoutRates(rate));
      expect(abort.total.toExponential(1)).toBe(security[i]);
      expect(abort.atMost).toBe(abort.total);
      expect(abort.byPhase.setup).toBe(0);
    }
    // The plain majority, which leaves no colluder where n is odd and is then not what the preset has.
    const threshold = Math.floor(cohort / 2) + 1;
    const plain = { ...thresholds, threshold, minSurvivors: threshold };
    expect(abortProbability(plain, evenDropoutRates(0.1)).total.toExponential(1)).toBe(majority);
  });

  it('does not depend on the phase in which members are lost, while one floor holds', () => {
    const thresholds = completeGraphThresholds(10);
    const { total } = abortProbability(thresholds, evenDropoutRates(0.2));
    for (const phase of PHASES) {
      const abort = abortProbability(thresholds, { ...evenDropoutRates(0), [phase]: 0.2 });
      expect(abort.byPhase[phase]).toBeCloseTo(total, 12);
      expect(abort.total).toBeCloseTo(total, 12);
    }
  });

  it('is certain where nobody stays, and nothing where nobody is lost', () => {
    const thresholds = completeGraphThresholds(5);
    expect(abortProbability(thresholds, evenDropoutRates(0)).total).toBe(0);
    expect(abortProbability(thresholds, evenDropoutRates(0.999)).total).toBeCloseTo(1, 9);
  });
});

describe('P(abort) on the Harary graph', () => {
  const thresholds = sparseGraphThresholds({ cohort: 300, colluders: 30, dropoutRate: 0.1, abortBits: 10 });

  it('is below its bound, and grows with the rate', () => {
    let before = 0;
    for (const rate of [0, 0.02, 0.05, 0.1, 0.15, 0.2]) {
      const { total, atMost } = abortProbability(thresholds, evenDropoutRates(rate));
      expect(total).toBeGreaterThanOrEqual(before);
      expect(total).toBeLessThanOrEqual(atMost);
      before = total;
    }
    expect(before).toBeGreaterThan(0.5);
  });

  it('counts a committee that a loss in the setup makes void', () => {
    const { byPhase } = abortProbability(thresholds, { ...evenDropoutRates(0), setup: 0.001 });
    expect(byPhase.setup).toBeCloseTo(1 - 0.999 ** 31, 9);
  });

  it('counts the floor of members', () => {
    const floored = { ...thresholds, minSurvivors: 290 };
    const { byPhase } = abortProbability(floored, { ...evenDropoutRates(0), 'masked-input': 0.05 });
    expect(byPhase['masked-input']).toBeGreaterThan(0.8);
  });
});

it.each([-0.1, 1, 1.5, Number.NaN])('a dropout rate of %d is refused', (rate) => {
  expect(() => evenDropoutRates(rate)).toThrow(expect.objectContaining({ code: 'BAD_PARAMETERS' }));
  const rates: DropoutRates = { ...evenDropoutRates(0), unmask: rate };
  expect(() => abortProbability(completeGraphThresholds(5), rates)).toThrow(
    expect.objectContaining({ code: 'BAD_PARAMETERS' }),
  );
});

function sparse(cohort: number, colluders: number, dropoutRate: number, abortBits: number): Thresholds {
  return sparseGraphThresholds({ cohort, colluders, dropoutRate, abortBits });
}

describe('P(abort) is what simulated rounds show', () => {
  const settings: readonly (readonly [string, Thresholds, DropoutRates])[] = [
    ['4 of the preset security', completeGraphThresholds(4), evenDropoutRates(0.1)],
    ['5 of the preset availability', completeGraphThresholds(5, 'availability'), evenDropoutRates(0.2)],
    [
      '10 that are lost in uploads',
      completeGraphThresholds(10),
      { ...evenDropoutRates(0), 'masked-input': 0.2 },
    ],
    [
      '20 that are lost in every phase',
      completeGraphThresholds(20),
      { setup: 0.05, ready: 0.03, 'masked-input': 0.1, consistency: 0.02, unmask: 0.05 },
    ],
    [
      '12 of whom all but two must be in the sum',
      { ...completeGraphThresholds(12), minSurvivors: 10 },
      { setup: 0, ready: 0.02, 'masked-input': 0.08, consistency: 0.05, unmask: 0.2 },
    ],
    ['64 of the preset security', completeGraphThresholds(64), evenDropoutRates(0.28)],
    ['80 on a circle', sparse(80, 4, 0.1, 10), evenDropoutRates(0.2)],
    ['200 on a circle', sparse(200, 20, 0.1, 10), evenDropoutRates(0.12)],
    ['300 on a circle, lost at the end', sparse(300, 15, 0.1, 10), { ...evenDropoutRates(0), unmask: 0.15 }],
    [
      '150 on a circle, lost in every phase',
      sparse(150, 15, 0.1, 30),
      { setup: 0.001, ready: 0.05, 'masked-input': 0.1, consistency: 0.01, unmask: 0.05 },
    ],
  ];

  it.each(settings)('of %s', (name, thresholds, rates) => {
    const rounds = 10_000;
    const random = seededUniforms(crypto, name.length);
    const aborts = new Map(PHASES.map((phase) => [phase, 0]));
    for (let round = 0; round < rounds; round++) {
      const phase = simulate(random, thresholds, rates);
      if (phase !== undefined) aborts.set(phase, (aborts.get(phase) ?? 0) + 1);
    }
    const { byPhase, total } = abortProbability(thresholds, rates);
    const withinThreeErrors = (count: number, probability: number): void => {
      const error = Math.sqrt((probability * (1 - probability)) / rounds);
      expect(Math.abs(count / rounds - probability)).toBeLessThanOrEqual(3 * error);
    };
    for (const phase of PHASES) withinThreeErrors(aborts.get(phase) ?? 0, byPhase[phase]);
    withinThreeErrors(
      [...aborts.values()].reduce((sum, count) => sum + count, 0),
      total,
    );
    expect(total).toBeGreaterThan(0.001);
  });
});

/** The phase whose losses end a simulated round, or undefined. */
function simulate(random: () => number, thresholds: Thresholds, rates: DropoutRates): Phase | undefined {
  const { graph, cohort, threshold, minSurvivors, colluders } = thresholds;
  const there = new Uint8Array(cohort).fill(1);
  // Whose secrets must be opened: all who took part in the round, once it is known who does.
  const owes = new Uint8Array(cohort).fill(1);
  let members = cohort;
  for (const phase of PHASES) {
    for (let member = 0; member < cohort; member++) {
      if (there[member] === 1 && random() < rates[phase]) {
        there[member] = 0;
        members -= 1;
        // The members stand in random order already: the first c + 1 are the committee.
        if (phase === 'setup' && graph === 'harary' && member <= colluders) return 'setup';
      }
    }
    if (phase === 'setup' || phase === 'ready') owes.set(there);
    const floor = phase === 'consistency' || phase === 'unmask' ? threshold : minSurvivors;
    if (members < floor) return phase;
    if (graph === 'harary' && isSomebodyLonely(there, owes, thresholds)) return phase;
  }
  return undefined;
}

function isSomebodyLonely(there: Uint8Array, owes: Uint8Array, thresholds: Thresholds): boolean {
  const { cohort, holders, threshold } = thresholds;
  const half = holders / 2;
  let inWindow = 0;
  for (let at = -half; at <= half; at++) inWindow += there[(at + cohort) % cohort] ?? 0;
  for (let owner = 0; owner < cohort; owner++) {
    if (owes[owner] === 1 && inWindow - (there[owner] ?? 0) < threshold) return true;
    inWindow += (there[(owner + half + 1) % cohort] ?? 0) - (there[(owner - half + cohort) % cohort] ?? 0);
  }
  return false;
}
