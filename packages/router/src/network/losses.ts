/**
 * The two losses on one observation: the Brier score of the predicted quality, and the smooth L1 loss (Huber's, with
 * its corner at 1) of the predicted scaled cost. Both with weight 1.
 */

/** Predicted quality from its head's output. */
export function sigmoid(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}

export function smoothL1(error: number): number {
  const size = Math.abs(error);
  return size < 1 ? 0.5 * size * size : size - 0.5;
}

/** Derivative of `smoothL1`. */
export function smoothL1Slope(error: number): number {
  return Math.max(-1, Math.min(1, error));
}
