/** Messages that open and close a session: who is there, which version is spoken, what the run is. */
import { type AuditHead, auditHeadShape } from '../audit-head.ts';
import { detailShape } from '../wire/detail.ts';
import { fixedBytes, integer, type Shape, struct, text } from '../wire/shape.ts';

const hash: Shape<Uint8Array> = fixedBytes(32);

/** Coordinator to whoever connects: a fresh nonce to sign, so that a recorded hello opens nothing. */
export interface Challenge {
  readonly federation: string;
  readonly nonce: Uint8Array;
}

export const challengeShape: Shape<Challenge> = struct<Challenge>({ federation: text(64), nonce: hash });

/** Member to coordinator. */
export interface Hello {
  readonly federation: string;
  readonly member: number;
  readonly rosterRoot: Uint8Array;
  readonly oldestVersion: number;
  readonly newestVersion: number;
  /** Sums of the run that the member has seen opened; the coordinator sends those after them. */
  readonly knownSums: number;
  /** The coordinator's nonce. */
  readonly challenge: Uint8Array;
  /** The member's own, which the welcome signs. */
  readonly nonce: Uint8Array;
}

export const helloShape: Shape<Hello> = struct<Hello>({
  federation: text(64),
  member: integer(65_535),
  rosterRoot: hash,
  oldestVersion: integer(65_535),
  newestVersion: integer(65_535),
  knownSums: integer(65_535),
  challenge: hash,
  nonce: hash,
});

/**
 * Coordinator to member: the session is open. The manifest is the run's public definition, checked by the
 * member's policy.
 */
export interface Welcome {
  readonly nonce: Uint8Array;
  readonly version: number;
  /** JSON of the run's manifest; its digest is the run's id. */
  readonly manifest: string;
  /** Sums opened so far, which follow as results. */
  readonly openedSums: number;
}

export const MAX_MANIFEST_LENGTH = 262_144;

export const welcomeShape: Shape<Welcome> = struct<Welcome>({
  nonce: hash,
  version: integer(65_535),
  manifest: text(MAX_MANIFEST_LENGTH),
  openedSums: integer(65_535),
});

/** Coordinator to member: the run is over. */
export interface RunEnded {
  readonly run: Uint8Array;
  /** `completed`, or the code of the failure. */
  readonly outcome: string;
  readonly detail: string;
  readonly rounds: number;
  /** Head of the log of opened sums, for the member to compare with its own. */
  readonly logHead: Uint8Array;
  /** Newest head of the audit log: it covers the last sum, for members to keep. */
  readonly auditHead: AuditHead;
}

export const runEndedShape: Shape<RunEnded> = struct<RunEnded>({
  run: hash,
  outcome: text(32),
  detail: detailShape,
  rounds: integer(65_535),
  logHead: hash,
  auditHead: auditHeadShape,
});
