import { type Dataset, matrixKernel, type SeededGenerator } from '@tributary/router';

/** As in Federate the Router (Askin et al., 2026). */
const STARTS = 3;
const MAX_ITERATIONS = 30;
const TOLERANCE = 1e-4;

/** Gives each point the index of its nearest centre. */
type Assign = (centres: Float64Array, labels: Uint32Array) => void;

/**
 * Plain Lloyd iterations on data that lies in one place: 3 random starts at data points, the clustering of least inertia. Distances
 * are compared in single precision, means are taken in doubles. An empty cluster moves to a random data point.
 * @param clusters at most `data.records`
 * @returns centres, row-major
 */
export function lloydCentres(data: Dataset, clusters: number, generator: SeededGenerator): Float64Array {
  const points = unitBallPoints(data);
  const labels = new Uint32Array(data.records);
  return withAssignment(points, labels.length, clusters, (assign) => {
    let best = new Float64Array();
    let least = Number.POSITIVE_INFINITY;
    for (let start = 0; start < STARTS; start++) {
      const first = randomPoints(points, data.dimensions, clusters, generator);
      const centres = lloydFrom(first, points, labels, generator, assign);
      assign(centres, labels);
      const inertia = inertiaOf(points, data.dimensions, centres, labels);
      if (inertia < least) {
        least = inertia;
        best = centres;
      }
    }
    return best;
  });
}

/** All dot products at once, by the kernel that trains the MLP: clustering spends its time on them. */
function withAssignment<Result>(
  points: Float64Array,
  records: number,
  clusters: number,
  work: (assign: Assign) => Result,
): Result {
  const dimensions = points.length / records;
  const shape = { m: records, k: dimensions, n: clusters };
  const sizes = { points: points.length, centres: clusters * dimensions, dots: records * clusters };
  return matrixKernel.withWorkspace(sizes, [shape], ({ arrays, multiplyTransposedB }) => {
    arrays.points.set(points);
    return work((centres, labels) => {
      arrays.centres.set(centres);
      multiplyTransposedB(arrays.points, arrays.centres, arrays.dots, shape);
      const halfSquares = Float64Array.from({ length: clusters }, (_, k) =>
        centres
          .subarray(k * dimensions, (k + 1) * dimensions)
          .reduce((sum, value) => sum + (value * value) / 2, 0),
      );
      for (let i = 0; i < labels.length; i++) {
        let best = Number.NEGATIVE_INFINITY;
        for (let k = 0; k < clusters; k++) {
          const score = (arrays.dots[i * clusters + k] ?? 0) - (halfSquares[k] ?? 0);
          if (score > best) {
            best = score;
            labels[i] = k;
          }
        }
      }
    });
  });
}

/** The data as it is clustered: a vector longer than 1 is scaled to length 1, as in routing. */
function unitBallPoints({ dimensions, records, features }: Dataset): Float64Array {
  const points = Float64Array.from(features);
  for (let i = 0; i < records; i++) {
    const row = points.subarray(i * dimensions, (i + 1) * dimensions);
    const length = norm(row);
    if (length > 1) row.forEach((value, j) => (row[j] = value / length));
  }
  return points;
}

function lloydFrom(
  start: Float64Array<ArrayBuffer>,
  points: Float64Array,
  labels: Uint32Array,
  generator: SeededGenerator,
  assign: Assign,
): Float64Array<ArrayBuffer> {
  const dimensions = points.length / labels.length;
  let centres = start;
  for (let iteration = 0; iteration < MAX_ITERATIONS; iteration++) {
    assign(centres, labels);
    const moved = means(points, dimensions, labels, centres.length / dimensions, generator);
    const shift = distance(moved, centres) / norm(centres);
    centres = moved;
    if (shift < TOLERANCE) break;
  }
  return centres;
}

function means(
  points: Float64Array,
  dimensions: number,
  labels: Uint32Array,
  clusters: number,
  generator: SeededGenerator,
): Float64Array<ArrayBuffer> {
  const sums = new Float64Array(clusters * dimensions);
  const counts = new Float64Array(clusters);
  for (let i = 0; i < labels.length; i++) {
    const k = labels[i] as number;
    counts[k] = (counts[k] as number) + 1;
    for (let j = 0, from = i * dimensions, to = k * dimensions; j < dimensions; j++) {
      sums[to + j] = (sums[to + j] as number) + (points[from + j] as number);
    }
  }
  counts.forEach((count, k) => {
    const row = sums.subarray(k * dimensions, (k + 1) * dimensions);
    if (count === 0) row.set(randomPoints(points, dimensions, 1, generator));
    else row.forEach((sum, j) => (row[j] = sum / count));
  });
  return sums;
}

/** `count` distinct points. */
function randomPoints(
  points: Float64Array,
  dimensions: number,
  count: number,
  generator: SeededGenerator,
): Float64Array<ArrayBuffer> {
  const order = Uint32Array.from({ length: points.length / dimensions }, (_, i) => i);
  generator.shuffle(order);
  const rows = new Float64Array(count * dimensions);
  order.subarray(0, count).forEach((point, k) => {
    rows.set(points.subarray(point * dimensions, (point + 1) * dimensions), k * dimensions);
  });
  return rows;
}

function inertiaOf(
  points: Float64Array,
  dimensions: number,
  centres: Float64Array,
  labels: Uint32Array,
): number {
  let inertia = 0;
  labels.forEach((k, i) => {
    for (let j = 0; j < dimensions; j++) {
      inertia += ((points[i * dimensions + j] as number) - (centres[k * dimensions + j] as number)) ** 2;
    }
  });
  return inertia;
}

function norm(values: Float64Array): number {
  return Math.sqrt(values.reduce((total, value) => total + value * value, 0));
}

function distance(a: Float64Array, b: Float64Array): number {
  return Math.sqrt(a.reduce((total, value, i) => total + (value - (b[i] as number)) ** 2, 0));
}
