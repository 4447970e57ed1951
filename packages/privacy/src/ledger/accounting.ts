/** Epsilon of what a ledger released, by several accountants, and as an event tree that others can recompute. */
import { account, type Accountant, type Accounted } from '../accountants/account.ts';
import type { PrivacyEvent } from '../accountants/events.ts';
import type { ReleasedRound } from './verify-ledger.ts';

/**
 * What was released as events: each sum is a discrete Gaussian with the noise of the honest survivors. `pld` knows no discrete Gaussian in
 * many dimensions; it is given continuous ones of the same noise multiplier, so its epsilon is what to expect, not what is proved.
 * @param colluders c
 */
export function releaseEvents(
  releases: readonly ReleasedRound[],
  colluders: number,
  accountant: Accountant,
): readonly PrivacyEvent[] {
  return releases.map(({ survivors, variance, normBound }) => {
    const sigma = Math.sqrt(Math.max(1, survivors - colluders) * Number(variance));
    const adjacency = 'zero_out' as const;
    return accountant === 'pld'
      ? { type: 'gaussian', adjacency, noiseMultiplier: sigma / normBound }
      : { type: 'discrete_gaussian', adjacency, sigma, sensitivity: normBound };
  });
}

/** @throws PrivacyError `BAD_PARAMETER` on a delta outside (0, 1) */
export function accountReleases(
  releases: readonly ReleasedRound[],
  colluders: number,
  delta: number,
  accountant: Accountant,
): Accounted {
  return account(releaseEvents(releases, colluders, accountant), delta, accountant);
}

/** A privacy event in the names of Google's dp_accounting: `class_name` is the class, the other fields are its arguments. */
export type DpEventTree =
  | { readonly class_name: 'GaussianDpEvent'; readonly noise_multiplier: number }
  | { readonly class_name: 'SelfComposedDpEvent'; readonly event: DpEventTree; readonly count: number }
  | { readonly class_name: 'ComposedDpEvent'; readonly events: readonly DpEventTree[] };

/** All releases, in order, as one tree; equal neighbours are counted. A discrete Gaussian stands as the Gaussian with the same RDP bound. */
export function dpEventTree(releases: readonly ReleasedRound[], colluders: number): DpEventTree {
  const events: { multiplier: number; count: number }[] = [];
  for (const { survivors, variance, normBound } of releases) {
    const sigma = Math.sqrt(Math.max(1, survivors - colluders) * Number(variance));
    const multiplier = sigma / normBound;
    const last = events.at(-1);
    if (last?.multiplier === multiplier) last.count += 1;
    else events.push({ multiplier, count: 1 });
  }
  return {
    class_name: 'ComposedDpEvent',
    events: events.map(({ multiplier, count }) => {
      const event: DpEventTree = { class_name: 'GaussianDpEvent', noise_multiplier: multiplier };
      return count === 1 ? event : { class_name: 'SelfComposedDpEvent', event, count };
    }),
  };
}
