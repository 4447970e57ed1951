import { checkDataset, type Dataset } from '../../dataset.ts';
import type { Program, ProgramStep, RecordVector, SumPlan } from '../../program.ts';
import { checkSum } from '../check-sum.ts';
import { averages, clusteringPlan, contributeToClustering, fewestRecords } from './clustering.ts';
import { checkKMeansParameters, type KMeansParameters } from './parameters.ts';
import { contributeToNoisyStatistics, noisyKMeansModelOf, noisyStatisticsPlan } from './noisy-statistics.ts';
import { scheduleOf } from './schedule.ts';
import { refillEmpty, splitLargest } from './splitting.ts';
import { kmeansStateBytes, type ClusteringState, type KMeansState } from './state.ts';
import { contributeToStatistics, kmeansModelOf, statisticsPlan } from './statistics.ts';

/**
 * The K-means router of Federate the Router (Askin et al., 2026) by secure sums alone: where the paper clusters the clients' centroids
 * once, every Lloyd iteration here is a sum over all records, as if they were pooled.
 *
 * Sums: the global mean; after each doubling of the centres `splitIterations` assign-and-average sums; with all K centres at most
 * `lloydIterations`; then the statistics. With K = 1 the statistics alone.
 */
export const kmeansProgram: Program<KMeansParameters, KMeansState> = {
  name: 'kmeans',
  parameters: checkKMeansParameters,
  start(parameters: KMeansParameters): ProgramStep<KMeansState> {
    const origin = new Float64Array(parameters.dimensions);
    if (parameters.clusters === 1) return askForStatistics(parameters, origin);
    return askForAverages({
      phase: 'clustering',
      parameters,
      centres: origin,
      iteration: 1,
      sums: 0,
      directions: 0,
    });
  },
  whenNoisy: { sums: 'noisy' },
  schedule: scheduleOf,
  next(state: KMeansState, sum: Float64Array, noiseDeviation = 0): ProgramStep<KMeansState> {
    checkSum(sum, planOf(state));
    if (state.phase === 'clustering') return afterAverages(state, sum, noiseDeviation);
    const noisy = state.parameters.sums === 'noisy';
    const model = noisy ? noisyKMeansModelOf(state, sum, noiseDeviation) : kmeansModelOf(state, sum);
    return { kind: 'finished', model };
  },
  contribute(state: KMeansState, data: Dataset): Iterable<RecordVector> {
    checkDataset(data, state.parameters.models, state.parameters.dimensions);
    if (state.phase === 'clustering') return contributeToClustering(state, data);
    const noisy = state.parameters.sums === 'noisy';
    return noisy ? contributeToNoisyStatistics(state, data) : contributeToStatistics(state, data);
  },
  stateBytes: kmeansStateBytes,
};

function afterAverages(
  state: ClusteringState,
  sum: Float64Array,
  noiseDeviation: number,
): ProgramStep<KMeansState> {
  const { parameters } = state;
  const { dimensions, seed, clusters, splitIterations, lloydIterations, tolerance } = parameters;
  const { centres, counts, shift } = averages(state, sum, noiseDeviation);
  const sums = state.sums + 1;
  const complete = counts.length === clusters;
  const converged = parameters.sums === 'exact' && shift < tolerance;
  if (complete && (converged || state.iteration >= lloydIterations)) {
    return askForStatistics(parameters, centres);
  }

  const refilled = refillEmpty(
    { centres, counts, directions: state.directions },
    dimensions,
    seed,
    fewestRecords(noiseDeviation),
  );
  // One centre has nothing to iterate over: its mean is exact after one sum.
  const settled = counts.length === 1 || state.iteration >= splitIterations;
  if (complete || !settled) {
    const { directions } = refilled;
    return askForAverages({
      ...state,
      centres: refilled.centres,
      iteration: state.iteration + 1,
      sums,
      directions,
    });
  }
  const parts = Math.min(counts.length, clusters - counts.length);
  const split = splitLargest(refilled, dimensions, seed, parts);
  return askForAverages({
    ...state,
    centres: split.centres,
    iteration: 1,
    sums,
    directions: split.directions,
  });
}

function askForAverages(state: ClusteringState): ProgramStep<KMeansState> {
  return { kind: 'sum', plan: planOf(state), state };
}

function askForStatistics(parameters: KMeansParameters, centres: Float64Array): ProgramStep<KMeansState> {
  const state: KMeansState = { phase: 'statistics', parameters, centres };
  return { kind: 'sum', plan: planOf(state), state };
}

function planOf(state: KMeansState): SumPlan {
  if (state.phase === 'clustering') return clusteringPlan(state);
  return state.parameters.sums === 'noisy' ? noisyStatisticsPlan(state) : statisticsPlan(state);
}
