/** Who draws a batch's randomness. */
import type { Roster } from '../roster.ts';

/**
 * Of c + 1 organisations one member each, those first in the roster: one of them is honest, and the fewer
 * there are, the fewer can be missed. Where the cohort has not as many, all it has; members refuse those terms.
 */
export function chooseCommittee(
  roster: Roster,
  cohort: readonly number[],
  colluders: number,
): readonly number[] {
  const present = new Set(cohort);
  const eligible = (roster.committee ?? cohort).filter((id) => present.has(id));
  const byOrganisation = new Map<string, number>();
  for (const id of eligible) {
    const organisation = roster.members[id]?.organisation;
    if (organisation !== undefined && !byOrganisation.has(organisation)) byOrganisation.set(organisation, id);
  }
  return [...byOrganisation.values()].slice(0, colluders + 1).toSorted((a, b) => a - b);
}
