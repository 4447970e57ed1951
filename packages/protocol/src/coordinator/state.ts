/**
 * State, events and effects of the coordinator's machine. All values are plain and immutable; none holds a
 * vector of length d.
 */
import type { Rejection } from '../errors.ts';
import type { MemberEvidence } from '../messages/evidence.ts';
import type { Bodies, Message, MessageKind } from '../messages/index.ts';
import type {
  MemberSignature,
  OpeningProof,
  Release,
  RoundStart,
  SurvivorUpload,
} from '../messages/round.ts';
import type {
  Complaint,
  DrawReveal,
  KeyAdvert,
  OpenedShares,
  SealedShares,
  Signed,
} from '../messages/setup.ts';
import type { BatchTerms, RoundTerms } from '../messages/terms.ts';
import type { Roster } from '../roster.ts';
import type { PointShare, UnmaskRequestForKernel } from './unmask.ts';

export type Phase = 'setup' | 'ready' | 'masked-input' | 'consistency' | 'unmask';

/** Why a member is no longer awaited in a phase; `version` where it speaks none that the coordinator does. */
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

/** What one dealer dealt. */
export interface Dealt {
  /** By holder. */
  readonly boxes: ReadonlyMap<number, Signed<SealedShares>>;
  /** To the shares that the dealer keeps; empty where it is not its own holder. */
  readonly ownCommitments: Uint8Array;
}

/** A batch whose shares are dealt: its key indices can be used. */
export interface OpenBatch {
  readonly terms: BatchTerms;
  readonly context: Uint8Array;
  /** U1, ascending. */
  readonly members: readonly number[];
  readonly adverts: ReadonlyMap<number, Signed<KeyAdvert>>;
  /** U2: what each dealer dealt. */
  readonly dealt: ReadonlyMap<number, Dealt>;
  /** On a Harary graph the neighbours of each member of the cohort; empty on the complete graph. */
  readonly neighbours: ReadonlyMap<number, readonly number[]>;
  /** Public randomness; empty where the batch needed none. */
  readonly draw: Uint8Array;
  /**
   * By dealer the complaints about its boxes, by holder, with what the dealer answered. A dealer that owes so many
   * answers that fewer than t holders could open its secrets takes part in no round.
   */
  readonly complaints: ReadonlyMap<number, ReadonlyMap<number, AnsweredComplaint>>;
  readonly nextKeyIndex: number;
}

export interface AnsweredComplaint {
  readonly complaint: Signed<Complaint>;
  /** Undefined while it is due. */
  readonly answer: Signed<OpenedShares> | undefined;
}

/** Members whose answer a phase still awaits. */
interface Awaiting {
  readonly waiting: ReadonlySet<number>;
}

/** Whom a round joins, with their signed nonces: what a `round-start` says. */
export type ReadyEntry = RoundStart['ready'][number];

export interface RoundInProgress {
  readonly terms: RoundTerms;
  readonly termsDigest: Uint8Array;
  readonly context: Uint8Array;
  readonly batch: OpenBatch;
  /** R, ascending. */
  readonly participants: readonly number[];
  readonly ready: readonly ReadyEntry[];
  /** Participants that said they are out: nothing more is asked of them in this round. */
  readonly refused: ReadonlySet<number>;
}

interface SetupInProgress extends Awaiting {
  readonly terms: BatchTerms;
  readonly context: Uint8Array;
  readonly deadlineMs: number;
  readonly adverts: ReadonlyMap<number, Signed<KeyAdvert>>;
}

/** Setup goes on beside the rounds of the batch that is open. */
export type SetupPhase =
  | { readonly kind: 'idle' }
  | (SetupInProgress & { readonly kind: 'advertise-keys' })
  | (SetupInProgress & {
      readonly kind: 'draw';
      readonly members: readonly number[];
      /** Of the committee, ascending by member. */
      readonly commitments: readonly Uint8Array[];
      readonly drawDigest: Uint8Array;
      readonly reveals: ReadonlyMap<number, Signed<DrawReveal>>;
    })
  | (SetupInProgress & {
      readonly kind: 'share-keys';
      readonly members: readonly number[];
      readonly reveals: readonly Signed<DrawReveal>[];
      readonly draw: Uint8Array;
      readonly neighbours: ReadonlyMap<number, readonly number[]>;
      readonly dealt: ReadonlyMap<number, Dealt>;
    });

