import type { MlpModel } from '../../artifact/model.ts';
import { mlpArchitecture } from '../../mlp/architecture.ts';
import type { Program } from '../../program.ts';
import { networkModelOf } from '../averaging/network-model.ts';
import { type AveragedRouter, averagingProgram } from '../averaging/program.ts';
import type { AveragingState } from '../averaging/state.ts';
import { appendMlpParameters, checkMlpParameters, type MlpParameters, shapeOf } from './parameters.ts';

export const MLP_ROUTER: AveragedRouter<MlpParameters, MlpModel> = {
  name: 'mlp',
  parameters: checkMlpParameters,
  appendOwn: appendMlpParameters,
  architecture: (parameters) => mlpArchitecture(shapeOf(parameters), parameters.dropout),
  model: (parameters, means, chosen) => ({
    kind: 'mlp',
    hidden: parameters.hidden,
    ...networkModelOf(parameters, means, chosen),
  }),
};

export type MlpState = AveragingState<MlpParameters>;

/** The MLP router of Federate the Router (Askin et al., 2026), its heads averaged by their own counts. */
export const mlpProgram: Program<MlpParameters, MlpState> = averagingProgram(MLP_ROUTER);
