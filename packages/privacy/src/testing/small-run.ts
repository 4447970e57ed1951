/** A run of ten organisations with three rounds, and the ledger that it leaves where everything goes well. */
import {
  declarePrivacy,
  type LedgerEntry,
  type PlannedVector,
  plannedLimit,
  planPrivateRound,
  type PrivacyDeclaration,
  type PrivateRound,
  type ReserveEntry,
  reservedCharge,
  type RunSize,
  settledCharge,
} from '../index.ts';

export const SIZE: RunSize = { contributors: 10, maxRecords: 100 };

export const COHORT: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

const SCHEDULE = [
  { step: 'mean', weight: 1 },
  { step: 'lloyd 1', weight: 2 },
  { step: 'statistics', weight: 7 },
];

/** t = 7 and c = 3 as the complete graph of ten has them, so U_min = 8 and h = 5. */
export function smallDeclaration(
  changes: Partial<Parameters<typeof declarePrivacy>[0]> = {},
): PrivacyDeclaration {
  return declarePrivacy({
    unit: 'record',
    epsilon: 3,
    delta: 1e-5,
    cohort: { members: 10, threshold: 7, colluders: 3 },
    schedule: SCHEDULE,
    ...changes,
  });
}

export function vectorOf(step: string, dimension: number = 4): PlannedVector {
  return { step, dimension, recordNorm: Math.SQRT2, recordMax: 1, recordSupport: 2 };
}

export function roundOf(declaration: PrivacyDeclaration, round: number): PrivateRound {
  const declared = declaration.rounds[round - 1];
  const sampling = declared?.sampling;
  const plan = { ...vectorOf(declared?.step ?? ''), ...(sampling === undefined ? {} : { sampling }) };
  return planPrivateRound(declaration, round, plan, SIZE);
}

/** The reservation of an attempt as an honest coordinator writes it. */
export function reserveEntry(
  declaration: PrivacyDeclaration,
  round: number,
  attempt: number = 1,
): ReserveEntry {
  const { noise } = roundOf(declaration, round);
  const { normBound, variance } = noise;
  return {
    type: 'reserve',
    round,
    attempt,
    cohort: COHORT,
    normBound,
    variance,
    charge: reservedCharge(noise),
  };
}

/** An attempt from its reservation to its release. */
export function openedAttempt(
  declaration: PrivacyDeclaration,
  round: number,
  survivors: readonly number[] = COHORT,
  attempt: number = 1,
): LedgerEntry[] {
  const charge = settledCharge(roundOf(declaration, round).noise, survivors.length);
  return [
    reserveEntry(declaration, round, attempt),
    ...survivors.map((member): LedgerEntry => ({ type: 'upload', round, attempt, member })),
    { type: 'survivors', round, attempt, members: survivors },
    { type: 'release', round, attempt, charge },
  ];
}

export function genesisOf(declaration: PrivacyDeclaration): LedgerEntry {
  return { type: 'genesis', declaration, threshold: 7, limit: plannedLimit(declaration) };
}

export function honestLedger(declaration: PrivacyDeclaration = smallDeclaration()): LedgerEntry[] {
  return [genesisOf(declaration), ...declaration.rounds.flatMap((_, i) => openedAttempt(declaration, i + 1))];
}
