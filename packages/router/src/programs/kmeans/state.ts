import { CanonicalBytes } from '../../bytes/canonical-bytes.ts';
import { appendParameters, type KMeansParameters } from './parameters.ts';

/** Asks for the sums of the records nearest to each centre, to move the centres to their means. */
export interface ClusteringState {
  readonly phase: 'clustering';
  readonly parameters: KMeansParameters;
  /** Row-major, one row of `parameters.dimensions` values per centre; fewer rows than K until splitting is over. */
  readonly centres: Float64Array;
  /** Sums asked for with this number of centres, this one included: 1, 2, ... */
  readonly iteration: number;
  /** Sums asked for in all before this one. */
  readonly sums: number;
  /** Public directions used so far. */
  readonly directions: number;
}

/** Asks for what the models did in each cluster. */
export interface StatisticsState {
  readonly phase: 'statistics';
  readonly parameters: KMeansParameters;
  readonly centres: Float64Array;
}

export type KMeansState = ClusteringState | StatisticsState;

export function kmeansStateBytes(state: KMeansState): Uint8Array {
  const bytes = new CanonicalBytes().text('tributary kmeans state 1').text(state.phase);
  appendParameters(bytes, state.parameters);
  bytes.float64s(state.centres);
  if (state.phase === 'clustering') bytes.uint32(state.iteration).uint32(state.sums).uint32(state.directions);
  return bytes.finish();
}
