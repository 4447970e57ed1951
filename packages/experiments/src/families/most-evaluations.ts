import type { Dataset } from '@tributary/router';

/** Most observations of one record, at least 1: how many of a record a program must count to count all. */
export function mostEvaluations({ offsets, records }: Dataset): number {
  let most = 1;
  for (let i = 0; i < records; i++) {
    most = Math.max(most, (offsets[i + 1] as number) - (offsets[i] as number));
  }
  return most;
}
