import { PrivacyError } from '../privacy-error.ts';
import { requireInteger } from '../parameters.ts';

/**
 * Which records enter the sums of a run where the unit is an end user: of each user at most as many as are declared, the first in an order
 * that nobody else knows. The same ones in every round of a run, or differences of sums would tell users apart.
 * @param units for each record the number of its end user; what belongs to nobody needs a number of its own
 * @param order a secret random permutation of the records, the same throughout a run
 * @param most `recordsPerUnit` of the declaration
 * @returns indices of records, ascending
 * @throws PrivacyError `BAD_PARAMETER` where `order` is no permutation of the records
 */
export function boundRecordsPerUnit(units: Uint32Array, order: Uint32Array, most: number): Uint32Array {
  requireInteger('most', most, 1);
  const kept = new Uint8Array(units.length);
  const counts = new Map<number, number>();
  const seen = new Uint8Array(units.length);
  for (const record of order) {
    const unit = units[record];
    if (unit === undefined || seen[record] === 1) {
      throw new PrivacyError('BAD_PARAMETER', `order must name each of ${units.length} records once`);
    }
    seen[record] = 1;
    const count = counts.get(unit) ?? 0;
    if (count >= most) continue;
    counts.set(unit, count + 1);
    kept[record] = 1;
  }
  if (order.length !== units.length) {
    throw new PrivacyError('BAD_PARAMETER', `order must name each of ${units.length} records once`);
  }
  return Uint32Array.from(kept.keys()).filter((record) => kept[record] === 1);
}
