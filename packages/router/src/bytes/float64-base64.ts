import { fromBase64, toBase64 } from './base64.ts';

/** Doubles as base64 of their little-endian bytes: exact, and half as long as decimal text. */
export function float64sToBase64(values: Float64Array): string {
  const bytes = new Uint8Array(8 * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => view.setFloat64(8 * i, value, true));
  return toBase64(bytes);
}

/** The doubles of what `float64sToBase64` writes; undefined for any other text. */
export function float64sFromBase64(text: string): Float64Array | undefined {
  const bytes = fromBase64(text);
  if (bytes === undefined || bytes.length % 8 !== 0) return undefined;
  const view = new DataView(bytes.buffer);
  return Float64Array.from({ length: bytes.length / 8 }, (_, i) => view.getFloat64(8 * i, true));
}
