/** Cosine distances from one vector after the other to fixed centres. */
export interface CosineDistances {
  /**
   * @param point finite values
   * @param into one distance per centre, in 0 .. 2; 1 where the point or the centre is 0
   */
  measure(point: Float64Array | Float32Array, into: Float64Array): void;
  /** The distance to one centre. */
  to(centre: number, point: Float64Array | Float32Array): number;
}

/** @param centres row-major, one row of `dimensions` values per centre */
export function cosineDistancesTo(centres: Float64Array, dimensions: number): CosineDistances {
  const count = centres.length / dimensions;
  const norms = Float64Array.from({ length: count }, (_, k) =>
    norm(centres.subarray(k * dimensions, (k + 1) * dimensions)),
  );

  function distance(centre: number, point: Float64Array | Float32Array, length: number): number {
    let dot = 0;
    for (let j = 0, at = centre * dimensions; j < dimensions; j++, at++) {
      dot += (centres[at] as number) * (point[j] as number);
    }
    const norms2 = length * (norms[centre] as number);
    return norms2 > 0 ? Math.max(0, Math.min(2, 1 - dot / norms2)) : 1;
  }

  return {
    measure(point, into) {
      const length = norm(point);
      for (let k = 0; k < count; k++) into[k] = distance(k, point, length);
    },
    to: (centre, point) => distance(centre, point, norm(point)),
  };
}

function norm(values: Float64Array | Float32Array): number {
  let square = 0;
  for (let j = 0; j < values.length; j++) square += (values[j] as number) ** 2;
  return Math.sqrt(square);
}
