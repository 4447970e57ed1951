/**
 * The entries of a privacy ledger as plain canonical values: integers and text alone, rationals as "p/q" in lowest terms. Where they
 * stand, who signed them and in which order they came is the log's business.
 */
import { type DeclarationJson, declarationToJson, parseDeclaration } from '../rounds/declaration.ts';
import type { PrivacyDeclaration } from '../rounds/declaration.ts';
import { FieldsOf } from '../rounds/fields-of.ts';
import { PrivacyError } from '../privacy-error.ts';
import { formatRational, type Rational } from '../zcdp/rational.ts';

/** Fixes what all later entries are checked against. */
export interface GenesisEntry {
  readonly type: 'genesis';
  readonly declaration: PrivacyDeclaration;
  /** t of the first setup. */
  readonly threshold: number;
  /** The limit of the filter, in its unit; at most what epsilon and delta allow. */
  readonly limit: Rational;
}

/** One attempt at one round of a run. */
interface OfAttempt {
  /** From 1, as in the declaration. */
  readonly round: number;
  /** From 1. */
  readonly attempt: number;
}

/** Before anybody uploads. */
export interface ReserveEntry extends OfAttempt {
  readonly type: 'reserve';
  /** Member ids, ascending. */
  readonly cohort: readonly number[];
  /** Exact bound on the L2 norm of one unit, in integer units. */
  readonly normBound: number;
  /** s2, the integer variance of one share. */
  readonly variance: bigint;
  /** For h = U_min - c honest survivors, in the unit of the filter. */
  readonly charge: Rational;
}

/** A member's vector has left it. */
export interface UploadEntry extends OfAttempt {
  readonly type: 'upload';
  readonly member: number;
}

/** Whose vectors are in the sum, before anything is unmasked. */
export interface SurvivorsEntry extends OfAttempt {
  readonly type: 'survivors';
  readonly members: readonly number[];
}

/** The sum was opened. */
export interface ReleaseEntry extends OfAttempt {
  readonly type: 'release';
  /** For the U - c honest ones of those who survived. */
  readonly charge: Rational;
}

/** Vectors of an attempt that can never be opened. */
export interface VoidEntry extends OfAttempt {
  readonly type: 'void';
  /** Who signed that it released nothing of the attempt and never will, ascending. */
  readonly promises: readonly number[];
  /** Those of the cohort of whose secrets enough holders are among them, ascending; on the complete graph all of it. */
  readonly members: readonly number[];
}

export type LedgerEntry =
  | GenesisEntry
  | ReserveEntry
  | UploadEntry
  | SurvivorsEntry
  | ReleaseEntry
  | VoidEntry;

export type LedgerJson = string | number | readonly LedgerJson[] | { readonly [field: string]: LedgerJson };

/** An entry as JSON holds it. */
export function ledgerEntryToJson(entry: LedgerEntry): { readonly [field: string]: LedgerJson } {
  switch (entry.type) {
    case 'genesis': {
      const { declaration, threshold, limit, type } = entry;
      const declared: DeclarationJson = declarationToJson(declaration);
      return {
        type,
        threshold,
        limit: formatRational(limit),
        declaration: { ...declared, rounds: declared.rounds.map((round) => ({ ...round })) },
      };
    }
    case 'reserve':
      return { ...entry, variance: String(entry.variance), charge: formatRational(entry.charge) };
    case 'release':
      return { ...entry, charge: formatRational(entry.charge) };
    case 'upload':
    case 'survivors':
    case 'void':
      return { ...entry };
  }
}

const MAX_ROUND = 2 ** 32 - 1;
const MAX_MEMBER = 65_535;

/**
 * The entry that a file or a peer gives.
 * @throws PrivacyError `BAD_PARAMETER` naming the field
 */
export function parseLedgerEntry(untrusted: unknown): LedgerEntry {
  const fields = new FieldsOf(untrusted, 'entry');
  const entry = readEntry(fields);
  fields.end();
  return entry;
}

function readEntry(fields: FieldsOf): LedgerEntry {
  const type = fields.choice('type', ['genesis', 'reserve', 'upload', 'survivors', 'release', 'void']);
  if (type === 'genesis') {
    return {
      type,
      threshold: fields.integer('threshold', 1, MAX_MEMBER),
      limit: fields.rational('limit'),
      declaration: fields.read('declaration', 'a declaration', (value) => parseDeclaration(value)),
    };
  }
  const ofAttempt = {
    round: fields.integer('round', 1, MAX_ROUND),
    attempt: fields.integer('attempt', 1, MAX_ROUND),
  };
  switch (type) {
    case 'reserve':
      return {
        type,
        ...ofAttempt,
        cohort: fields.members('cohort'),
        normBound: fields.integer('normBound', 1, 2 ** 26),
        variance: fields.bigint('variance'),
        charge: fields.rational('charge'),
      };
    case 'upload':
      return { type, ...ofAttempt, member: fields.integer('member', 0, MAX_MEMBER) };
    case 'survivors':
      return { type, ...ofAttempt, members: fields.members('members') };
    case 'release':
      return { type, ...ofAttempt, charge: fields.rational('charge') };
    case 'void':
      return {
        type,
        ...ofAttempt,
        promises: fields.members('promises'),
        members: fields.members('members'),
      };
  }
}

/** The entry, or why there is none: for a log that may hold anything. */
export function readLedgerEntry(untrusted: unknown): LedgerEntry | { readonly fault: string } {
  try {
    return parseLedgerEntry(untrusted);
  } catch (error) {
    if (error instanceof PrivacyError) return { fault: error.message };
    throw error;
  }
}
