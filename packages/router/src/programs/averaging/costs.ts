/** The first sum: the statistics of K-means with one cluster. They scale the targets of the cost heads. */
import type { Dataset } from '../../dataset.ts';
import { type CostScaler, costScalerOf } from '../../network/cost-scaler.ts';
import type { RecordVector, SumPlan } from '../../program.ts';
import { checkKMeansParameters } from '../kmeans/parameters.ts';
import type { StatisticsState } from '../kmeans/state.ts';
import { contributeToStatistics, kmeansModelOf, statisticsPlan } from '../kmeans/statistics.ts';
import type { AveragingParameters } from './parameters.ts';
import type { CostsState, ModelMeans } from './state.ts';

export function costsPlan({ parameters }: CostsState): SumPlan {
  return { ...statisticsPlan(oneCluster(parameters)), step: 'costs' };
}

export function contributeToCosts({ parameters }: CostsState, data: Dataset): Iterable<RecordVector> {
  return contributeToStatistics(oneCluster(parameters), data);
}

/** @throws RouterError `NO_OBSERVATIONS` */
export function modelMeans({ parameters }: CostsState, sum: Float64Array): ModelMeans {
  const { observations, quality, logCost, logCostVariance } = kmeansModelOf(oneCluster(parameters), sum);
  return { observations, quality, logCost, logCostVariance };
}

export function scalerOf({ observations, logCost, logCostVariance }: ModelMeans): CostScaler {
  return costScalerOf(observations, logCost, logCostVariance);
}

function oneCluster(parameters: AveragingParameters): StatisticsState {
  const { models, dimensions, seed, maxEvaluationsPerQuery, costMinUsd, costMaxUsd } = parameters;
  return {
    phase: 'statistics',
    parameters: checkKMeansParameters({
      models,
      dimensions,
      seed,
      clusters: 1,
      maxEvaluationsPerQuery,
      costMinUsd,
      costMaxUsd,
    }),
    centres: new Float64Array(dimensions),
  };
}
