import type { MfModel } from '../../artifact/model.ts';
import { mfArchitecture } from '../../mf/architecture.ts';
import type { Program } from '../../program.ts';
import { networkModelOf } from '../averaging/network-model.ts';
import { type AveragedRouter, averagingProgram } from '../averaging/program.ts';
import type { AveragingState } from '../averaging/state.ts';
import { appendMfParameters, checkMfParameters, type MfParameters, mfShapeOf } from './parameters.ts';

export const MF_ROUTER: AveragedRouter<MfParameters, MfModel> = {
  name: 'mf',
  parameters: checkMfParameters,
  appendOwn: appendMfParameters,
  architecture: (parameters) => mfArchitecture(mfShapeOf(parameters), parameters.noise),
  model: (parameters, means, chosen) => ({
    kind: 'mf',
    rank: parameters.rank,
    ...networkModelOf(parameters, means, chosen),
  }),
};

export type MfState = AveragingState<MfParameters>;

/**
 * The matrix factorisation router of EmbedLLM (Zhuang et al., 2024), as Federate the Router (Askin et al., 2026) federates it: a query's
 * projection meets a model's vector, and the vector is averaged by the observations of its model.
 */
export const mfProgram: Program<MfParameters, MfState> = averagingProgram(MF_ROUTER);
