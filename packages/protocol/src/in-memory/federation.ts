/**
 * The real state machines of a coordinator and its members in one process, without sockets and without a
 * clock. Frames pass through the codec, so what is sent here is what would be sent. Deadlines pass when
 * nothing else can happen, unless a test chooses another order.
 */
import type { CryptoBackend } from '@tributary/crypto';
import type { RandomBytes } from '../client/batch-secrets.ts';
import { memorySecretStore } from '../client/secret-store.ts';
import type { ClientPolicy, ClientState, ExpectedRound } from '../client/state.ts';
import { startClient } from '../client/step.ts';
import type { Drop } from '../coordinator/state.ts';
import { ProtocolError, type Rejection } from '../errors.ts';
import { EMPTY_LOG_HEAD, nextLogHead } from '../log-head.ts';
import type { Deadlines } from '../messages/terms.ts';
import { batchTermsFor, DEFAULT_DEADLINES, DEFAULT_KEY_COUNT, roundTermsFor } from '../parameters/terms.ts';
import { completeGraphThresholds, type Thresholds } from '../parameters/thresholds.ts';
import type { Roster } from '../roster.ts';
import { decodeMessage } from '../wire/codec.ts';
import { CoordinatorProcess, type Failure, type SumOutcome } from './coordinator-process.ts';
import type { Faults, Frame } from './faults.ts';
import { Lanes } from './lanes.ts';
import { MemberProcess } from './member-process.ts';

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
  readonly keyCount?: number;
  readonly deadlines?: Deadlines;
  readonly faults?: Faults;
}

/** One sum to open; `vector` gives each member's encoded vector, which masking consumes. */
export interface SumRequest {
  readonly expected: Omit<ExpectedRound, 'round' | 'logHead'>;
  readonly step: string;
  readonly vector: (member: number) => Int32Array;
}

const DEFAULT_POLICY: ClientPolicy = { minCohort: 3, minColluders: 1 };

export class InMemoryFederation {
  /** Everything that was refused, in order: evidence for tests. */
  readonly rejections: (Rejection & { readonly by: number | 'coordinator' })[] = [];
  readonly drops: Drop[] = [];
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
    const { crypto, roster, run, coordinatorIdentity: identity } = options;
    this.#options = options;
    this.bytesUp = roster.members.map(() => 0);
    this.#coordinator = new CoordinatorProcess({
      crypto,
      identity,
      roster,
      run,
      post: (to, bytes) => this.#post({ from: 'coordinator', to, bytes }),
      later: (event) => this.#lanes.post('coordinator', () => this.#coordinator.take(event)),
      onDrop: (drop) => void this.drops.push(drop),
      onReject: (rejection) => void this.rejections.push({ ...rejection, by: 'coordinator' }),
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
    this.#lanes.post(laneOf(member, 'coordinator'), () =>
      this.#coordinator.take({ kind: 'member-joined', member }),
    );
  }

  /** Opens one sum, with a new batch before it where the present one cannot carry it. */
  sum(request: SumRequest): SumOutcome {
    const { deadlines = DEFAULT_DEADLINES } = this.#options;
    this.#vector = request.vector;
    this.#round += 1;
    const expected: ExpectedRound = { ...request.expected, round: this.#round, logHead: this.#logHead };
    for (const member of this.#members) member.take({ kind: 'expect', expected });
    // What happened between sums, a kill or a reconnection, is known before the next begins.
    this.#drain();
    const failure = this.#needsBatch() ? this.#openBatch() : undefined;
    if (failure !== undefined) return { kind: 'aborted', ...failure };
    const { batch } = this.#coordinator.state;
    if (batch === undefined) throw new ProtocolError('INVARIANT', 'the batch did not open');
    const { context: batchContext, nextKeyIndex: keyIndex } = batch;
    const { step } = request;
    const terms = roundTermsFor(expected, { batchContext, keyIndex, attempt: 1, step, deadlines });
    this.#coordinator.outcome = undefined;
    this.#coordinator.opened = undefined;
    this.#coordinator.take({ kind: 'round-requested', terms });
    this.#drain();
    const { outcome, opened } = this.#coordinator;
    if (outcome === undefined) throw new ProtocolError('INVARIANT', 'the round neither opened nor aborted');
    if (opened !== undefined) this.#logHead = nextLogHead(this.#options.crypto, this.#logHead, opened);
    return outcome;
  }

  /** A batch serves until its key indices are used up or too few of those who have shares in it are there. */
  #needsBatch(): boolean {
    const { batch, present } = this.#coordinator.state;
    if (batch === undefined || batch.nextKeyIndex >= batch.terms.keyCount) return true;
    const usable = [...batch.dealt.keys()].filter((id) => present.has(id));
    return usable.length < batch.terms.minSurvivors;
  }

  #openBatch(): Failure | undefined {
    const {
      crypto,
      roster,
      run,
      keyCount = DEFAULT_KEY_COUNT,
      deadlines = DEFAULT_DEADLINES,
    } = this.#options;
    const cohort = [...this.#coordinator.state.present];
    if (cohort.length < 3) {
      const detail = `${cohort.length} members are there, a secure sum needs 3`;
      return { phase: 'setup', code: 'BELOW_FLOOR', detail };
    }
    const thresholds = (this.#options.thresholds ?? completeGraphThresholds)(cohort.length);
    this.#batch += 1;
    const terms = batchTermsFor(crypto, { roster, run, batch: this.#batch, cohort, thresholds, keyCount });
    this.#coordinator.batchFailure = undefined;
    this.#coordinator.take({ kind: 'batch-requested', terms, deadlineMs: deadlines.setup });
    this.#drain();
    return this.#coordinator.batchFailure;
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
      later: (task) => this.#lanes.post(`member ${id}`, task),
      vector: () => this.#vector(id),
      onReject: (rejection) => void this.rejections.push({ ...rejection, by: id }),
      onDeath: () => this.kill(id),
    });
  }

  /** The coordinator learns of it after what was sent before. */
  #closeSession(member: number): void {
    const process = this.#member(member);
    if (!process.connected) return;
    process.connected = false;
    process.session += 1;
    this.#lanes.post(laneOf(member, 'coordinator'), () =>
      this.#coordinator.take({ kind: 'member-lost', member }),
    );
  }

  /** Runs until nothing is left to do and no deadline is pending. */
  #drain(): void {
    const { schedule } = this.#options.faults ?? {};
    for (;;) {
      const choices = [...this.#lanes.waiting];
      if (this.#coordinator.deadlinePending) choices.push('deadline');
      if (choices.length === 0) return;
      const choice = choices[schedule?.(choices) ?? 0];
      if (choice === undefined) throw new ProtocolError('BAD_PARAMETERS', 'schedule chose what is not there');
      if (choice === 'deadline') {
        this.deadlinesPassed += 1;
        this.#coordinator.passDeadline();
      } else {
        this.#lanes.run(choice);
      }
    }
  }

  #post(frame: Frame): void {
    const frames = this.#options.faults?.intercept?.(frame) ?? [frame];
    for (const each of frames) {
      const session = each.to === 'coordinator' ? 0 : this.#member(each.to).session;
      this.#lanes.post(laneOf(each.from, each.to), () => this.#deliver(each, session));
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
