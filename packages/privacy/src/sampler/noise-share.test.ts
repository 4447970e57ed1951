import { nodeBackend } from '@tributary/crypto/node';
import { describe, expect, it } from 'vitest';
import { drawNoiseShare } from './noise-share.ts';

const key: Uint8Array = new Uint8Array(32).fill(9);

describe('an organisation draws its share of the noise', () => {
  it('of the length and variance of the plan, the same from the same key', () => {
    const share = drawNoiseShare(nodeBackend, key, 10_000n, 20_000);
    const variance = share.reduce((sum, x) => sum + x * x, 0) / share.length;
    expect(Math.abs(variance / 10_000 - 1)).toBeLessThan(6 * Math.sqrt(2 / share.length));
    expect(drawNoiseShare(nodeBackend, key, 10_000n, 20_000)).toEqual(share);
  });

  it('shares of five organisations add up to five times the variance', () => {
    const sum = new Float64Array(20_000);
    for (let organisation = 0; organisation < 5; organisation++) {
      const share = drawNoiseShare(nodeBackend, new Uint8Array(32).fill(organisation), 64n, sum.length);
      share.forEach((x, j) => (sum[j] = (sum[j] ?? 0) + x));
    }
    const variance = sum.reduce((total, x) => total + x * x, 0) / sum.length;
    expect(Math.abs(variance / (5 * 64) - 1)).toBeLessThan(6 * Math.sqrt(2 / sum.length));
  });

  it('refuses a variance at which the sum of shares is no longer a discrete Gaussian', () => {
    expect(drawNoiseShare(nodeBackend, key, 64n, 1)).toHaveLength(1);
    expect(() => drawNoiseShare(nodeBackend, key, 63n, 1)).toThrowError(
      expect.objectContaining({ code: 'BAD_PARAMETER', message: expect.stringContaining('at least 64') }),
    );
  });

  it('refuses a key that is not 32 bytes, and never falls back to another source', () => {
    expect(() => drawNoiseShare(nodeBackend, new Uint8Array(16), 64n, 1)).toThrowError(
      expect.objectContaining({ code: 'BAD_PARAMETER', message: expect.stringContaining('32 bytes') }),
    );
    const silent = { ...nodeBackend, keystream: () => ({ next: () => new Uint8Array(0) }) };
    expect(() => drawNoiseShare(silent, key, 64n, 1)).toThrowError(
      expect.objectContaining({ code: 'BAD_PARAMETER' }),
    );
  });
});
