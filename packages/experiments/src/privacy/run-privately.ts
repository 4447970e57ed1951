import { utf8 } from '@tributary/crypto';
import { nodeBackend } from '@tributary/crypto/node';
import type { PrivacyDeclaration } from '@tributary/privacy';
import {
  type Dataset,
  noisyParameters,
  RouterError,
  type RouterModel,
  startProgram,
} from '@tributary/router';
import type { Federation } from '../families/router-family.ts';
import { declarationFor, type PrivacyBudget } from './budget.ts';
import type { PrivateSums } from './private-sums.ts';

/** What a federation has to train within a budget. */
export interface PrivateFederation {
  readonly budget: PrivacyBudget;
  /** Starts a run of its own noise. */
  readonly open: (declaration: PrivacyDeclaration) => PrivateSums;
}

/**
 * Drives a program to its end over noisy sums.
 * @param parameters where they leave it open, the program decides what is best with noise
 * @throws RouterError, PrivacyError
 */
export function runPrivately(
  program: string,
  parameters: Readonly<Record<string, unknown>>,
  { clients, localSeeds }: Pick<Federation, 'clients' | 'localSeeds'>,
  { budget, open }: PrivateFederation,
): RouterModel {
  const noisy = noisyParameters(program, parameters);
  const sums = open(declarationFor(program, noisy, clients.length, budget));
  let run = startProgram(program, noisy);
  for (let round = 1; run.kind === 'sum'; round++) {
    const { plan } = run;
    const contribute = run.contribute.bind(run);
    const { sum, noiseDeviation } = sums.open({
      plan,
      stateBytes: run.stateBytes(),
      contribute: (client) => contribute(clients[client] as Dataset, coinsOf(localSeeds[client], round)),
    });
    run = run.next(sum, noiseDeviation);
  }
  return run.model;
}

/** Coins of secret samples are fresh in every round. */
function coinsOf(localSeed: Uint8Array | undefined, round: number): Uint8Array {
  if (localSeed === undefined) throw new RouterError('BAD_SEED', 'each client needs 32 secret bytes');
  return nodeBackend.sha256(localSeed, utf8(`round ${round}`));
}
