/**
 * State, events and effects of a member's machine. All values are plain and immutable; none holds a secret or
 * a vector.
 */
import { ProtocolError, type Rejection } from '../errors.ts';
import type { Bodies, Message, MessageKind } from '../messages/index.ts';
import type { RoundResult, SecretKind } from '../messages/round.ts';
import type { KeyAdvert, SealedShares, Signed } from '../messages/setup.ts';
import type { BatchTerms, EncodingTerms, RoundTerms } from '../messages/terms.ts';
import type { RoundKeyHolder } from '../masks.ts';
import type { Roster } from '../roster.ts';
import type { Deal } from './batch-secrets.ts';
import type { MaskRequest } from './masked-input.ts';

/** What a member insists on, whatever the coordinator proposes. */
export interface ClientPolicy {
  /** Fewest distinct organisations in a sum. */
  readonly minCohort: number;
  /** Colluding organisations that the terms must withstand at least. */
  readonly minColluders: number;
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
  readonly stage: 'keys' | 'shares' | 'open';
  /** Adverts of U1, once the key roster is known. */
  readonly adverts: ReadonlyMap<number, KeyAdvert>;
  /** U2: who dealt. */
  readonly dealers: ReadonlySet<number>;
  /** Key indices below this are used or burnt. */
  readonly nextKeyIndex: number;
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
  readonly stage: ClientRoundStage;
  readonly nonce: Uint8Array;
  /** Participants of the round, ascending; known from the round start on. */
  readonly participants: readonly number[];
  readonly context: Uint8Array;
  /** Digest of the own upload, once it is complete. */
  readonly uploadDigest: Uint8Array | undefined;
  readonly survivors: readonly number[];
  readonly survivorsDigest: Uint8Array;
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
   * The newest round for which an upload was begun. A second contribution to it would let two sums be
   * compared.
   */
  readonly contributedRound: number;
  /** Number of the newest batch that was begun; older ones are refused. */
  readonly lastBatch: number;
  readonly batch: ClientBatch | undefined;
  readonly round: ClientRound | undefined;
}

/** The four phases, as people know them from Bonawitz et al. 2017. */
export type ClientPhase = 'setup' | 'ready' | 'masked-input' | 'consistency' | 'unmask';

export type ClientEvent =
  | { readonly kind: 'message'; readonly message: Message }
  | { readonly kind: 'expect'; readonly expected: ExpectedRound | undefined }
  | { readonly kind: 'keys-generated'; readonly advert: KeyAdvert }
  | {
      readonly kind: 'shares-dealt';
      readonly batchContext: Uint8Array;
      readonly boxes: readonly Signed<SealedShares>[];
      readonly ownCommitments: readonly Uint8Array[];
    }
  | {
      readonly kind: 'shares-held';
      readonly batchContext: Uint8Array;
      readonly badDealers: readonly number[];
    }
  | { readonly kind: 'nonce-drawn'; readonly termsDigest: Uint8Array; readonly nonce: Uint8Array }
  | {
      readonly kind: 'input-masked';
      readonly roundContext: Uint8Array;
      readonly digest: Uint8Array;
      readonly length: number;
    }
  | { readonly kind: 'input-failed'; readonly roundContext: Uint8Array; readonly detail: string }
  | { readonly kind: 'connection-lost' };

export type ClientEffect =
  | {
      readonly [K in MessageKind]: { readonly kind: 'send'; readonly message: K; readonly body: Bodies[K] };
    }[MessageKind]
  | { readonly kind: 'generate-keys'; readonly batchContext: Uint8Array; readonly keyCount: number }
  | { readonly kind: 'deal-shares'; readonly deal: Deal }
  | {
      readonly kind: 'hold-shares';
      readonly batchContext: Uint8Array;
      readonly boxes: readonly { readonly box: SealedShares; readonly dealerKey: Uint8Array }[];
    }
  | { readonly kind: 'draw-nonce'; readonly termsDigest: Uint8Array }
  | {
      readonly kind: 'upload-input';
      readonly batchContext: Uint8Array;
      readonly request: MaskRequest;
      readonly terms: RoundTerms;
    }
  | {
      readonly kind: 'release';
      readonly batchContext: Uint8Array;
      readonly roundContext: Uint8Array;
      readonly keyIndex: number;
      readonly choices: readonly { readonly owner: number; readonly kind: SecretKind }[];
    }
  | { readonly kind: 'forget-batch'; readonly batchContext: Uint8Array }
  | { readonly kind: 'accept-result'; readonly result: RoundResult; readonly participated: boolean }
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
