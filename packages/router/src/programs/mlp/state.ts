import { CanonicalBytes } from '../../bytes/canonical-bytes.ts';
import { appendParameters, type MlpParameters } from './parameters.ts';

/** Asks for the number, mean quality and costs of each model's observations. */
export interface CostsState {
  readonly phase: 'costs';
  readonly parameters: MlpParameters;
}

/** What the first sum said of each model, one value per model. */
export interface ModelMeans {
  readonly observations: Float64Array;
  readonly quality: Float64Array;
  /** Mean of the log cost z. */
  readonly logCost: Float64Array;
  /** Variance of z. */
  readonly logCostVariance: Float64Array;
}

/** Weights that an evaluation has judged. */
export interface Candidate {
  readonly weights: Float32Array;
  readonly round: number;
  /** Mean loss on held-out records; undefined where there are none. */
  readonly heldOutLoss: number | undefined;
  /** Mean square of what z differs by from its prediction, per model. */
  readonly logCostVariance: Float64Array;
}

interface Trained {
  readonly parameters: MlpParameters;
  readonly means: ModelMeans;
  readonly weights: Float32Array;
  /** The best candidate of the rounds before. */
  readonly best: Candidate | undefined;
}

/** Asks for the changes of the weights that clients train in round 1, 2, ... */
export interface TrainingState extends Trained {
  readonly phase: 'training';
  readonly round: number;
}

/** Asks how well the weights after a round do. */
export interface EvaluationState extends Trained {
  readonly phase: 'evaluation';
  readonly round: number;
}

export type MlpState = CostsState | TrainingState | EvaluationState;

export function mlpStateBytes(state: MlpState): Uint8Array {
  const bytes = new CanonicalBytes().text('tributary mlp state 1').text(state.phase);
  appendParameters(bytes, state.parameters);
  if (state.phase === 'costs') return bytes.finish();
  const { means, weights, round, best } = state;
  bytes
    .float64s(means.observations)
    .float64s(means.quality)
    .float64s(means.logCost)
    .float64s(means.logCostVariance)
    .float32s(weights)
    .uint32(round)
    .uint32(best === undefined ? 0 : best.round);
  if (best === undefined) return bytes.finish();
  return bytes
    .float32s(best.weights)
    .float64s(best.logCostVariance)
    .float64s(best.heldOutLoss === undefined ? new Float64Array() : Float64Array.of(best.heldOutLoss))
    .finish();
}
