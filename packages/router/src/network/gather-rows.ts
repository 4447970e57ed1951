import type { Examples } from './examples.ts';

/** Copies the features of some records, row by row. */
export function gatherRows(
  inputs: Float32Array,
  { features }: Examples,
  records: Uint32Array,
  dimensions: number,
): void {
  for (let i = 0; i < records.length; i++) {
    const from = (records[i] as number) * dimensions;
    inputs.set(features.subarray(from, from + dimensions), i * dimensions);
  }
}
