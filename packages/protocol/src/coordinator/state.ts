/**
 * State, events and effects of the coordinator's machine. All values are plain and immutable; none holds a
 * vector of length d.
 */
import { ProtocolError, type Rejection } from '../errors.ts';
import type { Bodies, Message, MessageKind } from '../messages/index.ts';
import type { SurvivorUpload } from '../messages/round.ts';
import type { KeyAdvert, SealedShares, Signed } from '../messages/setup.ts';
import type { BatchTerms, RoundTerms } from '../messages/terms.ts';
import type { Roster } from '../roster.ts';
import type { PointShare, UnmaskRequestForKernel } from './unmask.ts';

export type Phase = 'setup' | 'ready' | 'masked-input' | 'consistency' | 'unmask';

/** Why a member is no longer awaited in a phase. */
export type DropReason =
  | 'never-connected'
  | 'late'
  | 'protocol-error'
  | 'refused-by-client-policy'
  | 'disconnected-in-phase'
  | 'version';

export interface Drop {
  readonly member: number;
  readonly reason: DropReason;
  readonly phase: Phase;
  readonly detail: string;
}

/** A batch whose shares are dealt: its key indices can be used. */
export interface OpenBatch {
  readonly terms: BatchTerms;
  readonly context: Uint8Array;
  readonly adverts: ReadonlyMap<number, KeyAdvert>;
  /** U2: for each dealer its share commitments, by holder. */
  readonly dealt: ReadonlyMap<number, ReadonlyMap<number, readonly Uint8Array[]>>;
  readonly nextKeyIndex: number;
}

/** Members whose answer a phase still awaits. */
interface Awaiting {
  readonly waiting: ReadonlySet<number>;
}

export interface RoundInProgress {
  readonly terms: RoundTerms;
  readonly termsDigest: Uint8Array;
  readonly context: Uint8Array;
  /** R, ascending. */
  readonly participants: readonly number[];
  /** Participants that said they are out: nothing more is asked of them in this round. */
  readonly refused: ReadonlySet<number>;
}

/** What one dealer dealt. */
export interface Dealt {
  /** By holder. */
  readonly boxes: ReadonlyMap<number, Signed<SealedShares>>;
  readonly ownCommitments: readonly Uint8Array[];
}

export type CoordinatorPhase =
  | { readonly kind: 'idle' }
  | (Awaiting & {
      readonly kind: 'advertise-keys';
      readonly terms: BatchTerms;
      readonly context: Uint8Array;
      readonly deadlineMs: number;
      readonly adverts: ReadonlyMap<number, Signed<KeyAdvert>>;
    })
  | (Awaiting & {
      readonly kind: 'share-keys';
      readonly terms: BatchTerms;
      readonly context: Uint8Array;
      readonly adverts: ReadonlyMap<number, KeyAdvert>;
      readonly dealt: ReadonlyMap<number, Dealt>;
    })
  | (Awaiting & {
      readonly kind: 'ready';
      readonly terms: RoundTerms;
      readonly termsDigest: Uint8Array;
      readonly ready: ReadonlyMap<number, { readonly nonce: Uint8Array; readonly signature: Uint8Array }>;
    })
  | (Awaiting & {
      readonly kind: 'masked-input';
      readonly round: RoundInProgress;
      /** Verified, being added. */
      readonly adding: ReadonlyMap<number, SurvivorUpload>;
      /** Added: these are the survivors when the phase closes. */
      readonly added: ReadonlyMap<number, SurvivorUpload>;
      /** The deadline has passed; the phase closes when nothing is being added any more. */
      readonly closing: boolean;
    })
  | (Awaiting & {
      readonly kind: 'consistency';
      readonly round: RoundInProgress;
      readonly survivors: readonly SurvivorUpload[];
      readonly survivorsDigest: Uint8Array;
      readonly signatures: ReadonlyMap<number, Uint8Array>;
    })
  | (Awaiting & {
      readonly kind: 'unmask';
      readonly round: RoundInProgress;
      readonly survivors: readonly SurvivorUpload[];
      readonly survivorsDigest: Uint8Array;
      /** Verified shares by owner. */
      readonly shares: ReadonlyMap<number, readonly PointShare[]>;
      /** Who released. */
      readonly released: ReadonlySet<number>;
    })
  | {
      readonly kind: 'opening';
      readonly round: RoundInProgress;
      readonly survivors: readonly SurvivorUpload[];
      readonly survivorsDigest: Uint8Array;
    };

