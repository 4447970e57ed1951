import { nodeBackend as crypto } from '@tributary/crypto/node';
import { describe, expect, it } from 'vitest';
import { EMPTY_LOG_HEAD, nextLogHead } from './log-head.ts';

const hash = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
type OpenedSum = Parameters<typeof nextLogHead>[2];

const sum: OpenedSum = { round: 1, roundContext: hash(1), survivorsDigest: hash(2), digest: hash(3) };
const OTHER: OpenedSum = { round: 2, roundContext: hash(4), survivorsDigest: hash(5), digest: hash(6) };

describe('the head of the log of sums', () => {
  const head = nextLogHead(crypto, EMPTY_LOG_HEAD, sum).join();

  it.each(Object.keys(OTHER) as (keyof OpenedSum)[])('covers the %s of a sum', (field) => {
    expect(nextLogHead(crypto, EMPTY_LOG_HEAD, { ...sum, [field]: OTHER[field] }).join()).not.toBe(head);
  });

  it('covers all sums before, in their order', () => {
    const both = nextLogHead(crypto, nextLogHead(crypto, EMPTY_LOG_HEAD, sum), OTHER).join();
    const swapped = nextLogHead(crypto, nextLogHead(crypto, EMPTY_LOG_HEAD, OTHER), sum).join();
    const last = nextLogHead(crypto, EMPTY_LOG_HEAD, OTHER).join();
    expect(new Set([head, both, swapped, last]).size).toBe(4);
  });
});
