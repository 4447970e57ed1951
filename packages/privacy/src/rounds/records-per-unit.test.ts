import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundRecordsPerUnit } from './records-per-unit.ts';

describe('the records of an end user', () => {
  it('are the first in the secret order, as many as are declared', () => {
    const units = Uint32Array.of(7, 7, 7, 9, 7);
    expect([...boundRecordsPerUnit(units, Uint32Array.of(4, 3, 2, 1, 0), 2)]).toEqual([2, 3, 4]);
    expect([...boundRecordsPerUnit(units, Uint32Array.of(0, 1, 2, 3, 4), 1)]).toEqual([0, 3]);
    expect([...boundRecordsPerUnit(units, Uint32Array.of(0, 1, 2, 3, 4), 9)]).toEqual([0, 1, 2, 3, 4]);
  });

  it('are never more than declared, and never fewer than there are', () => {
    const units = fc.array(fc.nat(5), { maxLength: 40 });
    fc.assert(
      fc.property(units, fc.integer({ min: 1, max: 6 }), (owners, most) => {
        const order = Uint32Array.from(owners.keys()).toReversed();
        const kept = boundRecordsPerUnit(Uint32Array.from(owners), order, most);
        for (let owner = 0; owner <= 5; owner++) {
          const all = owners.filter((each) => each === owner).length;
          const entered = [...kept].filter((record) => owners[record] === owner).length;
          expect(entered).toBe(Math.min(all, most));
        }
      }),
    );
  });

  it.each([[[0, 0]], [[0]], [[0, 5]], [[0, 1, 1]]])('need an order of all records, not %j', (order) => {
    expect(() => boundRecordsPerUnit(Uint32Array.of(1, 2), Uint32Array.from(order), 1)).toThrow(
      expect.objectContaining({ code: 'BAD_PARAMETER' }),
    );
  });
});
