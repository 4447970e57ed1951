import { type MfModel, type MfSettings, trainMf } from '@tributary/router';
import { networkFamilyOf } from './network.ts';
import type { RouterFamily } from './router-family.ts';

/** At the rate of the federated rounds, 1e-2, five epochs over pooled rows learn them by heart. */
const POOLED: MfSettings = { learningRate: 3e-4, rounds: 16 };

/** @param network what all settings have in common; what it leaves out is as the program has it */
export function mfFamilyOf(network: MfSettings = {}): RouterFamily {
  return networkFamilyOf<MfSettings, MfModel>({
    name: 'mf',
    title: 'Matrix factorisation',
    network,
    pooled: POOLED,
    learningRates: [3e-4, 1e-3, 3e-3, 1e-2],
    trainAlone: trainMf,
  });
}
