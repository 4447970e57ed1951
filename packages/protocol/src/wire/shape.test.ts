import { describe, expect, it } from 'vitest';
import { bytesBetween, integer, list, Malformed, struct, viewedBytes } from './shape.ts';

describe('what a peer packed', () => {
  it.each<[string, unknown]>([
    ['a negative number', -1],
    ['a fraction', 0.5],
    ['above the most', 8],
    ['a text', '1'],
  ])('is no integer where it is %s', (_, packed) => {
    expect(() => integer(7).unpack(packed, 'at')).toThrow(Malformed);
    expect(integer(7).unpack(7, 'at')).toBe(7);
  });

  it.each<[string, unknown]>([
    ['longer than the most', [1, 2, 3]],
    ['no list', 'ab'],
    ['like a list', { length: 1, 0: 1, map: () => [1] }],
  ])('is no list where it is %s', (_, packed) => {
    expect(() => list(integer(), 2).unpack(packed, 'at')).toThrow(Malformed);
    expect(list(integer(), 2).unpack([1, 2], 'at')).toEqual([1, 2]);
  });

  it.each<[string, unknown]>([
    ['of more fields', [1, 2]],
    ['of fewer fields', []],
    ['no list', { length: 1, 0: 1 }],
  ])('is no structure where it is %s', (_, packed) => {
    expect(() => struct({ a: integer() }).unpack(packed, 'at')).toThrow(Malformed);
    expect(struct({ a: integer() }).unpack([1], 'at')).toEqual({ a: 1 });
  });

  it.each<[string, unknown]>([
    ['more than the most', new Uint8Array(3)],
    ['fewer than the least', new Uint8Array(0)],
    ['of another kind', Int32Array.of(1)],
    ['a text', 'a'],
  ])('is not the bytes that are due where it is %s', (_, packed) => {
    expect(() => bytesBetween(1, 2).unpack(packed, 'at')).toThrow(Malformed);
    expect(() => viewedBytes(1, 2).unpack(packed, 'at')).toThrow(Malformed);
  });

  it('is copied from its frame, but for what is used up as it comes', () => {
    const frame = Buffer.from([9, 1, 2, 9]);
    const copied = bytesBetween(1, 2).unpack(frame.subarray(1, 3), 'at');
    const viewed = viewedBytes(1, 2).unpack(frame.subarray(1, 3), 'at');
    expect([copied, viewed]).toEqual([Uint8Array.of(1, 2), Uint8Array.of(1, 2)]);
    expect(copied.buffer).not.toBe(frame.buffer);
    expect(viewed.buffer).toBe(frame.buffer);
  });
});
