import type { RouterModel } from '../../artifact/model.ts';
import type { CanonicalBytes } from '../../bytes/canonical-bytes.ts';
import { bytesOfHex } from '../../bytes/hex.ts';
import { checkDataset, type Dataset } from '../../dataset.ts';
import type { Architecture } from '../../network/architecture.ts';
import type { Reference } from '../../network/distillation.ts';
import type { Program, ProgramStep, RecordVector, SumPlan } from '../../program.ts';
import { createGenerator } from '../../random/generator.ts';
import { checkSum } from '../check-sum.ts';
import { contributeToCosts, costsPlan, modelMeans } from './costs.ts';
import {
  betterOf,
  candidateOf,
  contributeToEvaluation,
  evaluatedRecords,
  evaluationPlan,
} from './evaluation.ts';
import { splitLocalData } from './local-data.ts';
import type { AveragingParameters } from './parameters.ts';
import {
  type AveragingState,
  averagingStateBytes,
  type Candidate,
  type EvaluationState,
  type ModelMeans,
  type TrainingState,
} from './state.ts';
import { averagedWeights, contributeToTraining, trainingPlan } from './training.ts';

/** A router that is a network: what averaging has to know to train it. */
export interface AveragedRouter<
  Parameters extends AveragingParameters,
  Model extends RouterModel = RouterModel,
> {
  /** The program's name. */
  readonly name: string;
  /** As `Program.parameters`. */
  parameters(untrusted: unknown): Parameters;
  /** Appends the parameters that averaging does not know. */
  appendOwn(bytes: CanonicalBytes, parameters: Parameters): void;
  architecture(parameters: Parameters): Architecture;
  /** What a run goes by of what its first sum says; all of it where left out. */
  means?(parameters: Parameters, observed: ModelMeans): ModelMeans;
  /** What training is not to stray from. */
  reference?(parameters: Parameters): Reference;
  model(parameters: Parameters, means: ModelMeans, chosen: Candidate): Model;
}

/**
 * Federated averaging (McMahan et al., 2017) as sums alone. All clients that are there take part in every round; the scales of costs come from a sum
 * over training records instead of from everybody's data in the clear; what belongs to one model is averaged by the observations of it.
 *
 * Sums: the costs of each model; then per round one of an organisation's change of the weights. Where the run holds records out, each
 * round is followed by a sum of losses on them, and the weights of least loss are kept; else one sum over the training records
 * after the last round says how far costs stray from their predictions.
 */
export function averagingProgram<Parameters extends AveragingParameters>(
  router: AveragedRouter<Parameters>,
): Program<Parameters, AveragingState<Parameters>> {
  type State = AveragingState<Parameters>;

  function planOf(state: State): SumPlan {
    switch (state.phase) {
      case 'costs':
        return costsPlan(state);
      case 'training':
        return trainingPlan(state, router.architecture(state.parameters));
      case 'evaluation':
        return evaluationPlan(state);
    }
  }

  const askFor = (state: State): ProgramStep<State> => ({ kind: 'sum', plan: planOf(state), state });

  function afterTraining(state: TrainingState<Parameters>): ProgramStep<State> {
    const { parameters, round } = state;
    const evaluated = parameters.holdOut > 0 || round === parameters.rounds;
    return evaluated ? askFor({ ...state, phase: 'evaluation' }) : askFor({ ...state, round: round + 1 });
  }

  function afterEvaluation(state: EvaluationState<Parameters>, best: Candidate): ProgramStep<State> {
    const { parameters, means, round } = state;
    if (round === parameters.rounds)
      return { kind: 'finished', model: router.model(parameters, means, best) };
    return askFor({ ...state, phase: 'training', round: round + 1, best });
  }

  return {
    name: router.name,
    parameters: (untrusted) => router.parameters(untrusted),
    start: (parameters) => askFor({ phase: 'costs', parameters }),
    next(state, sum): ProgramStep<State> {
      checkSum(sum, planOf(state));
      const { parameters } = state;
      switch (state.phase) {
        case 'costs': {
          const weights = startingWeights(router, parameters);
          const observed = modelMeans(state, sum);
          const means = router.means?.(parameters, observed) ?? observed;
          return askFor({ phase: 'training', parameters, means, weights, round: 1, best: undefined });
        }
        case 'training': {
          const weights = averagedWeights(state, router.architecture(parameters), sum);
          return afterTraining({ ...state, weights });
        }
        case 'evaluation': {
          const candidate = candidateOf(state, sum, parameters.holdOut > 0);
          return afterEvaluation(state, betterOf(state.best, candidate));
        }
      }
    },
    contribute(state, data: Dataset, localSeed?: Uint8Array): Iterable<RecordVector> {
      const { parameters } = state;
      checkDataset(data, parameters.models, parameters.dimensions);
      const local = splitLocalData(data, parameters, localSeed);
      switch (state.phase) {
        case 'costs':
          return contributeToCosts(state, local.training);
        case 'training':
          return contributeToTraining(state, router, local.training, localSeed);
        case 'evaluation': {
          const judged = evaluatedRecords(parameters, local);
          return contributeToEvaluation(state, router.architecture(parameters), judged);
        }
      }
    },
    stateBytes: (state) =>
      averagingStateBytes(router.name, state, (bytes, parameters) => router.appendOwn(bytes, parameters)),
  };
}

/** Drawn from the run's seed. */
export function startingWeights<Parameters extends AveragingParameters>(
  { name, architecture }: Pick<AveragedRouter<Parameters>, 'name' | 'architecture'>,
  parameters: Parameters,
): Float32Array {
  const generator = createGenerator(bytesOfHex(parameters.seed)).fork(`${name} weights`);
  return architecture(parameters).initialWeights(generator);
}
