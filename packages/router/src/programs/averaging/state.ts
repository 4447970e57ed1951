import { CanonicalBytes } from '../../bytes/canonical-bytes.ts';
import { type AveragingParameters, appendAveragingParameters } from './parameters.ts';

/** Asks for the number, mean quality and costs of each model's observations. */
export interface CostsState<Parameters = AveragingParameters> {
  readonly phase: 'costs';
  readonly parameters: Parameters;
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

interface Trained<Parameters> {
  readonly parameters: Parameters;
  readonly means: ModelMeans;
  readonly weights: Float32Array;
  /** The best candidate of the rounds before. */
  readonly best: Candidate | undefined;
}

/** Asks for the changes of the weights that clients train in round 1, 2, ... */
export interface TrainingState<Parameters = AveragingParameters> extends Trained<Parameters> {
  readonly phase: 'training';
  readonly round: number;
}

/** Asks how well the weights after a round do. */
export interface EvaluationState<Parameters = AveragingParameters> extends Trained<Parameters> {
  readonly phase: 'evaluation';
  readonly round: number;
}

export type AveragingState<Parameters = AveragingParameters> =
  | CostsState<Parameters>
  | TrainingState<Parameters>
  | EvaluationState<Parameters>;

/**
 * @param program its name
 * @param appendOwn appends the parameters that the program has beside those of averaging
 */
export function averagingStateBytes<Parameters extends AveragingParameters>(
  program: string,
  state: AveragingState<Parameters>,
  appendOwn: (bytes: CanonicalBytes, parameters: Parameters) => void,
): Uint8Array {
  const bytes = new CanonicalBytes().text(`tributary ${program} state 1`).text(state.phase);
  appendAveragingParameters(bytes, state.parameters);
  appendOwn(bytes, state.parameters);
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
