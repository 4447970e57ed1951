import { describe, expect, it } from 'vitest';
import { invert, multiply, multiplyFour } from './gf256.ts';

/** The product by the definition: polynomials over GF(2), then long division by the modulus. */
function longProduct(a: number, b: number): number {
  let product = 0;
  for (let bit = 0; bit < 8; bit += 1) if ((b >>> bit) & 1) product ^= a << bit;
  for (let bit = 14; bit >= 8; bit -= 1) if ((product >>> bit) & 1) product ^= 0x11b << (bit - 8);
  return product;
}

describe('GF(2^8)', () => {
  it('gives the examples of FIPS 197, section 4.2', () => {
    expect(multiply(0x57, 0x83)).toBe(0xc1);
    expect(multiply(0x57, 0x13)).toBe(0xfe);
    expect([1, 2, 4, 8, 16].map((power) => multiply(0x57, power))).toEqual([0x57, 0xae, 0x47, 0x8e, 0x07]);
  });

  it('multiplies as the definition says, for all pairs', () => {
    const bytes = Array.from({ length: 256 }, (_, i) => i);
    for (const a of bytes) {
      expect(bytes.map((b) => multiply(a, b))).toEqual(bytes.map((b) => longProduct(a, b)));
    }
  });

  it('multiplies four bytes side by side as one by one, for all pairs', () => {
    const wrong: number[][] = [];
    for (let x = 0; x < 256; x += 1) {
      for (let a = 0; a < 256; a += 1) {
        const four = [a, a ^ 0xff, (a + 85) & 0xff, (3 * a) & 0xff];
        const packed = new DataView(new Uint8Array(four).buffer).getInt32(0);
        const product = new DataView(new ArrayBuffer(4));
        product.setInt32(0, multiplyFour(packed, x));
        const bytes = [0, 1, 2, 3].map((i) => product.getUint8(i));
        if (bytes.some((byte, i) => byte !== multiply(four[i] ?? 0, x))) wrong.push([x, a]);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('inverts every element but zero', () => {
    for (let a = 1; a < 256; a += 1) expect(multiply(a, invert(a))).toBe(1);
    expect(invert(0)).toBe(0);
    expect(invert(0x53)).toBe(0xca);
  });
});
