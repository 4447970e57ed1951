/**
 * Runs the machines of a coordinator and its members through honest rounds and keeps every step. A test takes
 * the state before a step, changes the message that came, and sees what the machine does with it. Machines
 * never see vectors, so uploads are digests here; keys, shares and signatures are real.
 */
import { emptyAuditHead } from '../audit-head.ts';
import { keep, type Keeper, openedSharesFor, releaseFor, revealFor } from '../client/keeper.ts';
import { memorySecretStore } from '../client/secret-store.ts';
import type { ClientEffect, ClientEvent, ClientState, ClientStep, ExpectedRound } from '../client/state.ts';
import { startClient, stepClient } from '../client/step.ts';
import type {
  CoordinatorEffect,
  CoordinatorEvent,
  CoordinatorPhase,
  CoordinatorState,
  CoordinatorStep,
  Lane,
  SetupPhase,
} from '../coordinator/state.ts';
import { startCoordinator, stepCoordinator } from '../coordinator/step.ts';
import { planUnmask } from '../coordinator/unmask.ts';
import type { Message, MessageKind } from '../messages/index.ts';
import type { BatchTerms, RoundTerms } from '../messages/terms.ts';
import { batchTermsFor, DEFAULT_DEADLINES, roundTermsFor } from '../parameters/terms.ts';
import { completeGraphThresholds, type Thresholds } from '../parameters/thresholds.ts';
import { packedLengthOf } from '../vector-length.ts';
import { type Cast, existing, expectedRound, signed } from './cast.ts';

export interface ClientRecord {
  readonly member: number;
  readonly before: ClientState;
  readonly event: ClientEvent;
  readonly step: ClientStep;
}

export interface CoordinatorRecord {
  readonly before: CoordinatorState;
  readonly event: CoordinatorEvent;
  readonly step: CoordinatorStep;
}

export interface Story {
  readonly rounds?: number;
  readonly keyCount?: number;
  readonly thresholds?: Thresholds;
  /** Whether a committee draws randomness for the batch. */
  readonly draws?: boolean;
  readonly maxAttempts?: number;
  readonly expected?: Partial<ExpectedRound>;
  /** Whether a member keeps this message to itself. A deadline passes when nothing else can happen. */
  readonly withholds?: (member: number, kind: MessageKind, round: number) => boolean;
}

type Send = Extract<ClientEffect, { kind: 'send' }>;

/** Digest that stands for a member's upload. */
export function uploadDigest(member: number): Uint8Array {
  return new Uint8Array(32).fill(100 + member);
}

export class Transcript {
  readonly cast: Cast;
  readonly clients: ClientRecord[] = [];
  readonly coordinator: CoordinatorRecord[] = [];
  readonly batchTerms: BatchTerms;
  /** Of the rounds, from 1. */
  readonly roundTerms: RoundTerms[] = [];
  readonly keepers: readonly Keeper[];
  readonly #states: ClientState[];
  readonly #story: Story;
  readonly #queue: (() => void)[] = [];
  #coordinatorState: CoordinatorState;
  readonly #deadlines = new Map<Lane, number>();

  constructor(cast: Cast, story: Story = {}) {
    const { crypto, random, roster, run, policy } = cast;
    const { rounds = 1, keyCount = 2, thresholds = completeGraphThresholds(roster.members.length) } = story;
    const { draws = false, maxAttempts = 1 } = story;
    this.cast = cast;
    this.#story = story;
    this.keepers = roster.members.map(({ id }) => ({
      crypto,
      random,
      self: id,
      identity: existing(cast.identities[id]),
      store: memorySecretStore(),
    }));
    this.#states = roster.members.map(({ id }) => startClient(crypto, { self: id, roster, run, policy }));
    this.#coordinatorState = startCoordinator(roster, run);
    for (const { id } of roster.members) this.coordinate({ kind: 'member-joined', member: id });
    const cohort = roster.members.map(({ id }) => id);
    const choice = { roster, run, batch: 1, cohort, thresholds, keyCount, draws, maxAttempts };
    this.batchTerms = batchTermsFor(crypto, choice);
    this.coordinate({
      kind: 'batch-requested',
      terms: this.batchTerms,
      deadlineMs: DEFAULT_DEADLINES.setup,
    });
    this.drain();
    for (let round = 1; round <= rounds; round++) this.playRound(round);
  }

