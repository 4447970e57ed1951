/** Messages of one attempt at a round: ready, masked-input, consistency, unmask. */
import { FIELD_BYTES } from '../summation/inner-product.ts';
import { type AuditHead, auditHeadShape } from '../audit-head.ts';
import { detailShape } from '../wire/detail.ts';
import {
  bytesBetween,
  choice,
  fixedBytes,
  integer,
  list,
  type Shape,
  struct,
  text,
  viewedBytes,
} from '../wire/shape.ts';
import { type Deadlines, deadlinesShape, MAX_KEY_COUNT, type RoundTerms, roundTermsShape } from './terms.ts';

const U32 = 2 ** 32 - 1;
const memberId: Shape<number> = integer(65_535);
const hash: Shape<Uint8Array> = fixedBytes(32);

/** A member's signature over a statement that the context makes clear. */
export interface MemberSignature {
  readonly member: number;
  readonly signature: Uint8Array;
}

const memberSignatureShape: Shape<MemberSignature> = struct<MemberSignature>({
  member: memberId,
  signature: fixedBytes(64),
});

/** Promises about all earlier attempts that an announcement holds at most. */
export const MAX_PROMISES = 65_535;

/** Coordinator to members: the next attempt at a round. */
export interface RoundAnnounce {
  readonly terms: RoundTerms;
  /**
   * Where uploads were made in earlier attempts: who signed that it released nothing of one. Those about the newest
   * attempt come first, each attempt's ascending by member.
   */
  readonly promises: readonly MemberSignature[];
}

export const roundAnnounceShape: Shape<RoundAnnounce> = struct<RoundAnnounce>({
  terms: roundTermsShape,
  promises: list(memberSignatureShape, MAX_PROMISES),
});

/** Member to coordinator, relayed to all: "I take part", with a fresh nonce. Who sends none owes nothing. */
export interface Ready {
  readonly termsDigest: Uint8Array;
  readonly member: number;
  readonly nonce: Uint8Array;
}

export const readyShape: Shape<Ready> = struct<Ready>({
  termsDigest: hash,
  member: memberId,
  nonce: hash,
});

/** Member to coordinator: "I do not take part", and why. */
export interface Refusal {
  readonly member: number;
  readonly round: number;
  readonly code: string;
  readonly detail: string;
}

export const refusalShape: Shape<Refusal> = struct<Refusal>({
  member: memberId,
  round: integer(U32),
  code: text(32),
  detail: detailShape,
});

/**
 * Coordinator to members: who takes part. Members sign nothing new here: each checks the signatures and
 * derives the context.
 */
export interface RoundStart {
  readonly termsDigest: Uint8Array;
  readonly ready: readonly {
    readonly member: number;
    readonly nonce: Uint8Array;
    readonly signature: Uint8Array;
  }[];
}

export const roundStartShape: Shape<RoundStart> = struct<RoundStart>({
  termsDigest: hash,
  ready: list(struct({ member: memberId, nonce: hash, signature: fixedBytes(64) }), 65_535),
});

/**
 * Bytes of a vector that streams, in order. Not signed: the message that ends the stream signs its digest.
 */
export interface VectorChunk {
  readonly roundContext: Uint8Array;
  readonly sequence: number;
  readonly bytes: Uint8Array;
}

/**
 * Words of a chunk: 256 KiB packed at 32 bits at most. At a quarter of that, what is done once per chunk took a fifth of the
 * coordinator's time.
 */
export const CHUNK_WORDS = 65_536;
export const MAX_CHUNK_BYTES: number = CHUNK_WORDS * 4;

export const vectorChunkShape: Shape<VectorChunk> = struct<VectorChunk>({
  roundContext: hash,
  sequence: integer(U32),
  // A copy of every upload is otherwise most of what the collector has to clear away.
  bytes: viewedBytes(1, MAX_CHUNK_BYTES),
});

/** Member to coordinator, relayed to all: the upload is complete. Without it nothing of the upload counts. */
export interface UploadEnd {
  readonly roundContext: Uint8Array;
  readonly member: number;
  /** Packed length in bytes. */
  readonly length: number;
  /** SHA-256 of the packed masked vector. */
  readonly digest: Uint8Array;
}

export const uploadEndShape: Shape<UploadEnd> = struct<UploadEnd>({
  roundContext: hash,
  member: memberId,
  length: integer(U32),
  digest: hash,
});

/**
 * Coordinator to participants: whose vectors were added. Each entry carries the member's own signature over
 * its upload.
 */
export interface Survivors {
  readonly roundContext: Uint8Array;
  readonly uploads: readonly SurvivorUpload[];
}

export interface SurvivorUpload {
  readonly member: number;
  readonly digest: Uint8Array;
  /** Over the member's `UploadEnd`. */
  readonly signature: Uint8Array;
}

export const survivorsShape: Shape<Survivors> = struct<Survivors>({
  roundContext: hash,
  uploads: list(
    struct<SurvivorUpload>({ member: memberId, digest: hash, signature: fixedBytes(64) }),
    65_535,
  ),
});

/**
 * Member to coordinator, relayed to all: the one survivor set that this member agrees to for this key index.
 */
export interface SurvivorsSignature {
  readonly roundContext: Uint8Array;
  readonly member: number;
  readonly survivorsDigest: Uint8Array;
}

