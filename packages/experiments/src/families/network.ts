/** How routers that are networks are trained and tuned, whichever network it is. */
import {
  createPredictor,
  type Dataset,
  mixturePredictor,
  mixtureWeights,
  type NetworkModel,
  RouterError,
  type RouterModel,
  type SeededGenerator,
  startProgram,
} from '@tributary/router';
import { runProgram } from '../sums/run-program.ts';
import { HELD_OUT } from '../tuning/hold-out.ts';
import type { TunedRouter } from '../tuning/tuned-router.ts';
import { mostEvaluations } from './most-evaluations.ts';
import type { Federation, RouterFamily } from './router-family.ts';

/** What tuning sets of any network, and what it leaves to the family. */
export interface NetworkSettings {
  readonly learningRate?: number;
  readonly rounds?: number;
  readonly holdOut?: number;
  readonly maxEvaluationsPerQuery?: number;
}

export type TrainedNetwork = RouterModel & NetworkModel;

export interface NetworkFamily<Settings extends NetworkSettings, Model extends TrainedNetwork> {
  readonly name: Model['kind'];
  readonly title: string;
  /** What all settings have in common; what it leaves out is as in the program. */
  readonly network: Settings;
  /** Standard settings on rows that lie in one place; a federation has the program's own. */
  readonly pooled: Settings;
  /** What tuning chooses from. */
  readonly learningRates: readonly number[];
  readonly trainAlone: (
    data: Dataset,
    training: { readonly seed: string; readonly settings: Settings; readonly heldOut?: Dataset },
  ) => Model;
}

/** Rounds, or epochs where data lie in one place, among which the one of least held-out loss counts. */
const MOST_ROUNDS = 12;

/** The same network, losses and optimizer wherever the rows are; rate and rounds differ until they are tuned. */
export function networkFamilyOf<Settings extends NetworkSettings, Model extends TrainedNetwork>(
  family: NetworkFamily<Settings, Model>,
): RouterFamily {
  const { name, title, network, pooled } = family;
  return {
    name,
    title,
    federated: (federation) => trainFederated(family, federation, network),
    alone: (data, generator) => trainAlone(family, data, generator, { ...network, ...pooled }),
    tuneFederated(federation) {
      // The program holds out, and sums the losses on it after every round, by itself.
      const trial = { ...network, rounds: MOST_ROUNDS, holdOut: HELD_OUT };
      return tune(
        family,
        (learningRate) => trainFederated(family, federation, { ...trial, learningRate }),
        (chosen) => trainFederated(family, federation, { ...network, ...chosen }),
        'rounds',
      );
    },
    tuneAlone(data, { rest, heldOut }, generator) {
      const trial = { ...network, rounds: MOST_ROUNDS };
      return tune(
        family,
        (learningRate) => trainAlone(family, rest, generator, { ...trial, learningRate }, heldOut),
        (chosen) => trainAlone(family, data, generator, { ...network, ...chosen }),
        'epochs',
      );
    },
    personal({ federated, federatedTrial, local, parts }) {
      const [ofAll, own] = [createPredictor(federatedTrial), createPredictor(local.trial)];
      const weights = mixtureWeights(ofAll, own, parts.heldOut);
      return mixturePredictor(createPredictor(federated), createPredictor(local.model), weights);
    },
  };
}

/**
 * @param tryRate trains on what is not held out, and stops at the round of least loss on what is
 * @param train trains on all rows
 */
function tune(
  { learningRates }: { readonly learningRates: readonly number[] },
  tryRate: (learningRate: number) => TrainedNetwork,
  train: (settings: Required<Pick<NetworkSettings, 'learningRate' | 'rounds'>>) => TrainedNetwork,
  unit: 'rounds' | 'epochs',
): TunedRouter {
  const tried = learningRates.map((learningRate) => ({ learningRate, trial: tryRate(learningRate) }));
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

function trainFederated<Settings extends NetworkSettings, Model extends TrainedNetwork>(
  { name }: NetworkFamily<Settings, Model>,
  federation: Federation,
  settings: Settings,
): TrainedNetwork {
  const { clients, seed } = federation;
  const { models, dimensions } = clients[0] as Dataset;
  const maxEvaluationsPerQuery = Math.max(...clients.map(mostEvaluations));
  const start = startProgram(name, { models, dimensions, seed, maxEvaluationsPerQuery, ...settings });
  const { model } = runProgram(start, federation);
  if (!('weights' in model)) {
    throw new RouterError('OUT_OF_RANGE', `the program ${name} gave a ${model.kind} router`);
  }
  return model;
}

function trainAlone<Settings extends NetworkSettings, Model extends TrainedNetwork>(
  family: NetworkFamily<Settings, Model>,
  data: Dataset,
  generator: SeededGenerator,
  settings: Settings,
  heldOut?: Dataset,
): Model {
  return family.trainAlone(data, {
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