  get batchContext(): Uint8Array {
    return existing(this.#coordinatorState.batches.at(-1)).context;
  }

  /** The member's state just before it took its `nth` message of this kind, and the message. */
  clientBefore<K extends MessageKind>(member: number, kind: K, nth = 0): [ClientState, Message<K>] {
    const records = this.clients.filter(
      (record) => record.member === member && isMessage(record.event, kind),
    );
    const record = records[nth];
    if (record?.event.kind !== 'message') throw new Error(`member ${member} got no ${kind}`);
    return [record.before, record.event.message as Message<K>];
  }

  /** The coordinator's state after its last step. */
  get coordinatorNow(): CoordinatorState {
    return this.#coordinatorState;
  }

  /** The member's state after its last step. */
  clientNow(member: number): ClientState {
    return existing(this.#states[member]);
  }

  /** The coordinator's state just before it took the member's `nth` message of this kind, and the message. */
  coordinatorBefore<K extends MessageKind>(from: number, kind: K, nth = 0): [CoordinatorState, Message<K>] {
    const records = this.coordinator.filter(({ event }) => isMessage(event, kind) && event.from === from);
    const record = records[nth];
    if (record === undefined || !('message' in record.event)) throw new Error(`no ${kind} came from ${from}`);
    return [record.before, record.event.message as Message<K>];
  }

  /** The coordinator's state as it entered the phase for the `nth` time. */
  coordinatorIn(kind: CoordinatorPhase['kind'], nth = 0): CoordinatorState {
    return this.#entered(kind, nth, (state) => state.phase.kind);
  }

  /** The coordinator's state as it entered the phase of setup. */
  coordinatorInSetup(kind: SetupPhase['kind']): CoordinatorState {
    return this.#entered(kind, 0, (state) => state.setup.kind);
  }

  #entered(kind: string, nth: number, kindOf: (state: CoordinatorState) => string): CoordinatorState {
    const entries = this.coordinator.filter(
      ({ before, step }) => kindOf(before) !== kind && kindOf(step.state) === kind,
    );
    const entry = entries[nth];
    if (entry === undefined) throw new Error(`phase ${kind} was not entered`);
    return entry.step.state;
  }

  /** All effects of the coordinator of one kind, in order. */
  effects<K extends CoordinatorEffect['kind']>(kind: K): Extract<CoordinatorEffect, { kind: K }>[] {
    return this.coordinator
      .flatMap(({ step }) => step.effects)
      .filter((effect) => effect.kind === kind) as Extract<CoordinatorEffect, { kind: K }>[];
  }

  /** Sets up a further batch, on the terms of the first but for what is changed. */
  openBatch(batch: number, change: Partial<BatchTerms> = {}): void {
    this.requestBatch(batch, change);
    this.drain();
  }

  /** Asks for a further batch; nothing of what follows happens yet. */
  requestBatch(batch: number, change: Partial<BatchTerms> = {}): void {
    const terms = { ...this.batchTerms, batch, ...change };
    this.coordinate({ kind: 'batch-requested', terms, deadlineMs: DEFAULT_DEADLINES.setup });
  }

  /** Plays an attempt at a round, on the newest batch. */
  playRound(round: number, attempt = 1): void {
    this.requestRound(round, attempt);
    this.drain();
  }

  /** Asks for an attempt at a round; nothing of what follows happens yet. */
  requestRound(round: number, attempt = 1): void {
    const batch = this.#coordinatorState.batches.at(-1);
    if (batch === undefined) throw new Error('the batch did not open');
    const expected = expectedRound(round, this.#story.expected);
    this.#states.forEach((_, member) => this.#step(member, { kind: 'expect', expected }));
    const terms = roundTermsFor(expected, {
      batchContext: batch.context,
      keyIndex: batch.nextKeyIndex,
      attempt,
      step: 'test',
      deadlines: DEFAULT_DEADLINES,
      auditHead: emptyAuditHead(this.cast.crypto, this.cast.coordinatorIdentity, this.cast.run),
    });
    this.roundTerms.push(terms);
    this.coordinate({ kind: 'round-requested', terms });
  }

  /** Goes on until nothing is left to do and no deadline is pending. */
  drain(): void {
    for (;;) {
      const task = this.#queue.shift();
      if (task !== undefined) {
        task();
        continue;
      }
      const { phaseNumbers } = this.#coordinatorState;
      const lane = (['round', 'setup'] as const).find(
        (each) => this.#deadlines.get(each) === phaseNumbers[each],
      );
      if (lane === undefined) return;
      this.coordinate({ kind: 'deadline', lane, phaseNumber: phaseNumbers[lane] });
    }
  }

  /** Has the coordinator take an event. */
  coordinate(event: CoordinatorEvent): void {
    const before = this.#coordinatorState;
    const step = stepCoordinator(this.cast.crypto, before, event);
    this.coordinator.push({ before, event, step });
    this.#coordinatorState = step.state;
    for (const effect of step.effects) this.#performCoordinator(effect);
  }

  #performCoordinator(effect: CoordinatorEffect): void {
    const later = (event: CoordinatorEvent): void => void this.#queue.push(() => this.coordinate(event));
    switch (effect.kind) {
      case 'send': {
        const message = signed(this.cast, 'coordinator', effect.message, effect.body);
        for (const to of effect.to) this.#queue.push(() => this.#step(to, { kind: 'message', message }));
        return;
      }
      case 'start-deadline':
        this.#deadlines.set(effect.lane, effect.phaseNumber);
        return;
      case 'add-input':
        later({ kind: 'input-added', member: effect.member, roundContext: effect.roundContext });
        return;
      case 'keep-masked-sum':
        later({ kind: 'masked-sum-kept', roundContext: effect.round.context, digest: MASKED_SUM });
        return;
      case 'unmask': {
        const { context: roundContext } = effect.round;
        const plan = planUnmask(this.cast.crypto, effect.request);
        later(
          plan.ok
            ? { kind: 'sum-opened', roundContext, digest: new Uint8Array(32).fill(9) }
            : { kind: 'sum-not-opened', roundContext, badDealers: plan.badDealers },
        );
        return;
      }
      case 'accept':
      case 'open-accumulator':
      case 'discard-input':
      case 'close-accumulator':
      case 'enter-phase':
      case 'drop':
      case 'reject':
      case 'evidence':
      case 'batch-opened':
      case 'batch-aborted':
      case 'round-completed':
      case 'round-aborted':
        return;
    }
  }

  #step(member: number, event: ClientEvent): void {
    const before = this.clientNow(member);
    const step = stepClient(this.cast.crypto, before, event);
    this.clients.push({ member, before, event, step });
    this.#states[member] = step.state;
    for (const effect of step.effects) this.#performMember(member, effect);
  }

