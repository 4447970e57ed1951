import { packedLength } from '@tributary/crypto';

/** Bytes of a packed vector of these terms; what the length of every upload must be. */
export function packedLengthOf(terms: { readonly dimension: number; readonly bits: number }): number {
  return packedLength(terms.dimension, terms.bits);
}
