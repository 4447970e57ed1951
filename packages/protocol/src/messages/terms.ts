/**
 * The two sets of public numbers that every key, share, mask and signature is bound to. Their digests are the
 * contexts: whoever was shown other terms shares no key with the rest.
 */
import type { CryptoBackend } from '@tributary/crypto';
import { type AuditHead, auditHeadShape } from '../audit-head.ts';
import { DOMAIN, SUITE } from '../version.ts';
import { CanonicalWriter } from '../wire/canonical.ts';
import { bytesBetween, choice, fixedBytes, integer, list, type Shape, struct, text } from '../wire/shape.ts';

const U32 = 2 ** 32 - 1;

/** Largest number of key indices that one setup shares ahead. */
export const MAX_KEY_COUNT = 64;
/** GF(2^8) has 255 non-zero points. */
export const MAX_HOLDERS = 255;

/** What one setup is for. Its digest is the batch context. */
export interface BatchTerms {
  readonly protocolVersion: number;
  readonly federation: string;
  /** Digest of the run's manifest, 32 bytes. */
  readonly run: Uint8Array;
  /** Number of the setup in this run, from 1. */
  readonly batch: number;
  readonly rosterRoot: Uint8Array;
  /** Member ids, ascending. */
  readonly cohort: readonly number[];
  /** Who shares a pairwise seed with whom, and who holds whose shares. */
  readonly graph: Graph;
  /** a: neighbours of one organisation that a member has at most; only a Harary graph has such a cap. */
  readonly organisationCap: number;
  /**
   * Members, ascending, whose committed nonces draw the batch's public randomness; empty where it needs none.
   */
  readonly committee: readonly number[];
  /** t */
  readonly threshold: number;
  /** H: on the complete graph the whole cohort, on a Harary graph the k neighbours of the owner. */
  readonly holders: number;
  /** c */
  readonly colluders: number;
  /** Fewest distinct organisations in a sum. */
  readonly minCohort: number;
  /** U_min: fewest members in a sum. */
  readonly minSurvivors: number;
  /** B: key indices shared by this setup, one for each attempt at a round. */
  readonly keyCount: number;
  /** Attempts at one round, each on a key index of its own. */
  readonly maxAttempts: number;
}

/** Complete: everybody is everybody's neighbour. Harary: k-regular, drawn by the committee (Bell et al. 2020). */
export type Graph = 'complete' | 'harary';

export const batchTermsShape: Shape<BatchTerms> = struct<BatchTerms>({
  protocolVersion: integer(U32),
  federation: text(64),
  run: fixedBytes(32),
  batch: integer(U32),
  rosterRoot: fixedBytes(32),
  cohort: list(integer(65_535), 65_535),
  graph: choice('complete', 'harary'),
  organisationCap: integer(MAX_HOLDERS),
  committee: list(integer(65_535), 65_535),
  threshold: integer(MAX_HOLDERS),
  holders: integer(MAX_HOLDERS),
  colluders: integer(65_535),
  minCohort: integer(65_535),
  minSurvivors: integer(65_535),
  keyCount: integer(MAX_KEY_COUNT),
  maxAttempts: integer(MAX_KEY_COUNT),
});

/** How real numbers became integers: public, so that every client checks the headroom itself. */
export interface EncodingTerms {
  /** Integer units per 1.0. */
  readonly scale: number;
  /** Bound on the Euclidean norm of one record, in units. */
  readonly normBound: number;
  /** Bound on |coordinate| of one record, in units. */
  readonly coordinateBound: number;
  /** Records of one organisation that enter a sum at most. */
  readonly maxRecords: number;
}

/**
 * How long the coordinator waits in each phase, in milliseconds. Part of the context: late means dropped, for
 * everybody.
 */
export interface Deadlines {
  readonly setup: number;
  readonly ready: number;
  readonly maskedInput: number;
  readonly consistency: number;
  readonly unmask: number;
}

