import {
  type Dataset,
  type MlpModel,
  type MlpSettings,
  previousRouterText,
  type RouterModel,
  startProgram,
  trainMlp,
} from '@tributary/router';
import { runProgram } from '../sums/run-program.ts';
import { mostEvaluations } from './most-evaluations.ts';
import { networkFamilyOf } from './network.ts';
import type { Federation, RouterFamily } from './router-family.ts';

/**
 * What Federate the Router (Askin et al., 2026) trains on pooled rows with. At the rate of the federated rounds, 1e-3, five epochs over
 * pooled rows learn them by heart.
 */
const POOLED: MlpSettings = { learningRate: 2e-5, weightDecay: 3e-4, rounds: 8 };

/** As in the paper, but that a client's few calibration rows make one batch or two: more epochs in each round. */
const ADDED_MODELS: MlpSettings = { rounds: 10, localEpochs: 4 };

/** @param network what all settings have in common; what it leaves out is as the program has it */
export function mlpFamilyOf(network: MlpSettings = {}): RouterFamily {
  return {
    ...networkFamilyOf<MlpSettings, MlpModel>({
      name: 'mlp',
      title: 'MLP',
      network,
      pooled: POOLED,
      learningRates: [1e-4, 3e-4, 1e-3],
      trainAlone: trainMlp,
    }),
    addModels: (router, federation) => goOn('mlp-add-models', router, federation, ADDED_MODELS),
    addClients: (router, federation) => goOn('mlp-add-clients', router, federation, {}),
  };
}

/** Goes on from a router by the sums of another program. */
function goOn(
  program: string,
  router: RouterModel,
  federation: Federation,
  settings: MlpSettings,
): RouterModel {
  const { clients, seed } = federation;
  const { models, dimensions } = clients[0] as Dataset;
  const maxEvaluationsPerQuery = Math.max(...clients.map(mostEvaluations));
  const start = startProgram(program, {
    router: previousRouterText(router),
    models,
    dimensions,
    seed,
    maxEvaluationsPerQuery,
    ...settings,
  });
  return runProgram(start, federation).model;
}
