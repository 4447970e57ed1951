import { type Shape, text } from './shape.ts';

/** Longest explanation that a message carries, in UTF-16 code units. */
const MAX_DETAIL = 400;

/** An explanation for people. */
export const detailShape: Shape<string> = text(MAX_DETAIL);

/**
 * Cuts an explanation to what a message carries. Half of a surrogate pair has no UTF-8 form: it would arrive
 * as another character, and the signature over it would fail.
 */
export function clipDetail(detail: string): string {
  return detail.slice(0, MAX_DETAIL).replace(/\p{Surrogate}/gu, '\ufffd');
}
