import type { RecordVector, SumPlan } from '../program.ts';

/** Whether a vector keeps to what its plan declares, and to the form of a `RecordVector`. */
export function isInside({ length, indices, values }: RecordVector, plan: SumPlan): boolean {
  const [places, used] = [indices.subarray(0, length), values.subarray(0, length)];
  return (
    length <= plan.recordSupport &&
    used.every((value) => Math.abs(value) <= plan.recordMax) &&
    Math.hypot(...used) <= plan.recordNorm * (1 + 1e-12) &&
    places.every((index, j) => index < plan.dimension && (j === 0 || index > (places[j - 1] ?? 0)))
  );
}
