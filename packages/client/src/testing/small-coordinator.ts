/** The coordinator's real machine with vectors in memory: enough for participants to open sums with. */
import { liftWords, packedLength, packWords, toHex } from '@tributary/crypto';
import { nodeBackend } from '@tributary/crypto/node';
import {
  addToIntegerSum,
  batchTermsFor,
  type Bodies,
  completeGraphThresholds,
  type CoordinatorEffect,
  type CoordinatorEvent,
  type CoordinatorState,
  type Drop,
  EMPTY_SIGNATURE,
  emptyAuditHead,
  encodeIntegerSum,
  type ExpectedRound,
  integerSumWidth,
  type Message,
  type MessageKind,
  planUnmask,
  ringWords,
  roundTermsFor,
  signMessage,
  startCoordinator,
  stepCoordinator,
  unmaskWords,
} from '@tributary/protocol';
import type { TestFederation } from './federation.ts';

/** Smaller than need be, so that short sums have several. */
const RESULT_CHUNK_BYTES = 30_000;
const DEADLINES = { setup: 1, ready: 1, maskedInput: 1, consistency: 1, unmask: 1 };

/** The messages that bring an opened sum. */
export type ResultMessages = readonly Message[];

export class SmallCoordinator {
  readonly drops: Drop[] = [];
  readonly #federation: TestFederation;
  readonly #run: Uint8Array;
  readonly #deliver: (member: number, message: Message) => Promise<void>;
  #state: CoordinatorState;
  #words: Int32Array = new Int32Array(0);
  #masked = new Float64Array(0);
  /** Uploads, by round context and member. */
  readonly #chunks = new Map<string, Uint8Array[]>();
  #events: CoordinatorEvent[] = [];
  #opened: ResultMessages | undefined;

  constructor(
    federation: TestFederation,
    run: Uint8Array,
    deliver: (member: number, message: Message) => Promise<void>,
  ) {
    this.#federation = federation;
    this.#run = run;
    this.#deliver = deliver;
    this.#state = startCoordinator(federation.roster, run);
    for (const { id } of federation.roster.members) this.#events.push({ kind: 'member-joined', member: id });
  }

  /** What a member says. */
  hear(from: number, message: Message): void {
    if (message.kind === 'vector-chunk') {
      const { roundContext, sequence, bytes } = message.body;
      const key = uploadKey(roundContext, from);
      // The first chunk begins anew, for a member that comes back.
      this.#chunks.set(key, [...(sequence === 0 ? [] : (this.#chunks.get(key) ?? [])), bytes]);
    } else if (message.kind === 'upload-end') {
      const packed = this.#upload(message.body.roundContext, from);
      const digest = nodeBackend.sha256(packed);
      this.#events.push({ kind: 'upload-spooled', from, message, length: packed.length, digest });
    } else {
      this.#events.push({ kind: 'message', from, message });
    }
  }

  lose(member: number): void {
    this.#events.push({ kind: 'member-lost', member });
  }

  join(member: number): void {
    this.#events.push({ kind: 'member-joined', member });
  }

  /** Begins anew from what it knows; everybody is to join again. */
  restart(): void {
    this.#events.push({ kind: 'restarted' });
  }

  /** Takes what was pushed from outside of a batch or round. */
  async settle(): Promise<void> {
    await this.#drain();
  }

  async openBatch(batch: number): Promise<void> {
    const { roster } = this.#federation;
    const cohort = roster.members.map(({ id }) => id);
    const thresholds = completeGraphThresholds(cohort.length);
    const terms = batchTermsFor(nodeBackend, {
      roster,
      run: this.#run,
      batch,
      cohort,
      thresholds,
      keyCount: 4,
    });
    await this.#drain({ kind: 'batch-requested', terms, deadlineMs: 1 });
  }

