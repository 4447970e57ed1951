/** What a verifier knows of a log so far, and what it was given beside it. */
import type { CryptoBackend } from '@tributary/crypto';
import {
  type ClientPolicy,
  EMPTY_LOG_HEAD,
  type ExpectedRound,
  type NoiseFloors,
  type Roster,
  type RoundTerms,
  type TreeHead,
} from '@tributary/protocol';
import type { LedgerEntry } from '@tributary/privacy';
import { LedgerRecorder } from '../budget/ledger-recorder.ts';
import type { BatchView } from './batch-view.ts';

/** Where a run stands after the sums so far; a value, `next` gives another. */
export interface RunCourse {
  /** The sum that follows; undefined where the run needs no further one. */
  readonly expected: (round: number, logHead: Uint8Array) => ExpectedRound | undefined;
  /**
   * @param survivors over whose vectors the sum is: how much noise it carries follows from their number
   * @throws where the sum leaves nothing to learn from, or lacks noise
   */
  readonly next: (sum: Int32Array, survivors: number) => RunCourse;
}

/** A run by its manifest. */
export interface PlannedRun {
  /** Digest of the manifest. */
  readonly run: Uint8Array;
  readonly course: RunCourse;
  /** What the noise of its sums is sized for; left out where they are exact. */
  readonly noise?: NoiseFloors | undefined;
}

/** What is asked of a log beyond what it says itself. */
export interface AuditExpectations {
  /** Root of the first roster, as organisations compared it out of band. */
  readonly rosterRoot?: Uint8Array;
  /** By default the least that any member may insist on. */
  readonly policy?: ClientPolicy;
  /** Public computation of the plan; without it plans are not recomputed. @throws for a manifest that is none */
  readonly plan?: (manifest: string) => PlannedRun;
  /** Coordinates on which mask removal is checked again; all by default. */
  readonly sample?: MaskSample;
  /** Heads of the log of opened sums that organisations saw: each must be in this log. */
  readonly logHeads?: readonly Uint8Array[];
  /** Heads that organisations were shown: each of this run must be in the log. */
  readonly heads?: readonly Pick<TreeHead, 'run' | 'size' | 'root'>[];
}

/** Blocks of four coordinates, drawn from a seed of 32 bytes that the coordinator cannot know. */
export interface MaskSample {
  readonly blocks: number;
  readonly seed: Uint8Array;
}

/** Vectors of one round, in an archive before the entry of its sum. */
export interface RoundVectors {
  /** The opened sum, packed as its digest covers it. */
  readonly sum?: Uint8Array;
  /** Integer sum of the masked uploads, as `encodeIntegerSum` writes it. */
  readonly maskedSum?: Uint8Array;
  /** Masked uploads by member, packed. */
  readonly uploads: ReadonlyMap<number, Uint8Array>;
}

/** What was checked: numbers of rounds unless they say otherwise. */
export interface AuditCounts {
  batches: number;
  rounds: number;
  aborted: number;
  evidence: number;
  /** Uploads in sums. */
  uploads: number;
  /** Sums that were at hand. */
  sumsRead: number;
  /** Plans that were computed again. */
  plans: number;
  /** Sums whose masks were taken off again. */
  masks: number;
  /** Masked sums that were checked against signed inner products, and against all uploads. */
  summation: number;
  replayed: number;
  /** Heads that organisations were shown. */
  heads: number;
}

export interface Attempt {
  readonly terms: RoundTerms;
  readonly batch: BatchView;
  /** Of an attempt that began. */
  readonly participants: readonly number[];
}

export interface OpenRound extends Attempt {
  readonly context: Uint8Array;
  readonly uploads: Map<number, { readonly digest: Uint8Array; readonly signature: Uint8Array }>;
  readonly released: Set<number>;
  /** By owner. */
  readonly shares: Map<
    number,
    { readonly holder: number; readonly point: number; readonly share: Uint8Array }[]
  >;
  survivors: readonly number[];
  survivorsDigest: Uint8Array;
  maskedSumDigest: Uint8Array;
  /** Inner products in the releases of survivors, 8 bytes each. */
  readonly innerProducts: Map<number, Uint8Array>;
  signers: ReadonlySet<number>;
}

export class AuditState {
  readonly crypto: CryptoBackend;
  readonly asked: AuditExpectations;
  readonly counts: AuditCounts = {
    batches: 0,
    rounds: 0,
    aborted: 0,
    evidence: 0,
    uploads: 0,
    sumsRead: 0,
    plans: 0,
    masks: 0,
    summation: 0,
    replayed: 0,
    heads: 0,
  };
  readonly culprits: Set<number> = new Set();
  /** Heads of the log of opened sums, the newest last. */
  readonly logHeads: Uint8Array[] = [EMPTY_LOG_HEAD];
  /** Batches of the roster in force. */
  batches: BatchView[] = [];
  lastBatch = 0;
  /** Key indices below this are used. */
  readonly usedKeys: WeakMap<BatchView, number> = new WeakMap();
  roster: Roster | undefined;
  run: Uint8Array = new Uint8Array(0);
  course: RunCourse | undefined;
  /** What the noise of the run is sized for, where it has any. */
  noise: NoiseFloors | undefined;
  round: OpenRound | undefined;
  /** The newest attempt at the sum that is due. */
  lastAttempt: RoundTerms | undefined;
  /** By member the newest attempt at it that the member was in. */
  readonly contributions: Map<number, Attempt> = new Map();
  /** The privacy budget as it follows from the messages so far, and which of its entries the log still owes. */
  readonly budget: LedgerRecorder;
  readonly owed: LedgerEntry[] = [];
  readonly ledger: LedgerEntry[] = [];
  /** Roots of the heads in the log so far, by the lines that they cover. */
  readonly heads: Map<number, Uint8Array>;
  /** Lines up to the newest end of an attempt: whoever joins another has signed a head that covers it. */
  closedLines = 0;
  /** Number of the line that is looked at, from 1. */
  line = 0;
  ended = false;
  /** Why the run could not go on after its newest sum. */
  failure: string | undefined;

  constructor(crypto: CryptoBackend, asked: AuditExpectations) {
    this.crypto = crypto;
    this.asked = asked;
    this.budget = new LedgerRecorder(crypto);
    this.heads = new Map([[0, crypto.sha256(new Uint8Array(0))]]);
  }

  get sums(): number {
    return this.logHeads.length - 1;
  }

  get logHead(): Uint8Array {
    return this.logHeads.at(-1) ?? EMPTY_LOG_HEAD;
  }

  nameOf(member: number): string {
    return this.roster?.members[member]?.name ?? `member ${member}`;
  }
}
