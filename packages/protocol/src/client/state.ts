/**
 * State, events and effects of a member's machine. All values are plain and immutable; none holds a secret or
 * a vector.
 */
import type { AuditHead } from '../audit-head.ts';
import { ProtocolError, type Rejection } from '../errors.ts';
import type { Evidence } from '../evidence.ts';
import type { Bodies, Message, MessageKind } from '../messages/index.ts';
import type { RoundResult, SecretKind } from '../messages/round.ts';
import type { KeyAdvert, SealedShares, Signed } from '../messages/setup.ts';
import type { BatchTerms, EncodingTerms, RoundTerms } from '../messages/terms.ts';
import type { RoundKeyHolder } from '../masks.ts';
import { sameBytes } from '../public-bytes.ts';
import type { Roster } from '../roster.ts';
import type { Deal, DealtBox } from './batch-secrets.ts';
import type { MaskRequest } from './masked-input.ts';

/** What a member insists on, whatever the coordinator proposes. */
export interface ClientPolicy {
  /** Fewest distinct organisations in a sum. */
  readonly minCohort: number;
  /** Colluding organisations that the terms must withstand at least. */
  readonly minColluders: number;
  /** Fewest members in a sum: those that the noise of the run is sized for; left out where it has none. */
  readonly minSurvivors?: number;
  /** Attempts at one round that terms may allow at most. */
  readonly maxAttemptsPerRound: number;
}

/** The sum that follows from the sums so far, computed by the member itself. */
export interface ExpectedRound {
  readonly round: number;
  readonly planHash: Uint8Array;
  readonly modelHash: Uint8Array;
  readonly dimension: number;
  readonly bits: number;
  readonly inputBound: number;
  readonly noiseMargin: number;
  readonly encoding: EncodingTerms;
  readonly privacy: Uint8Array;
  readonly logHead: Uint8Array;
}

export interface ClientBatch {
  readonly terms: BatchTerms;
  readonly context: Uint8Array;
  /** What the member awaits: the keys of the others, their shares, rounds. */
  readonly stage: 'keys' | 'shares' | 'open';
  /** Whether keys of this member were advertised: no others may be, for as long as the batch is. */
  readonly advertised: boolean;
  /** Digest of that for which this member of the committee gave its nonce away; undefined before. */
  readonly revealedFor: Uint8Array | undefined;
  /** Digest of the key roster, which is taken once. */
  readonly keyRosterDigest: Uint8Array | undefined;
  /** U1, ascending. */
  readonly members: readonly number[];
  /** Adverts of this member and its neighbours, once the key roster is known. */
  readonly adverts: ReadonlyMap<number, KeyAdvert>;
  /** With whom this member shares masks, ascending. */
  readonly neighbours: readonly number[];
  /** Who holds shares of this member's secrets, ascending; position + 1 is the holder's point. */
  readonly holders: readonly number[];
  /** Whose shares this member holds, its own among them where it is its own holder. */
  readonly dealers: ReadonlySet<number>;
  /** Public randomness of the batch; empty where it needs none. */
  readonly draw: Uint8Array;
  /** Boxes that did not open as committed, by dealer: the answers to the complaints are awaited. */
  readonly complaints: ReadonlyMap<number, Signed<SealedShares>>;
  /** Holders whose complaint this member has answered. */
  readonly openedTo: ReadonlySet<number>;
  /** Key indices below this are used or burnt. */
  readonly nextKeyIndex: number;
  /** Key indices for which shares were given out. */
  readonly releasedFor: ReadonlySet<number>;
}

/**
 * What the member awaits in its round: its own nonce, the round start, its own upload, the survivors, the
 * unmask request; and at last only the result. A round at `released` gives nothing away any more, whether it
 * released its shares or was given up before.
 */
export type ClientRoundStage = 'nonce' | 'ready' | 'masked-input' | 'consistency' | 'unmask' | 'released';

