import { fromBase64, toBase64 } from './base64.ts';

/** Single-precision numbers as base64 of their little-endian bytes. */
export function float32sToBase64(values: Float32Array): string {
  const bytes = new Uint8Array(4 * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => view.setFloat32(4 * i, value, true));
  return toBase64(bytes);
}

/** The numbers of what `float32sToBase64` writes; undefined for any other text. */
export function float32sFromBase64(text: string): Float32Array | undefined {
  const bytes = fromBase64(text);
  if (bytes === undefined || bytes.length % 4 !== 0) return undefined;
  const view = new DataView(bytes.buffer);
  const values = new Float32Array(bytes.length / 4);
  for (let i = 0; i < values.length; i++) values[i] = view.getFloat32(4 * i, true);
  return values;
}
