import type { MlpModel } from '../../artifact/model.ts';
import { mlpArchitecture } from '../../mlp/architecture.ts';
import type { Program } from '../../program.ts';
import { scalerOf } from '../averaging/costs.ts';
import { type AveragedRouter, averagingProgram } from '../averaging/program.ts';
import type { AveragingState } from '../averaging/state.ts';
import { appendMlpParameters, checkMlpParameters, type MlpParameters, shapeOf } from './parameters.ts';

export const MLP_ROUTER: AveragedRouter<MlpParameters, MlpModel> = {
  name: 'mlp',
  parameters: checkMlpParameters,
  appendOwn: appendMlpParameters,
  architecture: (parameters) => mlpArchitecture(shapeOf(parameters), parameters.dropout),
  model(parameters, means, { weights, round, heldOutLoss, logCostVariance }) {
    const { models, dimensions, hidden, costMinUsd, costMaxUsd } = parameters;
    return {
      kind: 'mlp',
      models,
      dimensions,
      hidden,
      weights,
      observations: means.observations,
      quality: means.quality,
      logCost: means.logCost,
      logCostDeviation: scalerOf(means).deviation,
      logCostVariance,
      costMinUsd,
      costMaxUsd,
      rounds: round,
      ...(heldOutLoss === undefined ? {} : { heldOutLoss }),
    };
  },
};

export type MlpState = AveragingState<MlpParameters>;

/** The MLP router of Federate the Router (Askin et al., 2026), its heads averaged by their own counts. */
export const mlpProgram: Program<MlpParameters, MlpState> = averagingProgram(MLP_ROUTER);
