import { CanonicalBytes } from '../../bytes/canonical-bytes.ts';
import { appendParameters, type DpSgdParameters } from './parameters.ts';

/** Asks for what each model did on average. */
export interface StatisticsState {
  readonly phase: 'statistics';
  readonly parameters: DpSgdParameters;
}

/** What noisy statistics say of each model, one value per model. */
export interface ModelMeans {
  /** Noisy number of observations; 0 where it could be noise. */
  readonly observations: Float64Array;
  /** In [0.01, 0.99]. */
  readonly quality: Float64Array;
  /** Of the log cost z. */
  readonly logCost: Float64Array;
  /** Of z around its model's mean, one for all models. */
  readonly logCostVariance: number;
  /** Noisy number of units behind them, at least 1: the denominator of every step, so that none of its own is released. */
  readonly units: number;
}

/** Asks for a noisy gradient, or a noisy change. */
export interface StepState {
  readonly phase: 'step';
  readonly parameters: DpSgdParameters;
  readonly means: ModelMeans;
  /** 1 .. `parameters.steps`. */
  readonly step: number;
  /** Trained values in the order of `layoutOf`, all 0 at the start. */
  readonly trained: Float64Array;
  readonly velocity: Float64Array;
  /** Sum of `trained` over the steps that are averaged so far. */
  readonly total: Float64Array;
}

export type DpSgdState = StatisticsState | StepState;

export function dpSgdStateBytes(state: DpSgdState): Uint8Array {
  const bytes = new CanonicalBytes().text('tributary dp-sgd state 1').text(state.phase);
  appendParameters(bytes, state.parameters);
  if (state.phase === 'statistics') return bytes.finish();
  const { means, step, trained, velocity, total } = state;
  return bytes
    .float64s(means.observations)
    .float64s(means.quality)
    .float64s(means.logCost)
    .float64(means.logCostVariance)
    .float64(means.units)
    .uint32(step)
    .float64s(trained)
    .float64s(velocity)
    .float64s(total)
    .finish();
}
