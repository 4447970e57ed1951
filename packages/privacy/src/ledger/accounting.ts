/** Epsilon of what a ledger released, by several accountants, and as an event tree that others can recompute. */
import { account, type Accountant, type Accounted } from '../accountants/account.ts';
import type { PrivacyEvent } from '../accountants/events.ts';
import { unitProbability } from '../zcdp/sampled-charge.ts';
import type { ReleasedRound } from './verify-ledger.ts';

/**
 * What was released as events: each sum is a discrete Gaussian with the noise of the honest survivors. `pld` knows no discrete Gaussian in
 * many dimensions; it is given continuous ones of the same noise multiplier, so its epsilon is what to expect, not what is proved. So is
 * that of `rdp` where records were sampled, because it takes the best of all orders and integers alone are proved; `zcdp` knows no sampling
 * and counts every record as present.
 * @param recordsPerUnit as declared
 * @param colluders c
 */
export function releaseEvents(
  releases: readonly ReleasedRound[],
  colluders: number,
  accountant: Accountant,
  recordsPerUnit: number = 1,
): readonly PrivacyEvent[] {
  return releases.map(({ survivors, variance, normBound, sampling = 1 }) => {
    const sigma = Math.sqrt(Math.max(1, survivors - colluders) * Number(variance));
    const adjacency = 'zero_out' as const;
    if (sampling < 1 && accountant !== 'zcdp') {
      const samplingProbability = unitProbability(sampling, recordsPerUnit);
      return { type: 'poisson_gaussian', adjacency, samplingProbability, noiseMultiplier: sigma / normBound };
    }
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
  recordsPerUnit: number = 1,
): Accounted {
  return account(releaseEvents(releases, colluders, accountant, recordsPerUnit), delta, accountant);
}

/** A privacy event in the names of Google's dp_accounting: `class_name` is the class, the other fields are its arguments. */
export type DpEventTree =
  | { readonly class_name: 'GaussianDpEvent'; readonly noise_multiplier: number }
  | {
      readonly class_name: 'PoissonSampledDpEvent';
      readonly sampling_probability: number;
      readonly event: DpEventTree;
    }
  | { readonly class_name: 'SelfComposedDpEvent'; readonly event: DpEventTree; readonly count: number }
  | { readonly class_name: 'ComposedDpEvent'; readonly events: readonly DpEventTree[] };

/** All releases, in order, as one tree; equal neighbours are counted. A discrete Gaussian stands as the Gaussian with the same RDP bound. */
export function dpEventTree(
  releases: readonly ReleasedRound[],
  colluders: number,
  recordsPerUnit: number = 1,
): DpEventTree {
  const events: { multiplier: number; probability: number; count: number }[] = [];
  for (const { survivors, variance, normBound, sampling = 1 } of releases) {
    const sigma = Math.sqrt(Math.max(1, survivors - colluders) * Number(variance));
    const multiplier = sigma / normBound;
    const last = events.at(-1);
    const probability = unitProbability(sampling, recordsPerUnit);
    if (last?.multiplier === multiplier && last.probability === probability) last.count += 1;
    else events.push({ multiplier, probability, count: 1 });
  }
  return {
    class_name: 'ComposedDpEvent',
    events: events.map(({ multiplier, probability, count }) => {
      const gaussian: DpEventTree = { class_name: 'GaussianDpEvent', noise_multiplier: multiplier };
      const event: DpEventTree =
        probability === 1
          ? gaussian
          : { class_name: 'PoissonSampledDpEvent', sampling_probability: probability, event: gaussian };
      return count === 1 ? event : { class_name: 'SelfComposedDpEvent', event, count };
    }),
  };
}
