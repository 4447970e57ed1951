/** The RDP curve of each event. */
import { PrivacyError } from '../../privacy-error.ts';
import type { PrivacyEvent } from '../events.ts';
import { composeRdp, type RdpCurve } from './curve.ts';
import { poissonGaussianRdp } from './poisson-gaussian.ts';
import { discreteLaplaceRdp, gaussianRdp, laplaceRdp, zcdpRdp } from './unsampled.ts';
import { withoutReplacementGaussianRdp } from './without-replacement-gaussian.ts';

/** @throws PrivacyError `UNSUPPORTED` where no sound curve is implemented */
export function rdpOf(events: readonly PrivacyEvent[]): RdpCurve {
  return composeRdp(events.map((event) => ({ curve: curveOf(event), count: event.count ?? 1 })));
}

function curveOf(event: PrivacyEvent): RdpCurve {
  const adjacency = event.adjacency ?? 'add_remove';
  switch (event.type) {
    case 'gaussian':
      return gaussianRdp(event.noiseMultiplier);
    case 'poisson_gaussian':
      if (adjacency === 'replace_one') {
        throw new PrivacyError(
          'UNSUPPORTED',
          'rdp has no bound for poisson_gaussian under replace_one; use pld, or add_remove or zero_out',
        );
      }
      return poissonGaussianRdp(event.samplingProbability, event.noiseMultiplier);
    case 'sampled_without_replacement_gaussian':
      if (adjacency !== 'replace_one') {
        throw new PrivacyError(
          'UNSUPPORTED',
          `sampled_without_replacement_gaussian is defined under replace_one, not ${adjacency}: its sample size is public`,
        );
      }
      return withoutReplacementGaussianRdp(event.sampleSize / event.sourceSize, event.noiseMultiplier);
    case 'laplace':
      return laplaceRdp(event.scale);
    case 'discrete_laplace':
      return discreteLaplaceRdp(event.scale, event.sensitivity);
    case 'discrete_gaussian':
      // The zCDP bound of Canonne, Kamath, Steinke 2020, proposition 5; it holds in any dimension.
      return gaussianRdp(event.sigma / event.sensitivity);
    case 'zcdp':
      return zcdpRdp(event.rho);
  }
}
