import { CanonicalBytes } from '../../bytes/canonical-bytes.ts';
import { checkDataset, type Dataset } from '../../dataset.ts';
import type { Program, ProgramStep, RecordVector, SumPlan } from '../../program.ts';
import { checkSum } from '../check-sum.ts';
import { checkKMeansParameters } from '../kmeans/parameters.ts';
import type { StatisticsState } from '../kmeans/state.ts';
import { contributeToStatistics, statisticsPlan } from '../kmeans/statistics.ts';
import {
  appendUpdateParameters,
  checkKMeansUpdateParameters,
  type KMeansUpdateParameters,
} from './parameters.ts';
import { updatedModel } from './updated-model.ts';

/** Asks for what the models did in the clusters of the router. */
export interface KMeansUpdateState {
  readonly parameters: KMeansUpdateParameters;
}

/**
 * New models, or new observations of known ones, for a K-means router, by one sum and without those who trained it: the clusters stay, and
 * their statistics alone are asked for.
 *
 * Whoever has the router before and after can compute this sum. It is over the organisations that take part in the update, which no round lets
 * be fewer than its floors allow; so newcomers join together, in a cohort of their own.
 */
export const kmeansUpdateProgram: Program<KMeansUpdateParameters, KMeansUpdateState> = {
  name: 'kmeans-update',
  parameters: checkKMeansUpdateParameters,
  start: (parameters): ProgramStep<KMeansUpdateState> => ({
    kind: 'sum',
    plan: planOf({ parameters }),
    state: { parameters },
  }),
  next(state, sum): ProgramStep<KMeansUpdateState> {
    checkSum(sum, planOf(state));
    return { kind: 'finished', model: updatedModel(state.parameters, sum) };
  },
  contribute({ parameters }, data: Dataset): Iterable<RecordVector> {
    checkDataset(data, parameters.models, parameters.dimensions);
    return contributeToStatistics(statisticsOf(parameters), data);
  },
  stateBytes({ parameters }): Uint8Array {
    const bytes = new CanonicalBytes().text('tributary kmeans-update state 1');
    appendUpdateParameters(bytes, parameters);
    return bytes.finish();
  },
};

function planOf({ parameters }: KMeansUpdateState): SumPlan {
  return statisticsPlan(statisticsOf(parameters));
}

function statisticsOf({
  router,
  models,
  dimensions,
  seed,
  maxEvaluationsPerQuery,
}: KMeansUpdateParameters): StatisticsState {
  const { clusters, centres, costMinUsd, costMaxUsd } = router;
  return {
    phase: 'statistics',
    parameters: checkKMeansParameters({
      models,
      dimensions,
      seed,
      clusters,
      maxEvaluationsPerQuery,
      costMinUsd,
      costMaxUsd,
    }),
    centres,
  };
}
