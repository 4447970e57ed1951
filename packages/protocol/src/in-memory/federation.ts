/**
 * The real state machines of a coordinator and its members in one process, without sockets and without a
 * clock. Frames pass through the codec, so what is sent here is what would be sent. Deadlines pass when
 * nothing else can happen, unless a test chooses another order.
 */
import type { CryptoBackend } from '@tributary/crypto';
import { type AuditHead, emptyAuditHead } from '../audit-head.ts';
import type { RandomBytes } from '../client/batch-secrets.ts';
import { memorySecretStore } from '../client/secret-store.ts';
import type { ClientPolicy, ClientState, ExpectedRound } from '../client/state.ts';
import { startClient } from '../client/step.ts';
import type { CoordinatorState, Drop, Lane } from '../coordinator/state.ts';
import { ProtocolError, type Rejection } from '../errors.ts';
import type { Evidence } from '../evidence.ts';
import { EMPTY_LOG_HEAD, nextLogHead } from '../log-head.ts';
import type { Deadlines } from '../messages/terms.ts';
import {
  batchTermsFor,
  DEFAULT_DEADLINES,
  DEFAULT_KEY_COUNT,
  roundTermsFor,
  SPARSE_KEY_COUNT,
} from '../parameters/terms.ts';
import { type Thresholds, thresholdsFor } from '../parameters/thresholds.ts';
import type { Roster } from '../roster.ts';
import { decodeMessage } from '../wire/codec.ts';
import { CoordinatorProcess, type Failure, type SumOutcome } from './coordinator-process.ts';
import type { Faults, Frame } from './faults.ts';
import { Lanes } from './lanes.ts';
import { MemberProcess } from './member-process.ts';
import { rememberVerifications } from './remembered-verifications.ts';

export interface InMemoryOptions {
  readonly crypto: CryptoBackend;
  readonly random: RandomBytes;
  readonly roster: Roster;
  /** Ed25519 secret seed of each member, by id. */
  readonly identities: readonly Uint8Array[];
  readonly coordinatorIdentity: Uint8Array;
  readonly run: Uint8Array;
  readonly policy?: ClientPolicy;
  readonly thresholds?: (cohort: number) => Thresholds;
  /** By default 16 on the complete graph and 1 on a Harary graph. */
  readonly keyCount?: number;
  /** Attempts at one round; 2 by default. */
  readonly maxAttempts?: number;
  /** Whether the next batch is set up while the last round of the present one goes on. */
  readonly renewsAhead?: boolean;
  readonly deadlines?: Deadlines;
  readonly faults?: Faults;
  /** Newest head of the audit log; without it that of a log without a line. */
  readonly auditHead?: () => AuditHead;
  /** Whether a signature that many members check is verified once for all of them; by default it is. */
  readonly sharesVerifications?: boolean;
  /** Runs what one process does, so that a benchmark can tell whose time it was. */
  readonly meter?: (who: number | 'coordinator', work: () => void) => void;
}

/** One sum to open; `vector` gives each member's encoded vector, which masking consumes. */
export interface SumRequest {
  readonly expected: Omit<ExpectedRound, 'round' | 'logHead'>;
  readonly step: string;
  readonly vector: (member: number) => Int32Array;
}

const DEFAULT_POLICY: ClientPolicy = { minCohort: 3, minColluders: 1, maxAttemptsPerRound: 2 };

export class InMemoryFederation {
  /** Everything that was refused, in order: evidence for tests. */
  readonly rejections: (Rejection & { readonly by: number | 'coordinator' })[] = [];
  readonly drops: Drop[] = [];
  /** Every proof that somebody cheated, with who found it. */
  readonly evidence: { readonly by: number | 'coordinator'; readonly evidence: Evidence }[] = [];
  /** Packed bytes that each member uploaded in the last round. */
  readonly bytesUp: number[];
  /** Deadlines that passed because somebody did not answer. */
  deadlinesPassed = 0;
  readonly #options: InMemoryOptions;
  readonly #lanes = new Lanes();
  readonly #coordinator: CoordinatorProcess;
  readonly #members: readonly MemberProcess[];
  #vector: SumRequest['vector'] = () => new Int32Array(0);
  #batch = 0;
  #round = 0;
  #logHead = EMPTY_LOG_HEAD;

