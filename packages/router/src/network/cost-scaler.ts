/**
 * Heads predict costs on a scale of their model: standard deviations of its log cost z from its mean. Means and deviations come from sums
 * over training observations, so that every head starts near the truth and all weigh alike in the loss.
 */
export interface CostScaler {
  /** Mean of z per model. */
  readonly mean: Float64Array;
  /** Standard deviation of z per model, at least `LEAST_DEVIATION`. */
  readonly deviation: Float64Array;
  /** Whether anybody observed the model; where nobody did, nothing is learned and nothing predicted. */
  readonly known: readonly boolean[];
}

/** In units of z: below it, costs are constant but for rounding. */
const LEAST_DEVIATION = 1e-3;

/** Scaled costs are clipped to +- this, targets and predictions alike. */
export const MOST_DEVIATIONS = 3;

/**
 * @param observations number per model; half an observation is none
 * @param mean of z per model
 * @param variance of z per model
 */
export function costScalerOf(
  observations: Float64Array,
  mean: Float64Array,
  variance: Float64Array,
): CostScaler {
  return {
    mean,
    deviation: variance.map((value) => Math.max(LEAST_DEVIATION, Math.sqrt(value))),
    known: Array.from(observations, (n) => n >= 0.5),
  };
}

export function scaledCost({ mean, deviation }: CostScaler, model: number, z: number): number {
  return clippedDeviations((z - (mean[model] as number)) / (deviation[model] as number));
}

export function clippedDeviations(value: number): number {
  return Math.max(-MOST_DEVIATIONS, Math.min(MOST_DEVIATIONS, value));
}
