import type { MlpModel } from '../../artifact/model.ts';
import { bytesOfHex } from '../../bytes/hex.ts';
import { checkDataset, type Dataset } from '../../dataset.ts';
import { initialWeights } from '../../mlp/initial-weights.ts';
import type { Program, ProgramStep, RecordVector, SumPlan } from '../../program.ts';
import { createGenerator } from '../../random/generator.ts';
import { checkSum } from '../check-sum.ts';
import { contributeToCosts, costsPlan, modelMeans, scalerOf } from './costs.ts';
import {
  betterOf,
  candidateOf,
  contributeToEvaluation,
  evaluatedRecords,
  evaluationPlan,
} from './evaluation.ts';
import { splitLocalData } from './local-data.ts';
import { checkMlpParameters, type MlpParameters, shapeOf } from './parameters.ts';
import {
  type Candidate,
  type EvaluationState,
  type MlpState,
  mlpStateBytes,
  type ModelMeans,
  type TrainingState,
} from './state.ts';
import { averagedWeights, contributeToTraining, trainingPlan } from './training.ts';

/**
 * The MLP router of Federate the Router (Askin et al., 2026) by federated averaging, as sums alone. All clients that are there take part in
 * every round; the scales of costs come from a sum over training records instead of from everybody's data in the clear; heads
 * are averaged by their own counts.
 *
 * Sums: the costs of each model; then per round one of an organisation's change of the weights. Where the run holds records out, each
 * round is followed by a sum of losses on them, and the weights of least loss are kept; else one sum over the training records
 * after the last round says how far costs stray from their predictions.
 */
export const mlpProgram: Program<MlpParameters, MlpState> = {
  name: 'mlp',
  parameters: checkMlpParameters,
  start(parameters: MlpParameters): ProgramStep<MlpState> {
    return askFor({ phase: 'costs', parameters });
  },
  next(state: MlpState, sum: Float64Array): ProgramStep<MlpState> {
    checkSum(sum, planOf(state));
    switch (state.phase) {
      case 'costs': {
        const { parameters } = state;
        const weights = startingWeights(parameters);
        const means = modelMeans(state, sum);
        return askFor({ phase: 'training', parameters, means, weights, round: 1, best: undefined });
      }
      case 'training':
        return afterTraining({ ...state, weights: averagedWeights(state, sum) });
      case 'evaluation':
        return afterEvaluation(
          state,
          betterOf(state.best, candidateOf(state, sum, state.parameters.holdOut > 0)),
        );
    }
  },
  contribute(state: MlpState, data: Dataset, localSeed?: Uint8Array): Iterable<RecordVector> {
    const { parameters } = state;
    checkDataset(data, parameters.models, parameters.dimensions);
    const local = splitLocalData(data, parameters, localSeed);
    switch (state.phase) {
      case 'costs':
        return contributeToCosts(state, local.training);
      case 'training':
        return contributeToTraining(state, local.training, localSeed);
      case 'evaluation':
        return contributeToEvaluation(state, evaluatedRecords(parameters, local));
    }
  },
  stateBytes: mlpStateBytes,
};

/** Drawn from the run's seed. */
export function startingWeights(parameters: MlpParameters): Float32Array {
  const generator = createGenerator(bytesOfHex(parameters.seed)).fork('mlp weights');
  return initialWeights(shapeOf(parameters), generator);
}

function afterTraining(state: TrainingState): ProgramStep<MlpState> {
  const { parameters, round } = state;
  const evaluated = parameters.holdOut > 0 || round === parameters.rounds;
  return evaluated ? askFor({ ...state, phase: 'evaluation' }) : askFor({ ...state, round: round + 1 });
}

function afterEvaluation(state: EvaluationState, best: Candidate): ProgramStep<MlpState> {
  const { parameters, means, round } = state;
  if (round === parameters.rounds) return { kind: 'finished', model: mlpModelOf(parameters, means, best) };
  return askFor({ ...state, phase: 'training', round: round + 1, best });
}

export function mlpModelOf(parameters: MlpParameters, means: ModelMeans, chosen: Candidate): MlpModel {
  const { models, dimensions, hidden, costMinUsd, costMaxUsd } = parameters;
  const { weights, round, heldOutLoss, logCostVariance } = chosen;
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
}

function askFor(state: MlpState): ProgramStep<MlpState> {
  return { kind: 'sum', plan: planOf(state), state };
}

function planOf(state: MlpState): SumPlan {
  switch (state.phase) {
    case 'costs':
      return costsPlan(state);
    case 'training':
      return trainingPlan(state);
    case 'evaluation':
      return evaluationPlan(state);
  }
}
