import type { Encoding } from './encoding.ts';

/** An opened sum in the units of the program: `sum / scale`, exact because the scale is a power of two. */
export function decodeSum(sum: Int32Array, encoding: Encoding): Float64Array {
  const decoded = new Float64Array(sum.length);
  for (let j = 0; j < sum.length; j++) decoded[j] = (sum[j] as number) / encoding.scale;
  return decoded;
}
