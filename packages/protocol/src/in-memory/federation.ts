/**
 * The real state machines of a coordinator and its members in one process, without sockets and without a clock. Frames pass
 * through the codec, so what is sent here is what would be sent. Deadlines pass when nothing else can happen.
 */
import { addPackedWords, type CryptoBackend, liftWords, packWords } from '@tributary/crypto';
import type { RandomBytes } from '../client/batch-secrets.ts';
import { keep, type Keeper, masksFor, releaseFor } from '../client/keeper.ts';
import { maskChunks } from '../client/masked-input.ts';
import { memorySecretStore } from '../client/secret-store.ts';
import type { ClientEffect, ClientEvent, ClientPolicy, ClientState, ExpectedRound } from '../client/state.ts';
import { startClient, stepClient } from '../client/step.ts';
import type {
  AbortCode,
  CoordinatorEffect,
  CoordinatorEvent,
  CoordinatorState,
  Drop,
  Phase,
} from '../coordinator/state.ts';
import { startCoordinator, stepCoordinator } from '../coordinator/step.ts';
import { planUnmask, unmaskWords } from '../coordinator/unmask.ts';
import { ProtocolError, type Rejection } from '../errors.ts';
import { EMPTY_LOG_HEAD, nextLogHead } from '../log-head.ts';
import type { Bodies, Message, MessageKind } from '../messages/index.ts';
import type { Deadlines, RoundTerms } from '../messages/terms.ts';
import { batchTermsFor, DEFAULT_DEADLINES, DEFAULT_KEY_COUNT, roundTermsFor } from '../parameters/terms.ts';
import { completeGraphThresholds, type Thresholds } from '../parameters/thresholds.ts';
import type { Roster } from '../roster.ts';
import { signMessage } from '../signing.ts';
import { packedLengthOf } from '../vector-length.ts';
import { decodeMessage, encodeMessage } from '../wire/codec.ts';

/** What befalls a member: asked each time it enters a phase, and after each chunk of an upload. */
export type Fate = 'live' | 'die';

export interface Faults {
  /** `chunk` counts from 0 inside masked-input; undefined on entering the phase. */
  readonly fate?: (member: number, phase: Phase, round: number, chunk: number | undefined) => Fate;
  /** May replace, multiply or swallow a frame; by default it passes unchanged. */
  readonly intercept?: (frame: Frame) => readonly Frame[];
}

export interface Frame {
  readonly from: number | 'coordinator';
  readonly to: number | 'coordinator';
  readonly bytes: Uint8Array;
}

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

export type SumOutcome =
  | {
      readonly kind: 'opened';
      readonly sum: Int32Array;
      readonly survivors: readonly number[];
    }
  | {
      readonly kind: 'aborted';
      readonly phase: Phase;
      readonly code: AbortCode;
      readonly detail: string;
    };

interface MemberProcess {
  readonly keeper: Keeper;
  state: ClientState;
  alive: boolean;
}

interface Accumulator {
  readonly terms: RoundTerms;
  readonly words: Int32Array;
}

const DEFAULT_POLICY: ClientPolicy = { minCohort: 3, minColluders: 1 };

export class InMemoryFederation {
  /** Everything that was refused, in order: evidence for tests. */
  readonly rejections: (Rejection & { readonly by: number | 'coordinator' })[] = [];
  readonly drops: Drop[] = [];
  /** Packed bytes that each member uploaded in the last round. */
  readonly bytesUp: number[];
  #coordinator: CoordinatorState;
  readonly #options: InMemoryOptions;
  readonly #members: readonly MemberProcess[];
  readonly #queue: (() => void)[] = [];
  readonly #spools: (Uint8Array[] | undefined)[];
  #accumulator: Accumulator | undefined;
  #deadline: number | undefined;
  #outcome: SumOutcome | undefined;
  #batchFailure: { readonly code: AbortCode; readonly detail: string } | undefined;
  #vector: SumRequest['vector'] = () => new Int32Array(0);
  #batch = 0;
  #round = 0;
  #logHead = EMPTY_LOG_HEAD;

