import type { RecordVector } from '../program.ts';

/** The sum of vectors that lie in one place: what a secure sum gives, without its rounding to integers. */
export function sumInDoubles(vectors: Iterable<RecordVector>, dimension: number): Float64Array {
  const sum = new Float64Array(dimension);
  for (const { length, indices, values } of vectors) {
    for (let j = 0; j < length; j++) {
      const index = indices[j] as number;
      sum[index] = (sum[index] as number) + (values[j] as number);
    }
  }
  return sum;
}
