import { toHex } from '@tributary/crypto';
import { describe, expect, it } from 'vitest';
import { CanonicalWriter } from './canonical.ts';

const hexOf = (write: (writer: CanonicalWriter) => unknown): string => {
  const writer = new CanonicalWriter();
  write(writer);
  return toHex(writer.finish());
};

describe('canonical bytes', () => {
  it('are integers of 8 bytes, big-endian', () => {
    expect(hexOf((w) => w.integer(0))).toBe('0000000000000000');
    expect(hexOf((w) => w.integer(258))).toBe('0000000000000102');
    expect(hexOf((w) => w.integer(2 ** 32 + 1))).toBe('0000000100000001');
    expect(hexOf((w) => w.integer(Number.MAX_SAFE_INTEGER))).toBe('001fffffffffffff');
    expect(hexOf((w) => w.integer(-0))).toBe('0000000000000000');
  });

  it('put a length before bytes and text, so that neighbours cannot exchange bytes', () => {
    expect(hexOf((w) => w.bytes(new Uint8Array([1, 2])).bytes(new Uint8Array()))).toBe(
      '00000002010200000000',
    );
    expect(hexOf((w) => w.text('a').text('bc'))).not.toBe(hexOf((w) => w.text('ab').text('c')));
    expect(hexOf((w) => w.text('é'))).toBe('00000002c3a9');
  });

  it.each([-1, 0.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY])('hold no integer %d', (value) => {
    expect(() => new CanonicalWriter().integer(value)).toThrow(
      expect.objectContaining({ code: 'INVARIANT' }),
    );
  });

  it("stay what they are when their writer's memory serves the next one", () => {
    const first = new CanonicalWriter();
    const second = new CanonicalWriter().integer(7);
    const bytes = first.bytes(new Uint8Array(300).fill(9)).finish();
    expect(hexOf((w) => w.integer(1))).toBe('0000000000000001');
    expect(second.integer(8).finish().length).toBe(16);
    expect(bytes.subarray(4)).toEqual(new Uint8Array(300).fill(9));
  });

  it('are finished once', () => {
    const writer = new CanonicalWriter().integer(1);
    writer.finish();
    for (const again of [() => writer.finish(), () => writer.integer(1)]) {
      expect(again).toThrow(expect.objectContaining({ code: 'INVARIANT' }));
    }
  });

  it('may have more parts than a function may have arguments', () => {
    const writer = new CanonicalWriter();
    for (let i = 0; i < 300_000; i++) writer.integer(i);
    expect(writer.finish().length).toBe(8 * 300_000);
  });
});