  constructor(options: InMemoryOptions) {
    const { crypto, random, roster, run, policy = DEFAULT_POLICY } = options;
    this.#options = options;
    this.#coordinator = startCoordinator(roster, run);
    this.#members = roster.members.map(({ id }) => {
      const identity = options.identities[id];
      if (identity === undefined) throw new ProtocolError('BAD_PARAMETERS', `no identity for member ${id}`);
      return {
        keeper: { crypto, random, self: id, identity, store: memorySecretStore() },
        state: startClient(crypto, { self: id, roster, run, policy }),
        alive: true,
      };
    });
    this.#spools = roster.members.map(() => undefined);
    this.bytesUp = roster.members.map(() => 0);
    for (const { id } of roster.members) this.#coordinate({ kind: 'member-joined', member: id });
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
    this.#enqueue(() => this.#coordinate({ kind: 'member-lost', member }));
  }

  /** Opens one sum, with a new batch before it where the key indices are used up. */
  sum(request: SumRequest): SumOutcome {
    const { crypto, deadlines = DEFAULT_DEADLINES } = this.#options;
    this.#outcome = undefined;
    this.#vector = request.vector;
    const { batch } = this.#coordinator;
    const spent = batch === undefined || batch.nextKeyIndex >= batch.terms.keyCount;
    this.#round += 1;
    const expected: ExpectedRound = { ...request.expected, round: this.#round, logHead: this.#logHead };
    for (const id of this.alive) this.#stepMember(id, { kind: 'expect', expected });
    const failure = spent ? this.#openBatch(crypto) : undefined;
    if (failure !== undefined) return { kind: 'aborted', phase: 'setup', ...failure };
    const open = this.#coordinator.batch;
    if (open === undefined) throw new ProtocolError('INVARIANT', 'the batch did not open');
    const terms = roundTermsFor(expected, {
      batchContext: open.context,
      keyIndex: open.nextKeyIndex,
      attempt: 1,
      step: request.step,
      deadlines,
    });
    this.#enqueue(() => this.#coordinate({ kind: 'round-requested', terms }));
    this.#drain();
    const outcome = this.#outcome as SumOutcome | undefined;
    if (outcome === undefined) throw new ProtocolError('INVARIANT', 'the round neither opened nor aborted');
    return outcome;
  }

  #openBatch(crypto: CryptoBackend): { readonly code: AbortCode; readonly detail: string } | undefined {
    const { roster, run, keyCount = DEFAULT_KEY_COUNT, deadlines = DEFAULT_DEADLINES } = this.#options;
    const cohort = this.alive;
    const thresholds = (this.#options.thresholds ?? completeGraphThresholds)(cohort.length);
    this.#batch += 1;
    this.#batchFailure = undefined;
    const terms = batchTermsFor(crypto, { roster, run, batch: this.#batch, cohort, thresholds, keyCount });
    this.#enqueue(() => this.#coordinate({ kind: 'batch-requested', terms, deadlineMs: deadlines.setup }));
    this.#drain();
    return this.#batchFailure;
  }

  #enqueue(task: () => void): void {
    this.#queue.push(task);
  }

  /** Runs until nothing is left to deliver and no deadline is pending. */
  #drain(): void {
    for (;;) {
      const task = this.#queue.shift();
      if (task !== undefined) {
        task();
        continue;
      }
      if (this.#deadline === undefined || this.#coordinator.phase.kind === 'idle') return;
      const phaseNumber = this.#deadline;
      this.#deadline = undefined;
      this.#coordinate({ kind: 'deadline', phaseNumber });
    }
  }

  #post(frame: Frame): void {
    const frames = this.#options.faults?.intercept?.(frame) ?? [frame];
    for (const each of frames) this.#enqueue(() => this.#deliver(each));
  }

  #deliver({ from, to, bytes }: Frame): void {
    const decoded = decodeMessage(bytes);
    if (!decoded.ok) {
      this.rejections.push({ code: decoded.code, from, detail: decoded.detail, by: to });
      return;
    }
    const { message } = decoded;
    if (to !== 'coordinator') {
      if (this.#member(to).alive) this.#stepMember(to, { kind: 'message', message });
      return;
    }
    if (from === 'coordinator') throw new ProtocolError('INVARIANT', 'the coordinator sends to members');
    if (message.kind === 'upload-end') this.#receiveUploadEnd(from, message);
    else if (message.kind === 'vector-chunk') this.#spools[from]?.push(message.body.bytes);
    else this.#coordinate({ kind: 'message', from, message });
  }

  #receiveUploadEnd(from: number, message: Message<'upload-end'>): void {
    const chunks = this.#spools[from] ?? [];
    const hash = this.#options.crypto.sha256Stream();
    let length = 0;
    for (const chunk of chunks) {
      hash.update(chunk);
      length += chunk.length;
    }
    this.bytesUp[from] = length;
    this.#coordinate({ kind: 'upload-spooled', from, message, length, digest: hash.digest() });
  }

  #coordinate(event: CoordinatorEvent): void {
    const { state, effects } = stepCoordinator(this.#options.crypto, this.#coordinator, event);
    this.#coordinator = state;
    for (const effect of effects) this.#perform(effect);
  }

  #perform(effect: CoordinatorEffect): void {
    const { crypto, coordinatorIdentity } = this.#options;
    switch (effect.kind) {
      case 'send': {
        const signature = signMessage(crypto, coordinatorIdentity, effect.message, effect.body);
        const bytes = encodeMessage(effect.message, effect.body, signature);
        for (const to of effect.to) this.#post({ from: 'coordinator', to, bytes });
        return;
      }
      case 'start-deadline':
        this.#deadline = effect.phaseNumber;
        return;
      case 'open-accumulator': {
        const { terms, participants } = effect.round;
        this.#accumulator = { terms, words: new Int32Array(terms.dimension) };
        for (const id of participants) this.#spools[id] = [];
        return;
      }
      case 'add-input':
        this.#addInput(effect.member);
        this.#enqueue(() =>
          this.#coordinate({ kind: 'input-added', member: effect.member, roundContext: effect.roundContext }),
        );
        return;
      case 'discard-input':
        this.#spools[effect.member] = undefined;
        return;
      case 'close-accumulator':
        this.#accumulator = undefined;
        return;
      case 'unmask':
        this.#unmask(effect);
        return;
      case 'round-completed': {
        const sum = this.#accumulator?.words;
        if (sum === undefined) throw new ProtocolError('INVARIANT', 'no accumulator is open');
        this.#accumulator = undefined;
        const { survivors, survivorsDigest, digest, round } = effect;
        const opened = { round: round.terms.round, roundContext: round.context, survivorsDigest, digest };
        this.#logHead = nextLogHead(crypto, this.#logHead, opened);
        this.#outcome = { kind: 'opened', sum, survivors };
        return;
      }
      case 'round-aborted': {
        const { phase, code, detail } = effect;
        this.#outcome = { kind: 'aborted', phase, code, detail };
        return;
      }
      case 'batch-aborted':
        this.#batchFailure = { code: effect.code, detail: effect.detail };
        return;
      case 'drop':
        this.drops.push(effect.drop);
        return;
      case 'reject':
        this.rejections.push({ ...effect.rejection, by: 'coordinator' });
        return;
      case 'enter-phase':
      case 'batch-opened':
        return;
    }
  }

  #addInput(member: number): void {
    const accumulator = this.#accumulator;
    const chunks = this.#spools[member];
    if (accumulator === undefined || chunks === undefined) {
      throw new ProtocolError('INVARIANT', `no spool of member ${member}`);
    }
    const { bits } = accumulator.terms;
    let atWord = 0;
    for (const chunk of chunks) {
      addPackedWords(chunk, bits, accumulator.words, atWord);
      atWord += Math.floor((chunk.length * 8) / bits);
    }
    this.#spools[member] = undefined;
  }

  #unmask({ request, round }: Extract<CoordinatorEffect, { kind: 'unmask' }>): void {
    const { crypto } = this.#options;
    const plan = planUnmask(crypto, request);
    const roundContext = round.context;
    if (!plan.ok) {
      this.#enqueue(() =>
        this.#coordinate({ kind: 'sum-not-opened', roundContext, badDealers: plan.badDealers }),
      );
      return;
    }
    const words = this.#accumulator?.words;
    if (words === undefined) throw new ProtocolError('INVARIANT', 'no accumulator is open');
    unmaskWords(crypto, plan.masks, words, 0);
    liftWords(words, round.terms.bits);
    const packed = new Uint8Array(packedLengthOf(round.terms));
    packWords(words, round.terms.bits, packed);
    const digest = crypto.sha256(packed);
    this.#enqueue(() => this.#coordinate({ kind: 'sum-opened', roundContext, digest }));
  }

  #member(id: number): MemberProcess {
    const member = this.#members[id];
    if (member === undefined) throw new ProtocolError('BAD_PARAMETERS', `no member ${id}`);
    return member;
  }

  #stepMember(id: number, event: ClientEvent): void {
    const member = this.#member(id);
    const { state, effects } = stepClient(this.#options.crypto, member.state, event);
    member.state = state;
    for (const effect of effects) {
      if (!member.alive) return;
      this.#performMember(id, member, effect);
    }
  }

  #performMember(id: number, member: MemberProcess, effect: ClientEffect): void {
    switch (effect.kind) {
      case 'send':
        this.#sendFrom(id, effect.message, effect.body);
        return;
      case 'generate-keys':
      case 'deal-shares':
      case 'hold-shares':
      case 'draw-nonce':
      case 'forget-batch': {
        const event = keep(member.keeper, effect);
        if (event !== undefined) this.#stepMember(id, event);
        return;
      }
      case 'upload-input':
        this.#upload(id, member, effect);
        return;
      case 'release':
        this.#sendFrom(id, 'release', releaseFor(member.keeper, effect));
        return;
      case 'accept-result':
        return;
      case 'enter-phase':
        if (this.#options.faults?.fate?.(id, effect.phase, effect.round, undefined) === 'die') this.kill(id);
        return;
      case 'reject':
        this.rejections.push({ ...effect.rejection, by: id });
        return;
    }
  }

  #upload(id: number, member: MemberProcess, effect: Extract<ClientEffect, { kind: 'upload-input' }>): void {
    const { crypto, faults } = this.#options;
    const { terms, request } = effect;
    const { roundContext } = request;
    const input = this.#vector(id);
    if (input.length !== terms.dimension) {
      throw new ProtocolError('BAD_PARAMETERS', `vector of member ${id} has ${input.length} coordinates`);
    }
    const hash = crypto.sha256Stream();
    let length = 0;
    let sequence = 0;
    for (const bytes of maskChunks(crypto, masksFor(member.keeper, effect), input, terms.bits)) {
      hash.update(bytes);
      length += bytes.length;
      this.#sendFrom(id, 'vector-chunk', { roundContext, sequence, bytes });
      if (faults?.fate?.(id, 'masked-input', terms.round, sequence) === 'die') {
        this.kill(id);
        return;
      }
      sequence += 1;
    }
    this.#stepMember(id, { kind: 'input-masked', roundContext, digest: hash.digest(), length });
  }

  #sendFrom<K extends MessageKind>(id: number, kind: K, body: Bodies[K]): void {
    const { crypto } = this.#options;
    const signature = signMessage(crypto, this.#member(id).keeper.identity, kind, body);
    this.#post({ from: id, to: 'coordinator', bytes: encodeMessage(kind, body, signature) });
  }
}
