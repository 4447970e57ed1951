/**
 * Assigns many points to their nearest centres at once: what clustering data in one place spends its time on. Four points meet four
 * centres in one pass, so that eight loads serve sixteen products. Each dot product is summed in the order of the coordinates, as
 * `nearestCentreOf` sums it, so both give the same index.
 */
const TILE = 4;

/**
 * @param points row-major, `labels.length * dimensions` values, each row in the unit ball
 * @param centres row-major, one row of `dimensions` values per centre
 * @param labels is given the index of each point's nearest centre in Euclidean distance, the first on ties
 */
export function assignNearestCentres(
  points: Float64Array,
  dimensions: number,
  centres: Float64Array,
  labels: Uint32Array,
): void {
  const count = centres.length / dimensions;
  const halfSquares = Float64Array.from({ length: count }, (_, k) =>
    halfSquare(centres, k * dimensions, dimensions),
  );
  const dots = new Float64Array(TILE * TILE);
  const best = new Float64Array(TILE);
  for (let first = 0; first < labels.length; first += TILE) {
    const rows = Math.min(TILE, labels.length - first);
    best.fill(Number.NEGATIVE_INFINITY);
    for (let k = 0; k < count; k += TILE) {
      const columns = Math.min(TILE, count - k);
      if (rows === TILE && columns === TILE) {
        tileDots(points, first * dimensions, centres, k * dimensions, dimensions, dots);
      } else {
        edgeDots(points, first * dimensions, rows, centres, k * dimensions, columns, dimensions, dots);
      }
      for (let r = 0; r < rows; r++) {
        for (let c = 0; c < columns; c++) {
          const score = (dots[r * TILE + c] as number) - (halfSquares[k + c] as number);
          if (score > (best[r] as number)) {
            best[r] = score;
            labels[first + r] = k + c;
          }
        }
      }
    }
  }
}

function halfSquare(values: Float64Array, start: number, length: number): number {
  let square = 0;
  for (let j = start; j < start + length; j++) square += (values[j] as number) * (values[j] as number);
  return square / 2;
}

function edgeDots(
  points: Float64Array,
  p: number,
  rows: number,
  centres: Float64Array,
  c: number,
  columns: number,
  dimensions: number,
  dots: Float64Array,
): void {
  for (let r = 0; r < rows; r++) {
    for (let k = 0; k < columns; k++) {
      let dot = 0;
      for (let j = 0; j < dimensions; j++) {
        dot += (points[p + r * dimensions + j] as number) * (centres[c + k * dimensions + j] as number);
      }
      dots[r * TILE + k] = dot;
    }
  }
}

function tileDots(
  points: Float64Array,
  p: number,
  centres: Float64Array,
  c: number,
  dimensions: number,
  dots: Float64Array,
): void {
  const d = dimensions;
  let a0 = 0,
    a1 = 0,
    a2 = 0,
    a3 = 0;
  let b0 = 0,
    b1 = 0,
    b2 = 0,
    b3 = 0;
  let e0 = 0,
    e1 = 0,
    e2 = 0,
    e3 = 0;
  let f0 = 0,
    f1 = 0,
    f2 = 0,
    f3 = 0;
  for (let j = 0; j < d; j++) {
    const x0 = points[p + j] as number;
    const x1 = points[p + d + j] as number;
    const x2 = points[p + 2 * d + j] as number;
    const x3 = points[p + 3 * d + j] as number;
    const y0 = centres[c + j] as number;
    const y1 = centres[c + d + j] as number;
    const y2 = centres[c + 2 * d + j] as number;
    const y3 = centres[c + 3 * d + j] as number;
    a0 += x0 * y0;
    a1 += x0 * y1;
    a2 += x0 * y2;
    a3 += x0 * y3;
    b0 += x1 * y0;
    b1 += x1 * y1;
    b2 += x1 * y2;
    b3 += x1 * y3;
    e0 += x2 * y0;
    e1 += x2 * y1;
    e2 += x2 * y2;
    e3 += x2 * y3;
    f0 += x3 * y0;
    f1 += x3 * y1;
    f2 += x3 * y2;
    f3 += x3 * y3;
  }
  dots[0] = a0;
  dots[1] = a1;
  dots[2] = a2;
  dots[3] = a3;
  dots[4] = b0;
  dots[5] = b1;
  dots[6] = b2;
  dots[7] = b3;
  dots[8] = e0;
  dots[9] = e1;
  dots[10] = e2;
  dots[11] = e3;
  dots[12] = f0;
  dots[13] = f1;
  dots[14] = f2;
  dots[15] = f3;
}