/** Why and where an attempt ended. */
export interface Failure {
  readonly phase: Phase;
  readonly code: AbortCode;
  readonly detail: string;
  readonly survivors: readonly number[];
}

export type CoordinatorPhase =
  | { readonly kind: 'idle' }
  | (Awaiting & {
      readonly kind: 'ready';
      readonly terms: RoundTerms;
      readonly termsDigest: Uint8Array;
      readonly batch: OpenBatch;
      readonly promises: readonly MemberSignature[];
      readonly ready: ReadonlyMap<number, ReadyEntry>;
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
  /** The survivors are fixed, and with them the integer sum of their uploads: the shell makes it durable. */
  | {
      readonly kind: 'summing';
      readonly round: RoundInProgress;
      readonly survivors: readonly SurvivorUpload[];
    }
  | (Awaiting & {
      readonly kind: 'consistency';
      readonly round: RoundInProgress;
      readonly survivors: readonly SurvivorUpload[];
      readonly survivorsDigest: Uint8Array;
      /** SHA-256 of the integer sum. */
      readonly maskedSum: Uint8Array;
      readonly signatures: ReadonlyMap<number, Uint8Array>;
    })
  | (Awaiting & {
      readonly kind: 'unmask';
      readonly round: RoundInProgress;
      readonly survivors: readonly SurvivorUpload[];
      readonly survivorsDigest: Uint8Array;
      readonly maskedSum: Uint8Array;
      readonly signatures: ReadonlyMap<number, Uint8Array>;
      /** Verified shares by owner. */
      readonly shares: ReadonlyMap<number, readonly PointShare[]>;
      /** Who released, and what. */
      readonly releases: ReadonlyMap<number, Signed<Release>>;
      /** Every secret has its t shares; the releases of the other survivors are awaited for a moment only. */
      readonly sufficed: boolean;
    })
  | {
      readonly kind: 'opening';
      readonly round: RoundInProgress;
      readonly survivors: readonly SurvivorUpload[];
      readonly survivorsDigest: Uint8Array;
      readonly maskedSum: Uint8Array;
      /** Over the survivor set, by member. */
      readonly signatures: ReadonlyMap<number, Uint8Array>;
      readonly releases: ReadonlyMap<number, Signed<Release>>;
      readonly request: UnmaskRequestForKernel;
    }
  /** The attempt has failed; members are asked to sign that they released nothing of it. */
  | (Awaiting & {
      readonly kind: 'promises';
      readonly terms: RoundTerms;
      readonly batch: OpenBatch;
      /** Whose vectors the attempt may have: its participants, or the cohort where it never began. */
      readonly owners: readonly number[];
      readonly failure: Failure;
      readonly promises: ReadonlyMap<number, Uint8Array>;
    });

/** Who promised silence about the attempts at one round in which uploads were made. */
export interface FailedAttempts {
  readonly round: number;
  /** Those about the newest attempt first. A member that missed an attempt asks for the promises about its own. */
  readonly promises: readonly MemberSignature[];
}

/** A phase has its deadline in its lane: setup goes on beside the rounds. */
export type Lane = 'setup' | 'round';

export interface CoordinatorState {
  readonly roster: Roster;
  readonly run: Uint8Array;
  /** Members with a session. */
  readonly present: ReadonlySet<number>;
  /** Members whose session ended with the process: awaited as if they were there, until a deadline passes. */
  readonly returning: ReadonlySet<number>;
  /** The batch in use and the one that is to follow, oldest first. */
  readonly batches: readonly OpenBatch[];
  readonly setup: SetupPhase;
  readonly phase: CoordinatorPhase;
  /** Count the phases of each lane, so that a deadline set for one cannot end another. */
  readonly phaseNumbers: Readonly<Record<Lane, number>>;
  readonly failedAttempts: FailedAttempts | undefined;
  /** Members that cheated: they are asked for nothing more. */
  readonly culprits: ReadonlySet<number>;
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
  /** The integer sum of the survivors' uploads is durable; `digest` is the SHA-256 of its bytes. */
  | { readonly kind: 'masked-sum-kept'; readonly roundContext: Uint8Array; readonly digest: Uint8Array }
  | { readonly kind: 'sum-opened'; readonly roundContext: Uint8Array; readonly digest: Uint8Array }
  | {
      readonly kind: 'sum-not-opened';
      readonly roundContext: Uint8Array;
      readonly badDealers: readonly number[];
    }
  | { readonly kind: 'deadline'; readonly lane: Lane; readonly phaseNumber: number }
  /** The process has begun anew from its log: nobody has a session, and what was awaited still is. */
  | { readonly kind: 'restarted' };

export type AbortCode = 'BELOW_FLOOR' | 'BELOW_THRESHOLD' | 'BAD_DEALER' | 'BAD_DRAW' | 'UNSAFE_TERMS';

/** Messages of members that an audit log has. */
export type AcceptedMessage = Message<
  'key-advert' | 'draw-reveal' | 'upload-end' | 'survivors-signature' | 'release'
>;

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
  | {
      readonly kind: 'start-deadline';
      readonly lane: Lane;
      readonly phaseNumber: number;
      readonly ms: number;
    }
  /** `restore` names the members whose uploads were added before the process began anew. */
  | {
      readonly kind: 'open-accumulator';
      readonly round: RoundInProgress;
      readonly restore: readonly number[];
    }
  | { readonly kind: 'add-input'; readonly member: number; readonly roundContext: Uint8Array }
  | { readonly kind: 'discard-input'; readonly member: number; readonly roundContext: Uint8Array }
  /** The integer sum of the added uploads, which nothing is added to any more. */
  | { readonly kind: 'keep-masked-sum'; readonly round: RoundInProgress }
  /**
   * A message that the machine took, for the audit log.
   * `refused`: of a release, the owners whose shares in it are not due or open no commitment.
   */
  | { readonly kind: 'accept'; readonly message: AcceptedMessage; readonly refused: readonly number[] }
  | { readonly kind: 'unmask'; readonly request: UnmaskRequestForKernel; readonly round: RoundInProgress }
  | { readonly kind: 'close-accumulator'; readonly roundContext: Uint8Array }
  | { readonly kind: 'enter-phase'; readonly phase: Phase; readonly round: number; readonly awaiting: number }
  | { readonly kind: 'drop'; readonly drop: Drop }
  | { readonly kind: 'reject'; readonly rejection: Rejection }
  /** Signed proof that a member cheated: to be kept. */
  | { readonly kind: 'evidence'; readonly evidence: MemberEvidence; readonly culprit: number }
  | {
      readonly kind: 'batch-opened';
      readonly batch: number;
      readonly members: readonly number[];
      readonly draw: Uint8Array;
    }
  | { readonly kind: 'batch-aborted'; readonly code: AbortCode; readonly detail: string }
  | {
      readonly kind: 'round-completed';
      readonly round: RoundInProgress;
      readonly survivors: readonly number[];
      readonly survivorsDigest: Uint8Array;
      readonly digest: Uint8Array;
      readonly proof: OpeningProof;
    }
  | {
      readonly kind: 'round-aborted';
      readonly terms: RoundTerms;
      readonly phase: Phase;
      readonly code: AbortCode;
      readonly detail: string;
      readonly survivors: readonly number[];
      /** Whether another attempt at the round may be requested, with the next key index. */
      readonly retryable: boolean;
      /** Whether enough members promised that nothing of the attempt can ever be opened. */
      readonly isVoid: boolean;
    };

export interface CoordinatorStep {
  readonly state: CoordinatorState;
  readonly effects: readonly CoordinatorEffect[];
}
