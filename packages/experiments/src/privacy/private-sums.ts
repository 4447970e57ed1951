/** Sums that carry noise for a budget, over all clients of one federation, with the ledger that they leave. */
import { utf8, wipe } from '@tributary/crypto';
import { nodeBackend } from '@tributary/crypto/node';
import {
  type LedgerEntry,
  noisyContribution,
  plannedLimit,
  type PrivacyDeclaration,
  reservedCharge,
  settledCharge,
} from '@tributary/privacy';
import { EMPTY_LOG_HEAD, thresholdsFor } from '@tributary/protocol';
import { planRound, type PlannedRound, readSum, type ReadSum, RuntimeError } from '@tributary/runtime';
import type { Opener } from '../sums/secure-sums.ts';
import type { SumShape, WantedSum } from '../sums/sum-service.ts';

export interface PrivateSums {
  readonly declaration: PrivacyDeclaration;
  /** Opens the next sum of the declaration. */
  open(wanted: WantedSum): ReadSum;
  /** What an honest coordinator would have logged of the sums so far. */
  ledger(): readonly LedgerEntry[];
}

export interface PrivateSumsOptions extends SumShape {
  readonly declaration: PrivacyDeclaration;
  /**
   * What all noise is drawn from, so that a figure can be repeated: in an experiment on benchmark data alone. Whoever knows the seed can take
   * the noise off again.
   */
  readonly noiseSeed: Uint8Array;
  /** Opens vectors by the protocol; left out, they are added in clear, which gives the same words. */
  readonly opener?: Opener;
}

export function privateSums(options: PrivateSumsOptions): PrivateSums {
  const { clients, maxRecords, declaration, noiseSeed, opener = addInClear } = options;
  const entries: LedgerEntry[] = [
    {
      type: 'genesis',
      declaration,
      threshold: thresholdsFor(clients).threshold,
      limit: plannedLimit(declaration),
    },
  ];
  const everybody = Array.from({ length: clients }, (_, client) => client);
  let round = 0;
  return {
    declaration,
    open({ plan, stateBytes, contribute }) {
      round += 1;
      const terms = {
        round,
        logHead: EMPTY_LOG_HEAD,
        contributors: clients,
        maxRecords,
        privacy: declaration,
      };
      const planned = planRound(nodeBackend, plan, stateBytes, terms);
      const { expected, noise } = planned;
      if (noise === undefined) throw new RuntimeError('RUN_FAILED', `sum '${plan.step}' has no noise`);
      const words = opener({
        planned,
        step: plan.step,
        clients,
        vector: (client) => {
          const key = nodeBackend.sha256(noiseSeed, utf8(`noise, round ${round}, client ${client}`));
          const records = contribute(client);
          try {
            return noisyContribution({ backend: nodeBackend, key, records, round: { ...expected, noise } });
          } finally {
            wipe(key);
          }
        },
      });
      entries.push(...attemptEntries(round, planned, everybody));
      return readSum(planned, words, clients);
    },
    ledger: () => entries,
  };
}

function attemptEntries(
  round: number,
  { noise }: PlannedRound,
  everybody: readonly number[],
): readonly LedgerEntry[] {
  if (noise === undefined) return [];
  const { normBound, variance } = noise;
  const ofAttempt = { round, attempt: 1 };
  return [
    { type: 'reserve', ...ofAttempt, cohort: everybody, normBound, variance, charge: reservedCharge(noise) },
    ...everybody.map((member): LedgerEntry => ({ type: 'upload', ...ofAttempt, member })),
    { type: 'survivors', ...ofAttempt, members: everybody },
    { type: 'release', ...ofAttempt, charge: settledCharge(noise, everybody.length) },
  ];
}

const addInClear: Opener = ({ planned, clients, vector }) => {
  const total = new Int32Array(planned.expected.dimension);
  for (let client = 0; client < clients; client++) {
    vector(client).forEach((word, j) => {
      total[j] = (total[j] as number) + word;
    });
  }
  return total;
};