/** What one attempt at one round sums. With the nonces of all `ready` messages it makes the round context. */
export interface RoundTerms {
  readonly batchContext: Uint8Array;
  readonly keyIndex: number;
  /** Number of the sum in this run, from 1. */
  readonly round: number;
  /** From 1; each attempt spends a key index. */
  readonly attempt: number;
  /** Which step of the program asks, for people. */
  readonly step: string;
  /** Digest of the program's plan. */
  readonly planHash: Uint8Array;
  /** Digest of the program's public state: what everybody computed from the sums so far. */
  readonly modelHash: Uint8Array;
  /** d */
  readonly dimension: number;
  /** b */
  readonly bits: number;
  readonly inputBound: number;
  readonly noiseMargin: number;
  readonly encoding: EncodingTerms;
  /** Canonical terms of the noise mechanism; empty where the sum is exact. */
  readonly privacy: Uint8Array;
  readonly deadlines: Deadlines;
  /** Head of the log of opened sums, 32 bytes: every member computes it from the sums that it took. */
  readonly logHead: Uint8Array;
  /**
   * Newest head of the coordinator's audit log, which every member signs with all that it signs in the round. A
   * member cannot compute it: it keeps it, to compare it with others and with the log.
   */
  readonly auditHead: AuditHead;
}

/** Largest vector: 2^28 words, 1 GiB on the wire at 32 bits. */
export const MAX_DIMENSION: number = 2 ** 28;

export const deadlinesShape: Shape<Deadlines> = struct<Deadlines>({
  setup: integer(U32),
  ready: integer(U32),
  maskedInput: integer(U32),
  consistency: integer(U32),
  unmask: integer(U32),
});

export const roundTermsShape: Shape<RoundTerms> = struct<RoundTerms>({
  batchContext: fixedBytes(32),
  keyIndex: integer(MAX_KEY_COUNT),
  round: integer(U32),
  attempt: integer(U32),
  step: text(64),
  planHash: fixedBytes(32),
  modelHash: fixedBytes(32),
  dimension: integer(MAX_DIMENSION),
  bits: integer(32),
  inputBound: integer(),
  noiseMargin: integer(),
  encoding: struct<EncodingTerms>({
    scale: integer(U32),
    normBound: integer(),
    coordinateBound: integer(),
    maxRecords: integer(U32),
  }),
  privacy: bytesBetween(0, 4096),
  deadlines: deadlinesShape,
  logHead: fixedBytes(32),
  auditHead: auditHeadShape,
});

/** SHA-256 over domain, suite and the canonical batch terms. */
export function batchContext(crypto: CryptoBackend, terms: BatchTerms): Uint8Array {
  const writer = new CanonicalWriter().text(`${DOMAIN}/batch-context`).text(SUITE);
  batchTermsShape.write(terms, writer);
  return crypto.sha256(writer.finish());
}

/** Digest of the terms that a `ready` answers. */
export function roundTermsDigest(crypto: CryptoBackend, terms: RoundTerms): Uint8Array {
  const writer = new CanonicalWriter().text(`${DOMAIN}/round-terms`);
  roundTermsShape.write(terms, writer);
  return crypto.sha256(writer.finish());
}

/** The fresh nonce of one member that takes part in a round. */
export interface ReadyNonce {
  readonly member: number;
  /** 32 bytes */
  readonly nonce: Uint8Array;
}

/** Digest of the nonces of all who take part, ascending by member. */
export function readyDigest(crypto: CryptoBackend, ready: readonly ReadyNonce[]): Uint8Array {
  const writer = new CanonicalWriter().text(`${DOMAIN}/ready`).count(ready.length);
  for (const { member, nonce } of ready) writer.integer(member).bytes(nonce);
  return crypto.sha256(writer.finish());
}

/**
 * The round context: terms and the nonces of all who take part. A restored snapshot of a client or of the
 * coordinator gets other nonces, so its masks do not cancel against anything sent before.
 * @param nonces of `readyDigest`
 */
export function roundContextOf(
  crypto: CryptoBackend,
  termsDigest: Uint8Array,
  nonces: Uint8Array,
): Uint8Array {
  const writer = new CanonicalWriter().text(`${DOMAIN}/round-context`).bytes(termsDigest).bytes(nonces);
  return crypto.sha256(writer.finish());
}

export function roundContext(
  crypto: CryptoBackend,
  termsDigest: Uint8Array,
  ready: readonly ReadyNonce[],
): Uint8Array {
  return roundContextOf(crypto, termsDigest, readyDigest(crypto, ready));
}
