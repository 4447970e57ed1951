/** GF(2)[x] / (x^8 + x^4 + x^3 + x + 1), the field of AES (FIPS 197 section 4). Addition is xor. */

/**
 * The product of two bytes. No table and no branch, so that the time does not tell the factors, as far as a
 * JavaScript engine allows.
 */
export function multiply(a: number, b: number): number {
  let product = 0;
  let power = a;
  for (let bit = 0; bit < 8; bit += 1) {
    product ^= power & -((b >>> bit) & 1);
    power = ((power << 1) & 0xff) ^ (0x1b & -(power >>> 7));
  }
  return product;
}

/**
 * The products of four bytes, side by side in 32 bits, with one byte that is public: the time depends on its
 * highest bit alone.
 */
export function multiplyFour(four: number, publicByte: number): number {
  let product = 0;
  let power = four;
  for (let bits = publicByte; bits > 0; bits >>>= 1) {
    product ^= power & -(bits & 1);
    power = ((power & 0x7f7f7f7f) << 1) ^ (((power >>> 7) & 0x01010101) * 0x1b);
  }
  return product;
}

/** The multiplicative inverse, as a^254; 0 for 0. */
export function invert(a: number): number {
  let power = a;
  let inverse = 1;
  for (let i = 0; i < 7; i += 1) {
    power = multiply(power, power);
    inverse = multiply(inverse, power);
  }
  return inverse;
}
