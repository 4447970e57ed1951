import { describe, expect, it } from 'vitest';
import { compareRational, type Rational, ZERO } from '../zcdp/rational.ts';
import { chooseFilter } from './choose-filter.ts';
import { declarePrivacy } from './declaration.ts';

const REQUEST = {
  unit: 'record',
  epsilon: 3,
  delta: 1e-5,
  cohort: { members: 10, threshold: 7, colluders: 3 },
} as const;
const ALL = [{ step: 'statistics', weight: 3 }];
const SAMPLED = [
  ...ALL,
  { step: 'step 1', weight: 1, sampling: 0.1 },
  { step: 'step 2', weight: 1, sampling: 0.1 },
];

describe('the filter of a run', () => {
  it('is zcdp where all records are in every sum', () => {
    expect(chooseFilter({ ...REQUEST, schedule: ALL })).toEqual({ kind: 'zcdp' });
  });

  it('is the order that leaves sampled sums the most', () => {
    const chosen = chooseFilter({ ...REQUEST, schedule: SAMPLED });
    if (chosen.kind !== 'rdp') throw new Error('an order is needed');
    const rhoAt = (order: number): Rational | undefined =>
      declarePrivacy({ ...REQUEST, schedule: SAMPLED, filter: { kind: 'rdp', order } }).rounds[1]?.rho;
    const best = rhoAt(chosen.order);
    for (const order of [5, 6, 7, 8, 12, 16, 32]) {
      expect(compareRational(rhoAt(order) ?? ZERO, best ?? ZERO)).toBeLessThanOrEqual(0);
    }
  });

  it('is of lower order for a larger budget', () => {
    const orders = [1, 3, 8].map((epsilon) => {
      const filter = chooseFilter({ ...REQUEST, epsilon, schedule: SAMPLED });
      return filter.kind === 'rdp' ? filter.order : 0;
    });
    expect(orders.toSorted((a, b) => b - a)).toEqual(orders);
    expect(new Set(orders).size).toBe(3);
  });
});