export interface ClientRound {
  readonly terms: RoundTerms;
  readonly termsDigest: Uint8Array;
  /** The batch whose secrets mask the round. */
  readonly batch: ClientBatch;
  readonly stage: ClientRoundStage;
  readonly nonce: Uint8Array;
  /** Participants of the round, ascending; known from the round start on. */
  readonly participants: readonly number[];
  readonly context: Uint8Array;
  /** Digest of the own upload, once it is complete. */
  readonly uploadDigest: Uint8Array | undefined;
  readonly survivors: readonly number[];
  readonly survivorsDigest: Uint8Array;
  /** The unmask request that was answered: its masked sum, and the coordinator's signature over it. */
  readonly answered: { readonly maskedSum: Uint8Array; readonly signature: Uint8Array } | undefined;
  /** The coordinator's signature over the survivor set: half of a proof, should it sign another. */
  readonly survivorsSignature: Uint8Array;
}

/** An upload that was begun, and what must hold before the same round may be tried again. */
export interface Contribution {
  readonly round: number;
  readonly attempt: number;
  readonly batchContext: Uint8Array;
  readonly keyIndex: number;
  readonly holders: readonly number[];
  /** So many of `holders` must have promised: H - t + 1 + c. */
  readonly promisesNeeded: number;
}

export interface ClientState {
  readonly self: number;
  readonly roster: Roster;
  readonly rosterRoot: Uint8Array;
  /** Digest of the run's manifest. */
  readonly run: Uint8Array;
  readonly policy: ClientPolicy;
  readonly expected: ExpectedRound | undefined;
  /**
   * The newest upload that was begun. A second contribution to its round would let two sums be compared,
   * unless the first can never be opened.
   */
  readonly contribution: Contribution | undefined;
  /** Number of the newest batch that was begun; older ones are refused. */
  readonly lastBatch: number;
  /** The batch in use and the one that is to follow, oldest first. */
  readonly batches: readonly ClientBatch[];
  /**
   * Draws begun since this member learned of a sum, whatever came of them: who dislikes a draw can only begin
   * another, whether it lets the batch open or not, and whether or not it lets an attempt begin on it.
   */
  readonly drawsForSum: number;
  readonly round: ClientRound | undefined;
  /** Members that are proven to have cheated. */
  readonly culprits: ReadonlySet<number>;
  /** The newest head of the audit log that the coordinator showed. */
  readonly auditHead: AuditHead | undefined;
  /** Newest version of the protocol that this member speaks. */
  readonly newestVersion: number;
}

/** Setup and the four steps of a round, as people know them from Bonawitz et al. 2017. */
export type ClientPhase = 'setup' | 'ready' | 'masked-input' | 'consistency' | 'unmask';

export type ClientEvent =
  | { readonly kind: 'message'; readonly message: Message }
  | { readonly kind: 'expect'; readonly expected: ExpectedRound | undefined }
  | { readonly kind: 'keys-generated'; readonly advert: KeyAdvert }
  | {
      readonly kind: 'shares-dealt';
      readonly batchContext: Uint8Array;
      readonly boxes: readonly Signed<SealedShares>[];
      readonly ownCommitments: Uint8Array;
    }
  | {
      readonly kind: 'shares-held';
      readonly batchContext: Uint8Array;
      /** Those that do not open, or not as committed. */
      readonly badBoxes: readonly Signed<SealedShares>[];
    }
  | { readonly kind: 'nonce-drawn'; readonly termsDigest: Uint8Array; readonly nonce: Uint8Array }
  | {
      readonly kind: 'input-masked';
      readonly roundContext: Uint8Array;
      readonly digest: Uint8Array;
      readonly length: number;
    }
  | {
      readonly kind: 'input-failed';
      readonly roundContext: Uint8Array;
      readonly detail: string;
      /** The member could contribute, and its policy does not let it. */
      readonly refused?: boolean;
    }
  | { readonly kind: 'connection-lost' };

/** The inner product that a survivor signs: of its upload with the vector that this challenge gives. */
export interface SummationRequest {
  /** 32 bytes */
  readonly challenge: Uint8Array;
  /** d */
  readonly dimension: number;
  /** b */
  readonly bits: number;
}

