/** Epsilon from privacy loss distributions: tight, and never below the true value. */
import { PrivacyError } from '../../privacy-error.ts';
import type { PrivacyEvent } from '../events.ts';
import { gaussianEpsilon } from '../gaussian.ts';
import { composedEpsilon } from './compose.ts';
import {
  discreteGaussianLoss,
  discreteLaplaceLoss,
  gaussianLoss,
  laplaceLoss,
  poissonGaussianLoss,
  poissonGaussianReplaceLoss,
  type LossPair,
} from './mechanisms.ts';

/** Added to what the grid gives, above every rounding in it. */
const ROUND_UP = 1e-6;

// Outside of these, a loss distribution no longer fits a grid; epsilon is then huge, or another accountant is as tight.
const MIN_NOISE_MULTIPLIER = 0.01;
const MAX_DISCRETE_SIGMA = 2 ** 13;
const MAX_DISCRETE_SENSITIVITY = 2 ** 20;

/**
 * Composes the events. All Gaussian mechanisms become one (their mu add in squares), in closed form where there is nothing else.
 * @throws PrivacyError `UNSUPPORTED` where no dominating pair is known or it does not fit a grid
 */
export function pldEpsilon(events: readonly PrivacyEvent[], delta: number): number {
  let squaredMu = 0;
  const others = new Map<string, { pair: LossPair; count: number }>();
  for (const event of events) {
    const { count = 1 } = event;
    const mu = gaussianMu(event);
    if (mu !== undefined) {
      squaredMu += count * mu * mu;
      continue;
    }
    const key = JSON.stringify({ ...event, count: 1 });
    const known = others.get(key);
    if (known === undefined) others.set(key, { pair: lossOf(event), count });
    else known.count += count;
  }
  const mu = Math.sqrt(squaredMu);
  if (others.size === 0) return mu === 0 ? 0 : gaussianEpsilon(mu, delta);
  const parts = [...others.values()];
  if (mu > 0) parts.push({ pair: gaussianLoss(checkedMultiplier(1 / mu)), count: 1 });
  const symmetric = parts.every(({ pair }) => pair.forward === pair.backward);
  const directions = symmetric ? (['forward'] as const) : (['forward', 'backward'] as const);
  const epsilons = directions.map((direction) =>
    composedEpsilon(
      parts.map(({ pair, count }) => ({ distribution: pair[direction], count })),
      delta,
    ),
  );
  const epsilon = Math.max(...epsilons);
  return epsilon === 0 ? 0 : epsilon + ROUND_UP;
}

/** L2 sensitivity over standard deviation, where the event is a Gaussian mechanism without sampling; 0 where it releases nothing. */
function gaussianMu(event: PrivacyEvent): number | undefined {
  if (event.type === 'gaussian') return 1 / event.noiseMultiplier;
  if (event.type !== 'poisson_gaussian') return undefined;
  if (event.samplingProbability === 0) return 0;
  if (event.samplingProbability < 1) return undefined;
  return (event.adjacency === 'replace_one' ? 2 : 1) / event.noiseMultiplier;
}

function lossOf(event: PrivacyEvent): LossPair {
  switch (event.type) {
    case 'gaussian':
      return gaussianLoss(checkedMultiplier(event.noiseMultiplier));
    case 'poisson_gaussian': {
      const pair = event.adjacency === 'replace_one' ? poissonGaussianReplaceLoss : poissonGaussianLoss;
      return pair(event.samplingProbability, checkedMultiplier(event.noiseMultiplier));
    }
    case 'laplace':
      return laplaceLoss(checkedMultiplier(event.scale));
    case 'discrete_laplace':
      if (event.sensitivity > MAX_DISCRETE_SENSITIVITY) {
        throw unsupported(`discrete_laplace of sensitivity above ${MAX_DISCRETE_SENSITIVITY}`);
      }
      checkedMultiplier(event.scale / event.sensitivity);
      return discreteLaplaceLoss(event.scale, event.sensitivity);
    case 'discrete_gaussian':
      if (!Number.isInteger(event.sensitivity) || event.sigma > MAX_DISCRETE_SIGMA) {
        throw unsupported(
          `discrete_gaussian with a sensitivity that is no integer, or with sigma above ${MAX_DISCRETE_SIGMA}`,
        );
      }
      checkedMultiplier(event.sigma / event.sensitivity);
      return discreteGaussianLoss(event.sigma, event.sensitivity);
    case 'sampled_without_replacement_gaussian':
      throw unsupported('sampled_without_replacement_gaussian');
    case 'zcdp':
      throw unsupported('zcdp: a bound on divergences determines no loss distribution');
  }
}

function checkedMultiplier(noiseMultiplier: number): number {
  if (noiseMultiplier < MIN_NOISE_MULTIPLIER) {
    throw unsupported(`noise below ${MIN_NOISE_MULTIPLIER} of the sensitivity`);
  }
  return noiseMultiplier;
}

function unsupported(what: string): PrivacyError {
  return new PrivacyError('UNSUPPORTED', `pld does not support ${what}; use rdp`);
}
