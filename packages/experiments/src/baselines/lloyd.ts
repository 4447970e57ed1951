import { type Dataset, nearestCentreOf, type SeededGenerator } from '@tributary/router';

/** As in Federate the Router (Askin et al., 2026). */
const STARTS = 3;
const MAX_ITERATIONS = 30;
const TOLERANCE = 1e-4;

/**
 * Plain Lloyd iterations in doubles on data that lies in one place: 3 random starts at data points, the clustering of least inertia.
 * An empty cluster moves to a random data point.
 * @param clusters at most `data.records`
 * @returns centres, row-major
 */
export function lloydCentres(data: Dataset, clusters: number, generator: SeededGenerator): Float64Array {
  let best = new Float64Array();
  let least = Number.POSITIVE_INFINITY;
  for (let start = 0; start < STARTS; start++) {
    const centres = lloydFrom(randomRecords(data, clusters, generator), data, generator);
    const inertia = inertiaOf(data, centres);
    if (inertia < least) {
      least = inertia;
      best = centres;
    }
  }
  return best;
}

function lloydFrom(
  start: Float64Array,
  data: Dataset,
  generator: SeededGenerator,
): Float64Array<ArrayBuffer> {
  let centres = new Float64Array(start);
  for (let iteration = 0; iteration < MAX_ITERATIONS; iteration++) {
    const moved = movedToMeans(centres, data, generator);
    const shift = distance(moved, centres) / norm(centres);
    centres = moved;
    if (shift < TOLERANCE) break;
  }
  return centres;
}

function movedToMeans(
  centres: Float64Array,
  data: Dataset,
  generator: SeededGenerator,
): Float64Array<ArrayBuffer> {
  const { dimensions, records, features } = data;
  const nearest = nearestCentreOf(centres, dimensions);
  const sums = new Float64Array(centres.length);
  const counts = new Float64Array(centres.length / dimensions);
  for (let i = 0; i < records; i++) {
    const k = nearest.find(features, i * dimensions);
    counts[k] = (counts[k] as number) + 1;
    for (let j = 0; j < dimensions; j++) {
      sums[k * dimensions + j] = (sums[k * dimensions + j] as number) + (nearest.point[j] as number);
    }
  }
  counts.forEach((count, k) => {
    const row = sums.subarray(k * dimensions, (k + 1) * dimensions);
    if (count === 0) row.set(randomRecords(data, 1, generator));
    else row.forEach((sum, j) => (row[j] = sum / count));
  });
  return sums;
}

/** Features of `count` distinct records. */
function randomRecords(data: Dataset, count: number, generator: SeededGenerator): Float64Array {
  const { dimensions, features } = data;
  const order = Uint32Array.from({ length: data.records }, (_, i) => i);
  generator.shuffle(order);
  const rows = new Float64Array(count * dimensions);
  order.subarray(0, count).forEach((record, k) => {
    rows.set(features.subarray(record * dimensions, (record + 1) * dimensions), k * dimensions);
  });
  return rows;
}

function inertiaOf({ dimensions, records, features }: Dataset, centres: Float64Array): number {
  const nearest = nearestCentreOf(centres, dimensions);
  let inertia = 0;
  for (let i = 0; i < records; i++) {
    const k = nearest.find(features, i * dimensions);
    inertia += distance(nearest.point, centres.subarray(k * dimensions, (k + 1) * dimensions)) ** 2;
  }
  return inertia;
}

function norm(values: Float64Array): number {
  return Math.sqrt(values.reduce((total, value) => total + value * value, 0));
}

function distance(a: Float64Array, b: Float64Array): number {
  return Math.sqrt(a.reduce((total, value, i) => total + (value - (b[i] as number)) ** 2, 0));
}
