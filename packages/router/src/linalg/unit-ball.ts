/**
 * Copies a vector, shrunk to norm 1 where it is longer: training and routing see embeddings alike, and no record weighs more than
 * its bound.
 * @param point receives `point.length` values
 * @param offset where the vector starts in `features`
 * @returns false where a value is not finite
 */
export function fillUnitBallPoint(
  point: Float64Array | Float32Array,
  features: Float32Array,
  offset: number,
): boolean {
  const dimensions = point.length;
  let square = 0;
  for (let j = 0; j < dimensions; j++) {
    const x = features[offset + j] as number;
    point[j] = x;
    square += x * x;
  }
  if (!Number.isFinite(square)) return false;
  if (square > 1) {
    const factor = 1 / Math.sqrt(square);
    for (let j = 0; j < dimensions; j++) point[j] = (point[j] as number) * factor;
  }
  return true;
}
