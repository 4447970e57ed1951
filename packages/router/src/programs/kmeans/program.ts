import { checkDataset, type Dataset } from '../../dataset.ts';
import { RouterError } from '../../errors.ts';
import type { Program, ProgramStep, RecordVector, SumPlan } from '../../program.ts';
import { averages, clusteringPlan, contributeToClustering } from './clustering.ts';
import { checkKMeansParameters, type KMeansParameters } from './parameters.ts';
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
  next(state: KMeansState, sum: Float64Array): ProgramStep<KMeansState> {
    checkSum(state, sum);
    return state.phase === 'statistics'
      ? { kind: 'finished', model: kmeansModelOf(state, sum) }
      : afterAverages(state, sum);
  },
  contribute(state: KMeansState, data: Dataset): Iterable<RecordVector> {
    checkDataset(data, state.parameters.models, state.parameters.dimensions);
    return state.phase === 'statistics'
      ? contributeToStatistics(state, data)
      : contributeToClustering(state, data);
  },
  stateBytes: kmeansStateBytes,
};

function afterAverages(state: ClusteringState, sum: Float64Array): ProgramStep<KMeansState> {
  const { parameters } = state;
  const { dimensions, seed, clusters, splitIterations, lloydIterations, tolerance } = parameters;
  const { centres, counts, shift } = averages(state, sum);
  const sums = state.sums + 1;
  const complete = counts.length === clusters;
  if (complete && (shift < tolerance || state.iteration >= lloydIterations)) {
    return askForStatistics(parameters, centres);
  }

  const refilled = refillEmpty({ centres, counts, directions: state.directions }, dimensions, seed);
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
  return state.phase === 'statistics' ? statisticsPlan(state) : clusteringPlan(state);
}

function checkSum(state: KMeansState, sum: Float64Array): void {
  const { dimension } = planOf(state);
  if (sum.length !== dimension) {
    throw new RouterError('BAD_SUM', `sum must hold ${dimension} values as planned, not ${sum.length}`);
  }
  const at = sum.findIndex((value) => !Number.isFinite(value));
  if (at >= 0) throw new RouterError('BAD_SUM', `sum[${at}] must be finite, not ${sum[at]}`);
}
