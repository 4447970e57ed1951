/** Assign and average: the sums that one Lloyd iteration needs, and what becomes of the centres. */
import type { Dataset } from '../../dataset.ts';
import { RouterError } from '../../errors.ts';
import { nearestCentreOf } from '../../linalg/nearest-centre.ts';
import type { RecordVector, SumPlan } from '../../program.ts';
import type { ClusteringState } from './state.ts';

/** Per centre: the sum of its records' features, then their number. */
export function clusteringPlan(state: ClusteringState): SumPlan {
  const { dimensions, clusters } = state.parameters;
  const centres = state.centres.length / dimensions;
  const iteration = centres < clusters ? `split ${state.sums}` : `lloyd ${state.iteration}`;
  return {
    step: centres === 1 ? 'mean' : iteration,
    dimension: centres * (dimensions + 1),
    recordNorm: Math.SQRT2,
    recordMax: 1,
    recordSupport: dimensions + 1,
  };
}

/** A record adds its features and 1 at its nearest centre. */
export function* contributeToClustering(state: ClusteringState, data: Dataset): Generator<RecordVector> {
  const { dimensions } = state.parameters;
  const nearest = nearestCentreOf(state.centres, dimensions);
  const length = dimensions + 1;
  const first = Uint32Array.from({ length }, (_, j) => j);
  const blocks = Array.from({ length: state.centres.length / dimensions }, (_, k) =>
    first.map((j) => k * length + j),
  );
  const values = new Float64Array(length);
  values[dimensions] = 1;
  for (let i = 0; i < data.records; i++) {
    const centre = nearest.find(data.features, i * dimensions);
    if (centre < 0) throw notFinite(i);
    values.set(nearest.point);
    yield { length, indices: blocks[centre] as Uint32Array, values };
  }
}

export function notFinite(record: number): RouterError {
  return new RouterError(
    'BAD_DATASET',
    `dataset.features of record ${record} hold a value that is not finite`,
  );
}

export interface Averages {
  readonly centres: Float64Array;
  readonly counts: Float64Array;
  /** |C' - C| / |C| in the Frobenius norm over the centres with records, C before and C' after; infinite where C is 0. */
  readonly shift: number;
}

/** The count below which a cluster has no records that could be told from noise. */
export function fewestRecords(noiseDeviation: number): number {
  return Math.max(0.5, 2 * noiseDeviation);
}

/**
 * The mean of each centre's records; a centre without records stays where it is.
 * @throws RouterError `NO_RECORDS`
 */
export function averages(state: ClusteringState, sum: Float64Array, noiseDeviation: number): Averages {
  const { dimensions } = state.parameters;
  const centres = state.centres.slice();
  const counts = new Float64Array(centres.length / dimensions);
  const fewest = fewestRecords(noiseDeviation);
  let records = 0;
  let moved = 0;
  let before = 0;
  for (let k = 0; k < counts.length; k++) {
    const start = k * (dimensions + 1);
    const count = sum[start + dimensions] as number;
    counts[k] = count;
    records += count;
    if (count < fewest) continue;
    const step = noiseDeviation === 0 ? 1 : trustedStep(state, sum, k, noiseDeviation);
    for (let j = 0; j < dimensions; j++) {
      const at = k * dimensions + j;
      const old = centres[at] as number;
      const told = (sum[start + j] as number) / count;
      const mean = step === 1 ? told : old + step * (told - old);
      centres[at] = mean;
      moved += (mean - old) * (mean - old);
      before += old * old;
    }
  }
  if (records < 0.5) {
    throw new RouterError(
      'NO_RECORDS',
      'the survivors hold no records, or no more than the noise of this budget: nothing can be learned',
    );
  }
  return { centres, counts, shift: before > 0 ? Math.sqrt(moved / before) : Number.POSITIVE_INFINITY };
}

/**
 * How far a centre follows what a noisy sum says its mean is: all the way where that lies much farther from it than noise does, not at all where
 * noise alone lies as far (the estimator of James and Stein 1961, positive part, towards the centre before).
 */
function trustedStep(
  { parameters, centres }: ClusteringState,
  sum: Float64Array,
  cluster: number,
  noiseDeviation: number,
): number {
  const { dimensions } = parameters;
  const start = cluster * (dimensions + 1);
  const count = sum[start + dimensions] as number;
  let distance = 0;
  for (let j = 0; j < dimensions; j++) {
    const moved = (sum[start + j] as number) - count * (centres[cluster * dimensions + j] as number);
    distance += moved * moved;
  }
  const noise = dimensions * noiseDeviation * noiseDeviation;
  return distance > noise ? 1 - noise / distance : 0;
}
