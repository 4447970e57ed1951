import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeFloat16, encodeFloat16 } from './half-float.ts';

function decoded(bits: number): number {
  return decodeFloat16(Uint8Array.of(bits & 0xff, bits >>> 8)).at(0) ?? Number.NaN;
}

function encoded(value: number): number {
  return new DataView(encodeFloat16(Float32Array.of(value)).buffer).getUint16(0, true);
}

describe('half precision (IEEE 754 binary16)', () => {
  it.each([
    [0x0000, 0],
    [0x8000, -0],
    [0x3c00, 1],
    [0xc000, -2],
    [0x3555, 0.333251953125],
    [0x7bff, 65_504],
    [0x0400, 2 ** -14],
    [0x03ff, 1023 * 2 ** -24],
    [0x0001, 2 ** -24],
    [0x7c00, Number.POSITIVE_INFINITY],
    [0xfc00, Number.NEGATIVE_INFINITY],
    [0x7e00, Number.NaN],
  ])('0x%x is %d', (bits, value) => {
    expect(decoded(bits)).toBe(value);
    expect(encoded(value)).toBe(bits);
  });

  it('keeps each of its numbers through decoding and encoding', () => {
    const bytes = new Uint8Array(2 * 0x1_0000);
    for (let bits = 0; bits < 0x1_0000; bits++) {
      const isNaN = (bits & 0x7c00) === 0x7c00 && (bits & 0x3ff) !== 0;
      const canonical = isNaN ? 0x7e00 : bits;
      bytes[2 * bits] = canonical & 0xff;
      bytes[2 * bits + 1] = canonical >>> 8;
    }
    expect(Buffer.compare(encodeFloat16(decodeFloat16(bytes)), bytes)).toBe(0);
  });

  it('rounds to the nearest, and halfway to the even one', () => {
    expect(encoded(1 + 2 ** -11)).toBe(0x3c00);
    expect(encoded(1 + 3 * 2 ** -11)).toBe(0x3c02);
    expect(encoded(2 - 2 ** -12)).toBe(0x4000);
    expect(encoded(65_519)).toBe(0x7bff);
    expect(encoded(65_520)).toBe(0x7c00);
    expect(encoded(2 ** -25)).toBe(0);
    fc.assert(
      fc.property(fc.float({ min: -65_000, max: 65_000, noNaN: true }), (value) => {
        const bits = encoded(value);
        const error = Math.abs(decoded(bits) - value);
        const neighbours = [bits - 1, bits + 1]
          .map((other) => decoded(other & 0xffff))
          .filter(Number.isFinite);
        for (const other of neighbours) expect(error).toBeLessThanOrEqual(Math.abs(other - value));
      }),
    );
  });
});