export type ClientEffect =
  | {
      readonly [K in MessageKind]: { readonly kind: 'send'; readonly message: K; readonly body: Bodies[K] };
    }[MessageKind]
  | {
      readonly kind: 'generate-keys';
      readonly batchContext: Uint8Array;
      readonly keyCount: number;
      /** Whether the member is of the committee and commits to a nonce. */
      readonly draws: boolean;
      /** Keys were advertised before: these again, or none. */
      readonly again: boolean;
    }
  | { readonly kind: 'deal-shares'; readonly deal: Deal }
  /** Opens the shares of one holder: what was dealt to it, in the clear. */
  | { readonly kind: 'open-shares'; readonly batchContext: Uint8Array; readonly holder: number }
  | {
      readonly kind: 'hold-opened';
      readonly batchContext: Uint8Array;
      readonly dealer: number;
      readonly payload: Uint8Array;
    }
  | { readonly kind: 'reveal-draw'; readonly batchContext: Uint8Array; readonly drawDigest: Uint8Array }
  | {
      readonly kind: 'hold-shares';
      readonly batchContext: Uint8Array;
      readonly boxes: readonly DealtBox[];
    }
  | { readonly kind: 'draw-nonce'; readonly termsDigest: Uint8Array }
  | {
      readonly kind: 'upload-input';
      readonly batchContext: Uint8Array;
      readonly request: MaskRequest;
      readonly terms: RoundTerms;
      /**
       * The upload was begun before. What was masked then is sent again, byte for byte, or nothing: masks
       * are never put on twice.
       */
      readonly resume: boolean;
    }
  | {
      readonly kind: 'release';
      readonly batchContext: Uint8Array;
      readonly roundContext: Uint8Array;
      readonly keyIndex: number;
      readonly choices: readonly { readonly owner: number; readonly kind: SecretKind }[];
      readonly maskedSum: Uint8Array;
      /** Of a survivor: whose inner product with its upload goes into the release. */
      readonly summation: SummationRequest | undefined;
    }
  | { readonly kind: 'forget-batch'; readonly batchContext: Uint8Array }
  /** With noise: what this member uploaded to the attempt can never be opened, since enough holders of its secrets promised. */
  | { readonly kind: 'attempt-void'; readonly round: number; readonly attempt: number }
  /** A head of the audit log that the coordinator showed: to be kept, and compared with what others were shown. */
  | { readonly kind: 'note-head'; readonly round: number; readonly head: AuditHead }
  | { readonly kind: 'accept-result'; readonly result: RoundResult; readonly participated: boolean }
  /** The batch has its public randomness; empty where it draws none. */
  | { readonly kind: 'batch-drawn'; readonly batch: number; readonly draw: Uint8Array }
  /** Signed proof that somebody cheated: to be kept. */
  | { readonly kind: 'evidence'; readonly evidence: Evidence }
  | { readonly kind: 'enter-phase'; readonly phase: ClientPhase; readonly round: number }
  | { readonly kind: 'reject'; readonly rejection: Rejection };

export interface ClientStep {
  readonly state: ClientState;
  readonly effects: readonly ClientEffect[];
}

/**
 * Ends a round before its result. Once the member has signed a survivor set it remembers which, so that no
 * result over another set can follow; before that there is nothing to remember.
 */
export function closeRound(round: ClientRound | undefined): ClientRound | undefined {
  const signed = round?.stage === 'unmask' || round?.stage === 'released';
  return signed ? { ...round, stage: 'released' } : undefined;
}

export function batchOf(state: Pick<ClientState, 'batches'>, context: Uint8Array): ClientBatch | undefined {
  return state.batches.find((batch) => sameBytes(batch.context, context));
}

/** The state with a batch of the same context replaced. */
export function withBatch(state: ClientState, changed: ClientBatch): ClientState {
  const replace = (batch: ClientBatch): ClientBatch =>
    sameBytes(batch.context, changed.context) ? changed : batch;
  const round = state.round === undefined ? undefined : { ...state.round, batch: replace(state.round.batch) };
  return { ...state, batches: state.batches.map(replace), round };
}

/**
 * The public round key of a member that dealt shares in the batch.
 * @throws ProtocolError INVARIANT where it advertised none
 */
export function roundKeyOf(batch: ClientBatch, member: number, keyIndex: number): RoundKeyHolder {
  const roundKey = batch.adverts.get(member)?.roundKeys[keyIndex];
  if (roundKey === undefined) {
    throw new ProtocolError('INVARIANT', `member ${member} has no key at key index ${keyIndex}`);
  }
  return { member, roundKey };
}