export interface CoordinatorState {
  readonly roster: Roster;
  readonly run: Uint8Array;
  /** Members with a session. */
  readonly present: ReadonlySet<number>;
  readonly batch: OpenBatch | undefined;
  readonly phase: CoordinatorPhase;
  /** Counts phases, so that a deadline set for one cannot end another. */
  readonly phaseNumber: number;
}

export type CoordinatorEvent =
  | { readonly kind: 'member-joined'; readonly member: number }
  | { readonly kind: 'member-lost'; readonly member: number }
  | { readonly kind: 'message'; readonly from: number; readonly message: Message }
  | { readonly kind: 'batch-requested'; readonly terms: BatchTerms; readonly deadlineMs: number }
  | { readonly kind: 'round-requested'; readonly terms: RoundTerms }
  | {
      readonly kind: 'upload-spooled';
      readonly from: number;
      readonly message: Message<'upload-end'>;
      /** Of the bytes that were received. */
      readonly length: number;
      readonly digest: Uint8Array;
    }
  | { readonly kind: 'upload-failed'; readonly from: number; readonly detail: string }
  | { readonly kind: 'input-added'; readonly member: number; readonly roundContext: Uint8Array }
  | { readonly kind: 'sum-opened'; readonly roundContext: Uint8Array; readonly digest: Uint8Array }
  | {
      readonly kind: 'sum-not-opened';
      readonly roundContext: Uint8Array;
      readonly badDealers: readonly number[];
    }
  | { readonly kind: 'deadline'; readonly phaseNumber: number };

export type AbortCode = 'BELOW_FLOOR' | 'BELOW_THRESHOLD' | 'BAD_DEALER' | 'UNSAFE_TERMS';

export type CoordinatorEffect =
  | {
      readonly [K in MessageKind]: {
        readonly kind: 'send';
        /** Receivers, ascending. One signature serves all. */
        readonly to: readonly number[];
        readonly message: K;
        readonly body: Bodies[K];
      };
    }[MessageKind]
  | { readonly kind: 'start-deadline'; readonly phaseNumber: number; readonly ms: number }
  | { readonly kind: 'open-accumulator'; readonly round: RoundInProgress }
  | { readonly kind: 'add-input'; readonly member: number; readonly roundContext: Uint8Array }
  | { readonly kind: 'discard-input'; readonly member: number; readonly roundContext: Uint8Array }
  | { readonly kind: 'unmask'; readonly request: UnmaskRequestForKernel; readonly round: RoundInProgress }
  | { readonly kind: 'close-accumulator'; readonly roundContext: Uint8Array }
  | { readonly kind: 'enter-phase'; readonly phase: Phase; readonly round: number; readonly awaiting: number }
  | { readonly kind: 'drop'; readonly drop: Drop }
  | { readonly kind: 'reject'; readonly rejection: Rejection }
  | { readonly kind: 'batch-opened'; readonly members: readonly number[] }
  | { readonly kind: 'batch-aborted'; readonly code: AbortCode; readonly detail: string }
  | {
      readonly kind: 'round-completed';
      readonly round: RoundInProgress;
      readonly survivors: readonly number[];
      readonly survivorsDigest: Uint8Array;
      readonly digest: Uint8Array;
    }
  | {
      readonly kind: 'round-aborted';
      readonly terms: RoundTerms;
      readonly phase: Phase;
      readonly code: AbortCode;
      readonly detail: string;
      readonly survivors: readonly number[];
    };

export interface CoordinatorStep {
  readonly state: CoordinatorState;
  readonly effects: readonly CoordinatorEffect[];
}

/** The batch of the round in progress. @throws ProtocolError INVARIANT where none is open */
export function openBatch(state: CoordinatorState): OpenBatch {
  if (state.batch === undefined) throw new ProtocolError('INVARIANT', 'no batch is open');
  return state.batch;
}