export const survivorsSignatureShape: Shape<SurvivorsSignature> = struct<SurvivorsSignature>({
  roundContext: hash,
  member: memberId,
  survivorsDigest: hash,
});

/** Coordinator to participants: at least t signed the same set; now release. */
export interface UnmaskRequest {
  readonly roundContext: Uint8Array;
  readonly survivorsDigest: Uint8Array;
  /** Of the receiver's holders at least t, ascending. */
  readonly signatures: readonly MemberSignature[];
  /**
   * SHA-256 of the integer sum of the masked uploads (`summation/integer-sum.ts`): the coordinator is bound to
   * it before anybody answers, and with the survivors digest it is the challenge of the summation check.
   */
  readonly maskedSum: Uint8Array;
}

export const unmaskRequestShape: Shape<UnmaskRequest> = struct<UnmaskRequest>({
  roundContext: hash,
  survivorsDigest: hash,
  signatures: list(memberSignatureShape, 65_535),
  maskedSum: hash,
});

/** Of an owner's two secrets: the self seed of a survivor, or the round key of a dropout. Never both. */
export type SecretKind = 'self' | 'pair';

export interface ReleasedShare {
  readonly owner: number;
  readonly kind: SecretKind;
  readonly share: Uint8Array;
  /** Opens the dealer's commitment to this share. */
  readonly salt: Uint8Array;
}

/** Member to coordinator: one share for each participant, written once before it is sent. */
export interface Release {
  readonly batchContext: Uint8Array;
  readonly keyIndex: number;
  readonly roundContext: Uint8Array;
  readonly member: number;
  readonly shares: readonly ReleasedShare[];
  /** The masked sum of the request that this answers: with other words, which challenge. */
  readonly maskedSum: Uint8Array;
  /**
   * Of a survivor: the inner product of its upload with the challenge's vector, 8 bytes. Empty of a member that
   * has no upload in the sum, or no longer at hand.
   */
  readonly innerProduct: Uint8Array;
}

export const releaseShape: Shape<Release> = struct<Release>({
  batchContext: hash,
  keyIndex: integer(MAX_KEY_COUNT),
  roundContext: hash,
  member: memberId,
  shares: list(
    struct<ReleasedShare>({
      owner: memberId,
      kind: choice('self', 'pair'),
      share: fixedBytes(32),
      salt: fixedBytes(32),
    }),
    65_535,
  ),
  maskedSum: hash,
  innerProduct: bytesBetween(0, FIELD_BYTES),
});

/**
 * What shows a member that took no part in a round that the round was the one it expects, and that more
 * organisations than may collude signed its survivors. Terms and context follow from what it expects itself
 * and from these.
 */
export interface OpeningProof {
  readonly batchContext: Uint8Array;
  readonly keyIndex: number;
  readonly step: string;
  readonly deadlines: Deadlines;
  readonly auditHead: AuditHead;
  /** Of the nonces of all who took part. */
  readonly readyDigest: Uint8Array;
  /** Of the digests of the survivors' uploads. */
  readonly uploadsDigest: Uint8Array;
  /** Over the survivor set, ascending: of one member of each of c + 1 organisations. */
  readonly signatures: readonly MemberSignature[];
}

/** Coordinator to members: the opened sum, after its chunks. */
export interface RoundResult {
  readonly roundContext: Uint8Array;
  readonly round: number;
  /** The attempt that was opened. */
  readonly attempt: number;
  readonly survivors: readonly number[];
  readonly survivorsDigest: Uint8Array;
  readonly length: number;
  /** SHA-256 of the packed sum. */
  readonly digest: Uint8Array;
  readonly proof: OpeningProof;
}

export const roundResultShape: Shape<RoundResult> = struct<RoundResult>({
  roundContext: hash,
  round: integer(U32),
  attempt: integer(U32),
  survivors: list(memberId, 65_535),
  survivorsDigest: hash,
  length: integer(U32),
  digest: hash,
  proof: struct<OpeningProof>({
    batchContext: hash,
    keyIndex: integer(MAX_KEY_COUNT),
    step: text(64),
    deadlines: deadlinesShape,
    auditHead: auditHeadShape,
    readyDigest: hash,
    uploadsDigest: hash,
    signatures: list(memberSignatureShape, 65_535),
  }),
});

/** Coordinator to members: this attempt is over without a sum; its key index is burnt. */
export interface RoundAborted {
  readonly batchContext: Uint8Array;
  readonly keyIndex: number;
  readonly phase: string;
  readonly code: string;
  readonly detail: string;
  /** Whether members are asked to sign that they released nothing, so that the round can be tried again. */
  readonly asks: 'nothing' | 'promise';
}

export const roundAbortedShape: Shape<RoundAborted> = struct<RoundAborted>({
  batchContext: hash,
  keyIndex: integer(MAX_KEY_COUNT),
  phase: text(32),
  code: text(32),
  detail: detailShape,
  asks: choice('nothing', 'promise'),
});

/**
 * Member to coordinator, relayed to all: "I released nothing for this key index and never will". Enough of
 * them make sure that the attempt can never be opened, whatever became of its uploads.
 */
export interface NothingReleased {
  readonly batchContext: Uint8Array;
  readonly keyIndex: number;
  readonly member: number;
}

export const nothingReleasedShape: Shape<NothingReleased> = struct<NothingReleased>({
  batchContext: hash,
  keyIndex: integer(MAX_KEY_COUNT),
  member: memberId,
});