  #performMember(member: number, effect: ClientEffect): void {
    const keeper = existing(this.keepers[member]);
    const later = (event: ClientEvent): void => void this.#queue.push(() => this.#step(member, event));
    switch (effect.kind) {
      case 'send':
        this.#sendFrom(member, effect);
        return;
      case 'generate-keys':
      case 'deal-shares':
      case 'hold-shares':
      case 'hold-opened':
      case 'draw-nonce':
      case 'forget-batch': {
        const event = keep(keeper, effect);
        if (event !== undefined) later(event);
        return;
      }
      case 'upload-input': {
        const { request, terms } = effect;
        const { roundContext } = request;
        const length = packedLengthOf(terms);
        later({ kind: 'input-masked', roundContext, digest: uploadDigest(member), length });
        return;
      }
      case 'release':
        this.#sendFrom(member, { kind: 'send', message: 'release', body: releaseFor(keeper, effect) });
        return;
      case 'reveal-draw':
        this.#sendFrom(member, { kind: 'send', message: 'draw-reveal', body: revealFor(keeper, effect) });
        return;
      case 'open-shares': {
        const body = openedSharesFor(keeper, effect);
        if (body !== undefined) this.#sendFrom(member, { kind: 'send', message: 'opened-shares', body });
        return;
      }
      case 'accept-result':
      case 'batch-drawn':
      case 'attempt-void':
      case 'note-head':
      case 'evidence':
      case 'enter-phase':
      case 'reject':
        return;
    }
  }

  #sendFrom(from: number, { message: kind, body }: Send): void {
    const round = this.clientNow(from).round?.terms.round ?? 0;
    if (this.#story.withholds?.(from, kind, round) === true) return;
    const message = signed(this.cast, from, kind, body);
    this.#queue.push(() => {
      if (message.kind === 'upload-end') {
        const { length, digest } = message.body;
        this.coordinate({ kind: 'upload-spooled', from, message, length, digest });
      } else {
        this.coordinate({ kind: 'message', from, message });
      }
    });
  }
}

/** What every round of a transcript has as the digest of its masked sum. */
export const MASKED_SUM: Uint8Array = new Uint8Array(32).fill(8);

function isMessage<E extends { readonly kind: string }>(
  event: E,
  kind: MessageKind,
): event is E & { readonly message: Message; readonly from: number } {
  return 'message' in event && (event.message as Message).kind === kind;
}
