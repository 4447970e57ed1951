import { describe, expect, it } from 'vitest';
import { integer, list, Malformed, struct } from './shape.ts';

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
});
