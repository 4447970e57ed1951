/** Terms of batches and rounds from the few numbers that a federation chooses. */
import type { CryptoBackend } from '@tributary/crypto';
import type { AuditHead } from '../audit-head.ts';
import type { ExpectedRound } from '../client/state.ts';
import type { BatchTerms, Deadlines, RoundTerms } from '../messages/terms.ts';
import { type Roster, rosterRoot } from '../roster.ts';
import { PROTOCOL_VERSION } from '../version.ts';
import { chooseCommittee } from './committee.ts';
import type { Thresholds } from './thresholds.ts';

/** Key indices that one setup on the complete graph shares ahead. */
export const DEFAULT_KEY_COUNT = 16;
/** On a Harary graph holders may never come back, so each setup serves one round. */
export const SPARSE_KEY_COUNT = 1;
/** Attempts at one round. */
export const DEFAULT_MAX_ATTEMPTS = 2;

const SECOND_MS = 1000;

export const DEFAULT_DEADLINES: Deadlines = {
  setup: 30 * SECOND_MS,
  ready: 30 * SECOND_MS,
  maskedInput: 120 * SECOND_MS,
  consistency: 30 * SECOND_MS,
  unmask: 30 * SECOND_MS,
};

export interface BatchChoice {
  readonly roster: Roster;
  readonly run: Uint8Array;
  readonly batch: number;
  /** Member ids, in any order. */
  readonly cohort: readonly number[];
  readonly thresholds: Thresholds;
  readonly keyCount: number;
  /** 2 by default. */
  readonly maxAttempts?: number;
  /** Whether a committee draws randomness for the batch; on a Harary graph it always does. */
  readonly draws?: boolean;
  /** The oldest version that a member of the cohort speaks; this code's own by default. */
  readonly protocolVersion?: number;
}

export function batchTermsFor(crypto: CryptoBackend, choice: BatchChoice): BatchTerms {
  const { roster, run, batch, thresholds, keyCount, maxAttempts = DEFAULT_MAX_ATTEMPTS } = choice;
  const { graph, organisationCap, threshold, holders, colluders, minCohort, minSurvivors } = thresholds;
  const cohort = choice.cohort.toSorted((a, b) => a - b);
  const draws = graph === 'harary' || choice.draws === true;
  return {
    protocolVersion: choice.protocolVersion ?? PROTOCOL_VERSION,
    federation: roster.federation,
    run,
    batch,
    rosterRoot: rosterRoot(crypto, roster),
    cohort,
    graph,
    organisationCap,
    committee: draws ? chooseCommittee(roster, cohort, colluders) : [],
    threshold,
    holders,
    colluders,
    minCohort,
    minSurvivors,
    keyCount,
    maxAttempts,
  };
}

export interface AttemptChoice {
  readonly batchContext: Uint8Array;
  readonly keyIndex: number;
  readonly attempt: number;
  readonly step: string;
  readonly deadlines: Deadlines;
  readonly auditHead: AuditHead;
}

export function roundTermsFor(expected: ExpectedRound, choice: AttemptChoice): RoundTerms {
  return { ...expected, ...choice };
}
