import { type MlpModel, type MlpSettings, trainMlp } from '@tributary/router';
import { networkFamilyOf } from './network.ts';
import type { RouterFamily } from './router-family.ts';

/**
 * What Federate the Router (Askin et al., 2026) trains on pooled rows with. At the rate of the federated rounds, 1e-3, five epochs over
 * pooled rows learn them by heart.
 */
const POOLED: MlpSettings = { learningRate: 2e-5, weightDecay: 3e-4, rounds: 8 };

/** @param network what all settings have in common; what it leaves out is as the program has it */
export function mlpFamilyOf(network: MlpSettings = {}): RouterFamily {
  return networkFamilyOf<MlpSettings, MlpModel>({
    name: 'mlp',
    title: 'MLP',
    network,
    pooled: POOLED,
    learningRates: [1e-4, 3e-4, 1e-3],
    trainAlone: trainMlp,
  });
}
