import {
  type Dataset,
  type MlpModel,
  type MlpSettings,
  RouterError,
  type RouterModel,
  type SeededGenerator,
  startProgram,
  trainMlp,
} from '@tributary/router';
import { runProgram } from '../sums/run-program.ts';
import { HELD_OUT } from '../tuning/hold-out.ts';
import type { TunedRouter } from '../tuning/tuned-router.ts';
import { mostEvaluations } from './most-evaluations.ts';
import type { Federation, RouterFamily } from './router-family.ts';

/**
 * What Federate the Router (Askin et al., 2026) trains on pooled rows with. At the rate of the federated rounds, 1e-3, five epochs over
 * pooled rows learn them by heart.
 */
const POOLED: MlpSettings = { learningRate: 2e-5, weightDecay: 3e-4, rounds: 8 };

const LEARNING_RATES: readonly number[] = [1e-4, 3e-4, 1e-3];
/** Rounds, or epochs where data lie in one place, among which the one of least held-out loss counts. */
const MOST_ROUNDS = 12;

/**
 * The same network, losses and optimizer wherever the rows are; rate and rounds differ until they are tuned, as in the paper.
 * @param network what all settings have in common; what it leaves out is as the program has it
 */
export function mlpFamilyOf(network: MlpSettings = {}): RouterFamily {
  return {
    name: 'mlp',
    title: 'MLP',
    federated: (federation) => trainFederated(federation, network),
    alone: (data, generator) => trainAlone(data, generator, { ...network, ...POOLED }),
    tuneFederated(federation) {
      // The program holds out, and sums the losses on it after every round, by itself.
      const trial = { ...network, rounds: MOST_ROUNDS, holdOut: HELD_OUT };
      return tune(
        (learningRate) => trainFederated(federation, { ...trial, learningRate }),
        (chosen) => trainFederated(federation, { ...network, ...chosen }),
        'rounds',
      );
    },
    tuneAlone(data, { rest, heldOut }, generator) {
      const trial = { ...network, rounds: MOST_ROUNDS };
      return tune(
        (learningRate) => trainAlone(rest, generator, { ...trial, learningRate }, heldOut),
        (chosen) => trainAlone(data, generator, { ...network, ...chosen }),
        'epochs',
      );
    },
  };
}

/**
 * @param tryRate trains on what is not held out, and stops at the round of least loss on what is
 * @param train trains on all rows
 */
function tune(
  tryRate: (learningRate: number) => MlpModel,
  train: (settings: MlpSettings) => MlpModel,
  unit: 'rounds' | 'epochs',
): TunedRouter {
  const tried = LEARNING_RATES.map((learningRate) => ({ learningRate, trial: tryRate(learningRate) }));
  const lossOf = ({ trial }: (typeof tried)[number]): number => trial.heldOutLoss ?? 0;
  const best = tried.reduce((least, candidate) => (lossOf(candidate) < lossOf(least) ? candidate : least));
  const { learningRate, trial } = best;
  const { rounds } = trial;
  return {
    setting: `learning rate ${learningRate}, ${rounds} ${unit}`,
    model: train({ learningRate, rounds }),
    trial,
  };
}

function trainFederated(federation: Federation, settings: MlpSettings): MlpModel {
  const { clients, seed } = federation;
  const { models, dimensions } = clients[0] as Dataset;
  const maxEvaluationsPerQuery = Math.max(...clients.map(mostEvaluations));
  const start = startProgram('mlp', { models, dimensions, seed, maxEvaluationsPerQuery, ...settings });
  return asMlp(runProgram(start, federation).model);
}

function trainAlone(
  data: Dataset,
  generator: SeededGenerator,
  settings: MlpSettings,
  heldOut?: Dataset,
): MlpModel {
  return trainMlp(data, {
    seed: seedOf(generator),
    settings: { maxEvaluationsPerQuery: mostEvaluations(data), ...settings },
    ...(heldOut === undefined || heldOut.records === 0 ? {} : { heldOut }),
  });
}

/** Without drawing from the generator: all settings start from the same weights. */
function seedOf(generator: SeededGenerator): string {
  const draw = generator.fork('mlp seed');
  return Array.from({ length: 8 }, () => draw.nextUint32().toString(16).padStart(8, '0')).join('');
}

function asMlp(model: RouterModel): MlpModel {
  if (model.kind !== 'mlp')
    throw new RouterError('OUT_OF_RANGE', `the program mlp gave a ${model.kind} router`);
  return model;
}