  /** @returns what brings the opened sum to a member; undefined where the round was aborted */
  async openRound(expected: ExpectedRound): Promise<ResultMessages | undefined> {
    const { context: batchContext, nextKeyIndex: keyIndex } = this.#state.batches.at(-1) ?? {
      context: new Uint8Array(32),
      nextKeyIndex: 0,
    };
    this.#opened = undefined;
    await this.#drain({
      kind: 'round-requested',
      terms: roundTermsFor(expected, {
        batchContext,
        keyIndex,
        attempt: 1,
        step: 'test',
        deadlines: DEADLINES,
        auditHead: emptyAuditHead(nodeBackend, this.#federation.coordinatorIdentity, this.#run),
      }),
    });
    return this.#opened;
  }

  signed<K extends MessageKind>(kind: K, body: Bodies[K]): Message {
    const signature = signMessage(nodeBackend, this.#federation.coordinatorIdentity, kind, body);
    return { kind, body, signature } as unknown as Message;
  }

  /** Until nothing more happens; no deadline passes but that of the last releases. */
  async #drain(...events: CoordinatorEvent[]): Promise<void> {
    this.#events.push(...events);
    for (;;) {
      const next = this.#events.shift() ?? this.#endOfLastReleases();
      if (next === undefined) return;
      const { state, effects } = stepCoordinator(nodeBackend, this.#state, next);
      this.#state = state;
      for (const effect of effects) await this.#perform(effect);
    }
  }

  /** A sum that could be opened does not wait for a member that will not answer. */
  #endOfLastReleases(): CoordinatorEvent | undefined {
    const { phase, phaseNumbers } = this.#state;
    if (phase.kind !== 'unmask' || !phase.sufficed) return undefined;
    return { kind: 'deadline', lane: 'round', phaseNumber: phaseNumbers.round };
  }

  async #perform(effect: CoordinatorEffect): Promise<void> {
    switch (effect.kind) {
      case 'send':
        if (effect.message === 'round-result') return;
        for (const member of effect.to) await this.#deliver(member, this.signed(effect.message, effect.body));
        return;
      case 'open-accumulator':
        this.#masked = new Float64Array(effect.round.terms.dimension);
        for (const member of effect.restore) this.#add(effect.round.context, member);
        return;
      case 'add-input': {
        const { member, roundContext } = effect;
        this.#add(roundContext, member);
        this.#events.push({ kind: 'input-added', member, roundContext });
        return;
      }
      case 'keep-masked-sum': {
        const { context: roundContext, terms } = effect.round;
        const { phase } = this.#state;
        const uploads = phase.kind === 'summing' ? phase.survivors.length : 1;
        const bytes = encodeIntegerSum(this.#masked, integerSumWidth(terms.bits, uploads));
        this.#events.push({ kind: 'masked-sum-kept', roundContext, digest: nodeBackend.sha256(bytes) });
        return;
      }
      case 'unmask': {
        this.#words = ringWords(this.#masked, 0, this.#masked.length);
        const plan = planUnmask(nodeBackend, effect.request);
        if (!plan.ok) throw new Error('a dealer is bad');
        unmaskWords(nodeBackend, plan.masks, this.#words, 0);
        liftWords(this.#words, effect.round.terms.bits);
        const digest = nodeBackend.sha256(this.#packed(effect.round.terms.bits));
        this.#events.push({ kind: 'sum-opened', roundContext: effect.round.context, digest });
        return;
      }
      case 'round-completed':
        this.#opened = this.#result(effect);
        return;
      case 'drop':
        this.drops.push(effect.drop);
        return;
      case 'accept':
      case 'start-deadline':
      case 'discard-input':
      case 'close-accumulator':
      case 'enter-phase':
      case 'reject':
      case 'evidence':
      case 'batch-opened':
      case 'batch-aborted':
      case 'round-aborted':
        return;
    }
  }

  #upload(roundContext: Uint8Array, member: number): Uint8Array {
    return Buffer.concat(this.#chunks.get(uploadKey(roundContext, member)) ?? []);
  }

  #add(roundContext: Uint8Array, member: number): void {
    const scratch = new Int32Array(this.#masked.length);
    addToIntegerSum(this.#upload(roundContext, member), this.#bits(), this.#masked, 0, scratch);
  }

  #bits(): number {
    const { phase } = this.#state;
    return 'round' in phase ? phase.round.terms.bits : 32;
  }

  #packed(bits: number): Uint8Array {
    const packed = new Uint8Array(packedLength(this.#words.length, bits));
    packWords(this.#words, bits, packed);
    return packed;
  }

  #result(effect: Extract<CoordinatorEffect, { kind: 'round-completed' }>): ResultMessages {
    const { round, survivors, survivorsDigest, digest, proof } = effect;
    const { context: roundContext, terms } = round;
    const packed = this.#packed(terms.bits);
    const size = RESULT_CHUNK_BYTES;
    const chunks = Array.from({ length: Math.ceil(packed.length / size) }, (_, sequence): Message => {
      const bytes = packed.slice(sequence * size, (sequence + 1) * size);
      return { kind: 'vector-chunk', body: { roundContext, sequence, bytes }, signature: EMPTY_SIGNATURE };
    });
    const result = {
      roundContext,
      round: terms.round,
      attempt: terms.attempt,
      survivors,
      survivorsDigest,
      length: packed.length,
      digest,
      proof,
    };
    return [...chunks, this.signed('round-result', result)];
  }
}

function uploadKey(roundContext: Uint8Array, member: number): string {
  return `${toHex(roundContext)}-${member}`;
}