  constructor(options: InMemoryOptions) {
    const { roster, run, coordinatorIdentity: identity } = options;
    // All members are in one process: a signature that all of them check is computed once.
    const crypto =
      options.sharesVerifications === false ? options.crypto : rememberVerifications(options.crypto);
    this.#options = { ...options, crypto };
    this.bytesUp = roster.members.map(() => 0);
    this.#coordinator = new CoordinatorProcess({
      crypto,
      identity,
      roster,
      run,
      post: (to, bytes) => this.#post({ from: 'coordinator', to, bytes }),
      later: (event) => this.#later('coordinator', 'coordinator', () => this.#coordinator.take(event)),
      onDrop: (drop) => void this.drops.push(drop),
      onReject: (rejection) => void this.rejections.push({ ...rejection, by: 'coordinator' }),
      onEvidence: (evidence) => void this.evidence.push({ by: 'coordinator', evidence }),
      onUploaded: (member, bytes) => {
        this.bytesUp[member] = bytes;
      },
    });
    this.#members = roster.members.map(({ id }) => this.#startMember(id));
    for (const { id } of roster.members) this.#coordinator.take({ kind: 'member-joined', member: id });
  }

  get alive(): readonly number[] {
    return this.#members.flatMap(({ alive }, id) => (alive ? [id] : []));
  }

  /** State of a member's machine: for assertions about what it would do. */
  memberState(member: number): ClientState {
    return this.#member(member).state;
  }

  /** Ends a member: it answers nothing any more and the coordinator sees its connection close. */
  kill(member: number): void {
    const process = this.#member(member);
    if (!process.alive) return;
    process.alive = false;
    this.#closeSession(member);
  }

  /** Ends a member's session; its process lives on. What was on the way to it is lost. */
  disconnect(member: number): void {
    const process = this.#member(member);
    if (!process.alive || !process.connected) return;
    this.#closeSession(member);
    process.take({ kind: 'connection-lost' });
  }

  /** Gives a member a new session. */
  reconnect(member: number): void {
    const process = this.#member(member);
    if (!process.alive || process.connected) return;
    process.connected = true;
    this.#later(laneOf(member, 'coordinator'), 'coordinator', () =>
      this.#coordinator.take({ kind: 'member-joined', member }),
    );
  }

  /** The coordinator's process ends and begins anew from its log; members find their way back. */
  restartCoordinator(): void {
    for (const { id } of this.#options.roster.members) {
      const process = this.#member(id);
      if (!process.connected) continue;
      process.connected = false;
      process.session += 1;
      process.take({ kind: 'connection-lost' });
    }
    this.#lanes.clear((lane) => lane.startsWith('coordinator') || lane.endsWith('to coordinator'));
    this.#coordinator.restart();
    for (const id of this.alive) this.reconnect(id);
  }

  /**
   * Opens one sum, with a new batch before it where the present one cannot carry it, and with further
   * attempts where one fails and may be repeated.
   */
  sum(request: SumRequest): SumOutcome {
    this.#vector = request.vector;
    this.#round += 1;
    const expected: ExpectedRound = { ...request.expected, round: this.#round, logHead: this.#logHead };
    for (const member of this.#members) member.take({ kind: 'expect', expected });
    // What happened between sums, a kill or a reconnection, is known before the next begins.
    this.#drain();
    let furthest: Failure | undefined;
    for (let attempt = 1; ; attempt++) {
      const failure = this.#needsBatch() ? this.#openBatch() : undefined;
      if (failure !== undefined) return { kind: 'aborted', ...(furthest ?? failure) };
      const outcome = this.#attempt(expected, request.step, attempt);
      if (outcome.kind === 'opened') return outcome;
      const { retryable, kind: _, ...failed } = outcome;
      // That nobody was there for one more attempt says less than why the first one failed.
      if (furthest === undefined || failed.phase !== 'ready') furthest = failed;
      if (!retryable) return { kind: 'aborted', ...furthest };
    }
  }

  #attempt(
    expected: ExpectedRound,
    step: string,
    attempt: number,
  ): NonNullable<CoordinatorProcess['outcome']> {
    const { deadlines = DEFAULT_DEADLINES, crypto } = this.#options;
    const batch = this.#newestUsable();
    if (batch === undefined) {
      const detail = 'too few of those who dealt shares are still there';
      return { kind: 'aborted', phase: 'ready', code: 'BELOW_FLOOR', detail, retryable: false };
    }
    const { context: batchContext, nextKeyIndex: keyIndex } = batch;
    const { run, coordinatorIdentity } = this.#options;
    const auditHead = this.#options.auditHead?.() ?? emptyAuditHead(crypto, coordinatorIdentity, run);
    const terms = roundTermsFor(expected, { batchContext, keyIndex, attempt, step, deadlines, auditHead });
    this.#coordinator.outcome = undefined;
    this.#coordinator.opened = undefined;
    this.#coordinator.take({ kind: 'round-requested', terms });
    if (this.#options.renewsAhead === true && this.#needsBatch()) this.#requestBatch();
    this.#drain();
    const { outcome, opened } = this.#coordinator;
    if (outcome === undefined) throw new ProtocolError('INVARIANT', 'the round neither opened nor aborted');
    if (opened !== undefined) this.#logHead = nextLogHead(crypto, this.#logHead, opened);
    return outcome;
  }

  /** A batch serves until its key indices are used up or too few of those who have shares in it are there. */
  #newestUsable(): CoordinatorState['batches'][number] | undefined {
    const { batches, present, culprits } = this.#coordinator.state;
    return batches.find(({ nextKeyIndex, terms, dealt }) => {
      const usable = [...dealt.keys()].filter((id) => present.has(id) && !culprits.has(id));
      return nextKeyIndex < terms.keyCount && usable.length >= terms.minSurvivors;
    });
  }

  #needsBatch(): boolean {
    return this.#newestUsable() === undefined;
  }

  #openBatch(): Failure | undefined {
    const failure = this.#requestBatch();
    if (failure !== undefined) return failure;
    this.#drain();
    return this.#coordinator.batchFailure;
  }

  #requestBatch(): Failure | undefined {
    const { crypto, roster, run, maxAttempts, deadlines = DEFAULT_DEADLINES } = this.#options;
    const { present, culprits } = this.#coordinator.state;
    const cohort = [...present].filter((id) => !culprits.has(id));
    if (cohort.length < 3) {
      const detail = `${cohort.length} members are there, a secure sum needs 3`;
      return { phase: 'setup', code: 'BELOW_FLOOR', detail };
    }
    const thresholds = (this.#options.thresholds ?? thresholdsFor)(cohort.length);
    const usual = thresholds.graph === 'complete' ? DEFAULT_KEY_COUNT : SPARSE_KEY_COUNT;
    const { keyCount = usual } = this.#options;
    this.#batch += 1;
    const attempts = maxAttempts === undefined ? {} : { maxAttempts };
    const choice = { roster, run, batch: this.#batch, cohort, thresholds, keyCount, ...attempts };
    this.#coordinator.batchFailure = undefined;
    const terms = batchTermsFor(crypto, choice);
    this.#coordinator.take({ kind: 'batch-requested', terms, deadlineMs: deadlines.setup });
    return undefined;
  }

  #startMember(id: number): MemberProcess {
    const { crypto, random, roster, run, identities, faults, policy = DEFAULT_POLICY } = this.#options;
    const identity = identities[id];
    if (identity === undefined) throw new ProtocolError('BAD_PARAMETERS', `no identity for member ${id}`);
    const state = startClient(crypto, { self: id, roster, run, policy });
    return new MemberProcess(state, {
      crypto,
      keeper: { crypto, random, self: id, identity, store: memorySecretStore() },
      faults: faults ?? {},
      post: (bytes) => this.#post({ from: id, to: 'coordinator', bytes }),
      later: (task) => this.#later(`member ${id}`, id, task),
      vector: () => this.#vector(id),
      onReject: (rejection) => void this.rejections.push({ ...rejection, by: id }),
      onEvidence: (evidence) => void this.evidence.push({ by: id, evidence }),
      onDeath: () => this.kill(id),
    });
  }

  /** The coordinator learns of it after what was sent before. */
  #closeSession(member: number): void {
    const process = this.#member(member);
    if (!process.connected) return;
    process.connected = false;
    process.session += 1;
    this.#later(laneOf(member, 'coordinator'), 'coordinator', () =>
      this.#coordinator.take({ kind: 'member-lost', member }),
    );
  }

  /** Runs until nothing is left to do and no deadline is pending. */
  #drain(): void {
    const { schedule } = this.#options.faults ?? {};
    for (;;) {
      if (schedule === undefined) {
        if (this.#lanes.runOldest()) continue;
        const [lane] = this.#coordinator.pendingDeadlines;
        if (lane === undefined) return;
        this.#passDeadline(lane);
        continue;
      }
      const deadlines = this.#coordinator.pendingDeadlines.map((lane) => `${lane} deadline`);
      const choices = [...this.#lanes.waiting, ...deadlines];
      if (choices.length === 0) return;
      const choice = choices[schedule(choices)];
      if (choice === undefined) throw new ProtocolError('BAD_PARAMETERS', 'schedule chose what is not there');
      if (choice === 'round deadline') this.#passDeadline('round');
      else if (choice === 'setup deadline') this.#passDeadline('setup');
      else this.#lanes.run(choice);
    }
  }

  #passDeadline(lane: Lane): void {
    this.deadlinesPassed += 1;
    this.#coordinator.passDeadline(lane);
  }

  #later(lane: string, who: number | 'coordinator', work: () => void): void {
    const { meter } = this.#options;
    this.#lanes.post(lane, meter === undefined ? work : () => meter(who, work));
  }

  #post(frame: Frame): void {
    const frames = this.#options.faults?.intercept?.(frame) ?? [frame];
    for (const each of frames) {
      const session = each.to === 'coordinator' ? 0 : this.#member(each.to).session;
      this.#later(laneOf(each.from, each.to), each.to, () => this.#deliver(each, session));
    }
  }

  #deliver({ from, to, bytes }: Frame, session: number): void {
    const member = to === 'coordinator' ? undefined : this.#member(to);
    if (member !== undefined && (!member.connected || member.session !== session)) return;
    const decoded = decodeMessage(bytes);
    if (!decoded.ok) {
      this.rejections.push({ code: decoded.code, from, detail: decoded.detail, by: to });
      return;
    }
    if (member !== undefined) member.take({ kind: 'message', message: decoded.message });
    else if (from !== 'coordinator') this.#coordinator.receive(from, decoded.message);
  }

  #member(id: number): MemberProcess {
    const member = this.#members[id];
    if (member === undefined) throw new ProtocolError('BAD_PARAMETERS', `no member ${id}`);
    return member;
  }
}

function laneOf(from: Frame['from'], to: Frame['to']): string {
  return `${from} to ${to}`;
}
