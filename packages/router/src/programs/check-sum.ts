import { RouterError } from '../errors.ts';
import type { SumPlan } from '../program.ts';

/** @throws RouterError `BAD_SUM` where a sum is not what its plan asked for */
export function checkSum(sum: Float64Array, { dimension }: SumPlan): void {
  if (sum.length !== dimension) {
    throw new RouterError('BAD_SUM', `sum must hold ${dimension} values as planned, not ${sum.length}`);
  }
  const at = sum.findIndex((value) => !Number.isFinite(value));
  if (at >= 0) throw new RouterError('BAD_SUM', `sum[${at}] must be finite, not ${sum[at]}`);
}
