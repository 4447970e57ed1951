import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Backoff, FIRST_PAUSE_MS, LONGEST_PAUSE_MS } from './backoff.ts';

const draws = (byte: number) => (): Uint8Array => Uint8Array.of(byte);

describe('backoff', () => {
  it('doubles up to a bound, and begins anew after a reset', () => {
    const backoff = new Backoff(draws(255));
    expect(Array.from({ length: 10 }, () => backoff.next())).toEqual([
      0, 50, 100, 200, 400, 800, 1600, 3200, 5000, 5000,
    ]);
    backoff.reset();
    expect([backoff.next(), backoff.next()]).toEqual([0, FIRST_PAUSE_MS]);
  });

  it('spreads over the whole pause', () => {
    const pauses = [0, 51, 102, 255].map((byte) => {
      const backoff = new Backoff(draws(byte));
      backoff.next();
      return backoff.next();
    });
    expect(pauses).toEqual([0, 10, 20, 50]);
  });

  it('never waits longer than the bound', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 50 }), (bytes) => {
        let at = 0;
        const backoff = new Backoff(() => bytes.subarray(at, ++at));
        for (const _ of bytes) {
          const pause = backoff.next();
          expect(pause).toBeGreaterThanOrEqual(0);
          expect(pause).toBeLessThanOrEqual(LONGEST_PAUSE_MS);
        }
      }),
    );
  });
});
