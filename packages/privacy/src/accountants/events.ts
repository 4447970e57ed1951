/**
 * What was released, as data: the events of an accounting request, with the field names of its JSON. `noiseMultiplier` is
 * standard deviation over L2 sensitivity under the event's adjacency; for `poisson_gaussian` with `replace_one` it is
 * relative to the sensitivity of one record's presence. `scale` of `laplace` is relative to L1 sensitivity 1.
 */
import type { Adjacency } from '../adjacency.ts';

interface Repeated {
  /** How often it was released; 1 by default. */
  readonly count?: number;
  /** `add_remove` by default; all events of one composition must agree. */
  readonly adjacency?: Adjacency;
}

export interface GaussianEvent extends Repeated {
  readonly type: 'gaussian';
  readonly noiseMultiplier: number;
}

export interface PoissonGaussianEvent extends Repeated {
  readonly type: 'poisson_gaussian';
  readonly samplingProbability: number;
  readonly noiseMultiplier: number;
}

export interface SampledWithoutReplacementGaussianEvent extends Repeated {
  readonly type: 'sampled_without_replacement_gaussian';
  readonly sourceSize: number;
  readonly sampleSize: number;
  readonly noiseMultiplier: number;
}

export interface LaplaceEvent extends Repeated {
  readonly type: 'laplace';
  readonly scale: number;
}

export interface DiscreteLaplaceEvent extends Repeated {
  readonly type: 'discrete_laplace';
  readonly scale: number;
  /** L1 sensitivity, an integer. */
  readonly sensitivity: number;
}

export interface DiscreteGaussianEvent extends Repeated {
  readonly type: 'discrete_gaussian';
  readonly sigma: number;
  /** L2 sensitivity. */
  readonly sensitivity: number;
}

export interface ZcdpEvent extends Repeated {
  readonly type: 'zcdp';
  readonly rho: number;
}

export type PrivacyEvent =
  | GaussianEvent
  | PoissonGaussianEvent
  | SampledWithoutReplacementGaussianEvent
  | LaplaceEvent
  | DiscreteLaplaceEvent
  | DiscreteGaussianEvent
  | ZcdpEvent;
