import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Encoding } from './encoding.ts';
import { checkHeadroom, ringBits } from './headroom.ts';

const unit: Encoding = { scale: 1, normBound: 1, coordinateBound: 1, maxRecords: 1 };

describe('the ring holds the largest sum', () => {
  it('13 bits hold a largest sum of 4095 and not of 4096', () => {
    const encoding = { ...unit, coordinateBound: 91, maxRecords: 9 };
    expect(checkHeadroom({ encoding, contributors: 5 }, 13)).toBeUndefined(); // 5 * 9 * 91 = 4095
    const wider = { ...unit, coordinateBound: 64, maxRecords: 64 };
    expect(checkHeadroom({ encoding: wider, contributors: 1 }, 13)?.code).toBe('RING_OVERFLOW');
    expect(ringBits({ encoding: wider, contributors: 1 })).toBe(14);
  });

  it('32 bits hold 2^31 - 1 and not 2^31', () => {
    const largest = { ...unit, coordinateBound: 2 ** 31 - 1 };
    expect(ringBits({ encoding: largest, contributors: 1 })).toBe(32);
    const over = { ...unit, coordinateBound: 2 ** 30 };
    const refusal = ringBits({ encoding: over, contributors: 2 });
    expect(refusal).toMatchObject({ code: 'RING_OVERFLOW' });
    expect(refusal).toHaveProperty(
      'message',
      expect.stringContaining('2 contributors * 1 records * 1073741824 units'),
    );
  });

  it('counts ten standard deviations of the noise of all contributors, exactly at the boundary', () => {
    // 4096 - 3096 = 1000 units of room = 10 * sqrt(4 * 2500): not below, so refused; one unit less of load is accepted.
    const load = { contributors: 4, noiseVariance: 2500n };
    expect(checkHeadroom({ ...load, encoding: { ...unit, coordinateBound: 774 } }, 13)?.code).toBe(
      'RING_OVERFLOW',
    );
    expect(checkHeadroom({ ...load, encoding: { ...unit, coordinateBound: 773 } }, 13)).toBeUndefined();
  });

  it('ringBits is the smallest width that checkHeadroom accepts', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.integer({ min: 1, max: 10_000 }),
        fc.integer({ min: 1, max: 100_000 }),
        fc.bigInt({ min: 0n, max: 1n << 50n }),
        (contributors, maxRecords, coordinateBound, noiseVariance) => {
          const load = { contributors, noiseVariance, encoding: { ...unit, maxRecords, coordinateBound } };
          const widths = Array.from({ length: 20 }, (_, i) => 13 + i);
          const accepted = widths.filter((bits) => checkHeadroom(load, bits) === undefined);
          const smallest = ringBits(load);
          expect(accepted).toEqual(typeof smallest === 'number' ? widths.slice(smallest - 13) : []);
        },
      ),
    );
  });
});

describe('what a peer proposes is refused as data, never by a throw', () => {
  it.each([
    [{ ...unit, scale: 3 }, 'encoding.scale'],
    [{ ...unit, scale: 0.5 }, 'encoding.scale'],
    [{ ...unit, normBound: 2 ** 26 + 1 }, 'encoding.normBound'],
    [{ ...unit, coordinateBound: Number.NaN }, 'encoding.coordinateBound'],
    [{ ...unit, coordinateBound: -1 }, 'encoding.coordinateBound'],
    [{ ...unit, maxRecords: 1.5 }, 'encoding.maxRecords'],
  ])('%o names %s', (encoding, field) => {
    const refusal = checkHeadroom({ encoding, contributors: 2 }, 32);
    expect(refusal?.code).toBe('BAD_ENCODING');
    expect(refusal?.message).toContain(field);
  });

  it('no contributors, a negative variance, a width that the wire does not know', () => {
    expect(checkHeadroom({ encoding: unit, contributors: 0 }, 32)?.message).toContain('contributors');
    const negative = { encoding: unit, contributors: 1, noiseVariance: -1n };
    expect(checkHeadroom(negative, 32)?.message).toContain('noiseVariance');
    expect(checkHeadroom({ encoding: unit, contributors: 1 }, 12)?.message).toContain('bits');
    expect(checkHeadroom({ encoding: unit, contributors: 1 }, 33)?.message).toContain('bits');
  });
});
