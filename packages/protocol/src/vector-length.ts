import { packedLength } from '@tributary/crypto';

/** Bytes of a packed vector of these terms; what the length of every upload must be. */
export function packedLengthOf(terms: { readonly dimension: number; readonly bits: number }): number {
  return packedLength(terms.dimension, terms.bits);
}

/**
 * Whether the bits behind the last word of a packed vector are zero, as the packing has them. A signed digest
 * covers them, so a vector with others must be refused before any of it is added.
 */
export function unusedBitsAreZero(
  terms: { readonly dimension: number; readonly bits: number },
  lastByte: number,
): boolean {
  const used = (terms.dimension * terms.bits) % 8;
  return used === 0 || lastByte >>> used === 0;
}
