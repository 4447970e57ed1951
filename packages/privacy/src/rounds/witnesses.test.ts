import { nodeBackend } from '@tributary/crypto/node';
import { describe, expect, it } from 'vitest';
import { drawNoiseShare } from '../sampler/noise-share.ts';
import { checkWitnesses, independentWitnesses, WITNESSES } from './witnesses.ts';

const VARIANCE = 10_000n;

function shares(count: number, seed: number, variance: bigint = VARIANCE): Int32Array {
  const sum = new Int32Array(WITNESSES);
  for (let i = 0; i < count; i++) {
    const key = new Uint8Array(32).fill(seed + i);
    drawNoiseShare(nodeBackend, key, variance, WITNESSES).forEach((x, j) => (sum[j] = (sum[j] ?? 0) + x));
  }
  return sum;
}

describe('witness coordinates', () => {
  it('pass where all shares are there', () => {
    for (let seed = 0; seed < 20; seed++) {
      const finding = checkWitnesses(shares(5, 10 * seed), 5, VARIANCE);
      expect(finding).toMatchObject({ ok: true });
      expect(finding.varianceRatio).toBeCloseTo(1, 0);
    }
  });

  it.each([
    ['a missing half of the shares', shares(5, 1), 10, 'variance'],
    ['twice the noise', shares(10, 1), 5, 'variance'],
    ['no noise', new Int32Array(WITNESSES), 10, 'variance'],
    ['something added', shares(5, 1).map((x) => x + 60), 5, 'mean'],
    ['coins in place of noise', shares(5, 1).map((x) => (x < 0 ? -223 : 223)), 5, 'distribution'],
  ])('notice %s', (_, words, survivors, fault) => {
    expect(checkWitnesses(words, survivors, VARIANCE)).toMatchObject({
      ok: false,
      fault: expect.stringContaining(fault),
    });
  });

  it('tell reused noise from fresh noise', () => {
    const first = shares(5, 1);
    expect(independentWitnesses(first, shares(5, 50))).toBe(true);
    expect(independentWitnesses(first, first)).toBe(false);
    // One of five members repeats itself.
    expect(independentWitnesses(first, shares(5, 5))).toBe(false);
    expect(independentWitnesses(first, new Int32Array(WITNESSES))).toBe(false);
  });
});
