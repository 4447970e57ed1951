/** A coordinator in memory: its machine, the uploads it spools, the words it adds up. */
import { addPackedWords, type CryptoBackend, liftWords, packedLength, packWords } from '@tributary/crypto';
import type {
  AbortCode,
  CoordinatorEffect,
  CoordinatorEvent,
  CoordinatorState,
  Drop,
  Lane,
  Phase,
  RoundInProgress,
} from '../coordinator/state.ts';
import { startCoordinator, stepCoordinator } from '../coordinator/step.ts';
import { planUnmask, unmaskWords } from '../coordinator/unmask.ts';
import { ProtocolError, type Rejection } from '../errors.ts';
import type { MemberEvidence } from '../messages/evidence.ts';
import type { Message } from '../messages/index.ts';
import { CHUNK_WORDS, type RoundResult, type VectorChunk } from '../messages/round.ts';
import { sameBytes } from '../public-bytes.ts';
import type { Roster } from '../roster.ts';
import { signMessage } from '../signing.ts';
import { RunningSum } from '../summation/running-sum.ts';
import { packedLengthOf, unusedBitsAreZero } from '../vector-length.ts';
import { encodeMessage } from '../wire/codec.ts';

export interface Failure {
  readonly phase: Phase;
  readonly code: AbortCode;
  readonly detail: string;
}

/** How an attempt failed, and whether the round may be tried again. */
export interface FailedAttempt extends Failure {
  readonly retryable: boolean;
}

export type SumOutcome =
  | { readonly kind: 'opened'; readonly sum: Int32Array; readonly survivors: readonly number[] }
  | ({ readonly kind: 'aborted' } & Failure);

type AttemptOutcome =
  | Extract<SumOutcome, { kind: 'opened' }>
  | ({ readonly kind: 'aborted' } & FailedAttempt);

export interface CoordinatorSurroundings {
  readonly crypto: CryptoBackend;
  /** Ed25519 secret seed. */
  readonly identity: Uint8Array;
  readonly roster: Roster;
  readonly run: Uint8Array;
  /** Puts a frame on the way to a member. */
  readonly post: (to: number, bytes: Uint8Array) => void;
  /** Has the machine take an event of its own after what it is doing now. */
  readonly later: (event: CoordinatorEvent) => void;
  readonly onDrop: (drop: Drop) => void;
  readonly onReject: (rejection: Rejection) => void;
  readonly onEvidence: (evidence: MemberEvidence, culprit: number) => void;
  readonly onUploaded: (member: number, bytes: number) => void;
}

interface OpenRound {
  readonly round: RoundInProgress;
  /** Of the added uploads, as integers. */
  readonly masked: RunningSum;
  /** Chunks by member, kept until the round closes; none for a member whose upload was discarded. */
  readonly spools: Map<number, Uint8Array[]>;
}

/** What of an opened sum goes into the log head. */
export type OpenedSum = Pick<RoundResult, 'round' | 'roundContext' | 'survivorsDigest' | 'digest'>;

export class CoordinatorProcess {
  readonly #around: CoordinatorSurroundings;
  #state: CoordinatorState;
  #open: OpenRound | undefined;
  readonly #deadlines = new Map<Lane, number>();
  outcome: AttemptOutcome | undefined;
  batchFailure: Failure | undefined;
  opened: OpenedSum | undefined;
  #sum: Int32Array = new Int32Array(0);

  constructor(surroundings: CoordinatorSurroundings) {
    this.#around = surroundings;
    this.#state = startCoordinator(surroundings.roster, surroundings.run);
  }

  get state(): CoordinatorState {
    return this.#state;
  }

  /** Lanes in which a deadline is still to pass. */
  get pendingDeadlines(): readonly Lane[] {
    return (['round', 'setup'] as const).filter(
      (lane) => this.#deadlines.get(lane) === this.#state.phaseNumbers[lane],
    );
  }

  passDeadline(lane: Lane): void {
    const phaseNumber = this.#state.phaseNumbers[lane];
    this.#deadlines.delete(lane);
    this.take({ kind: 'deadline', lane, phaseNumber });
  }

  /** The process ends and begins anew: of the round what was wholly spooled is left, and the machine's state. */
  restart(): void {
    this.#deadlines.clear();
    const { phase } = this.#state;
    if (phase.kind === 'masked-input') for (const member of phase.waiting) this.#open?.spools.delete(member);
    this.take({ kind: 'restarted' });
  }

  receive(from: number, message: Message): void {
    if (message.kind === 'vector-chunk') this.#receiveChunk(from, message.body);
    else if (message.kind === 'upload-end') this.#receiveUploadEnd(from, message);
    else this.take({ kind: 'message', from, message });
  }

  take(event: CoordinatorEvent): void {
    const { state, effects } = stepCoordinator(this.#around.crypto, this.#state, event);
    this.#state = state;
    for (const effect of effects) this.#perform(effect);
  }

  #perform(effect: CoordinatorEffect): void {
    switch (effect.kind) {
      case 'send': {
        const { crypto, identity, post } = this.#around;
        const signature = signMessage(crypto, identity, effect.message, effect.body);
        const bytes = encodeMessage(effect.message, effect.body, signature);
        for (const to of effect.to) post(to, bytes);
        return;
      }
      case 'start-deadline':
        this.#deadlines.set(effect.lane, effect.phaseNumber);
        return;
      case 'open-accumulator': {
        this.#openAccumulator(effect);
        return;
      }
      case 'add-input':
        this.#addInput(effect.member);
        this.#around.later({
          kind: 'input-added',
          member: effect.member,
          roundContext: effect.roundContext,
        });
        return;
      case 'discard-input':
        this.#open?.spools.delete(effect.member);
        return;
      case 'keep-masked-sum':
        this.#keepMaskedSum(effect.round);
        return;
      case 'close-accumulator':
        this.#open = undefined;
        return;
      case 'unmask':
        this.#unmask(effect);
        return;
      case 'round-completed': {
        const { survivors, survivorsDigest, digest, round } = effect;
        this.opened = { round: round.terms.round, roundContext: round.context, survivorsDigest, digest };
        this.outcome = { kind: 'opened', sum: this.#sum, survivors };
        this.#open = undefined;
        return;
      }
      case 'round-aborted':
        this.outcome = {
          kind: 'aborted',
          phase: effect.phase,
          code: effect.code,
          detail: effect.detail,
          retryable: effect.retryable,
        };
        return;
      case 'batch-aborted':
        this.batchFailure = { phase: 'setup', code: effect.code, detail: effect.detail };
        return;
      case 'drop':
        this.#around.onDrop(effect.drop);
        return;
      case 'reject':
        this.#around.onReject(effect.rejection);
        return;
      case 'evidence':
        this.#around.onEvidence(effect.evidence, effect.culprit);
        return;
      case 'accept':
      case 'enter-phase':
      case 'batch-opened':
        return;
    }
  }

  #openAccumulator({ round, restore }: Extract<CoordinatorEffect, { kind: 'open-accumulator' }>): void {
    const before = this.#open?.round.context;
    const kept = before !== undefined && sameBytes(before, round.context) ? this.#open?.spools : undefined;
    const spools = new Map(round.participants.map((id) => [id, kept?.get(id) ?? []]));
    this.#open = {
      round,
      masked: new RunningSum(new Int32Array(round.terms.dimension), round.terms.bits),
      spools,
    };
    for (const member of restore) this.#addInput(member);
  }

  #keepMaskedSum({ context: roundContext }: RoundInProgress): void {
    const { crypto, later } = this.#around;
    const bytes = this.#openRound().masked.encode();
    later({ kind: 'masked-sum-kept', roundContext, digest: crypto.sha256(bytes) });
  }

  #openRound(): OpenRound {
    if (this.#open === undefined) throw new ProtocolError('INVARIANT', 'no accumulator is open');
    return this.#open;
  }

  /** A chunk of another round, or of an upload that was given up, is late and dropped. */
  #receiveChunk(from: number, { roundContext, sequence, bytes }: VectorChunk): void {
    const { round, spools } = this.#open ?? {};
    const chunks = spools?.get(from);
    if (round === undefined || chunks === undefined || !sameBytes(roundContext, round.context)) return;
    const { dimension, bits } = round.terms;
    const words = Math.min(CHUNK_WORDS, dimension - sequence * CHUNK_WORDS);
    if (sequence !== chunks.length || words <= 0 || bytes.length !== packedLength(words, bits)) {
      const detail = `chunk ${sequence} of ${bytes.length} bytes is not the one that is due`;
      this.take({ kind: 'upload-failed', from, detail });
      return;
    }
    chunks.push(bytes);
  }

  #receiveUploadEnd(from: number, message: Message<'upload-end'>): void {
    const { crypto, onUploaded } = this.#around;
    const { round, spools } = this.#open ?? {};
    const chunks = spools?.get(from) ?? [];
    const hash = crypto.sha256Stream();
    let length = 0;
    for (const chunk of chunks) {
      hash.update(chunk);
      length += chunk.length;
    }
    onUploaded(from, length);
    const whole = round !== undefined && length === packedLengthOf(round.terms);
    if (whole && !unusedBitsAreZero(round.terms, chunks.at(-1)?.at(-1) ?? 0)) {
      this.take({ kind: 'upload-failed', from, detail: 'bits behind the last word are not zero' });
      return;
    }
    this.take({ kind: 'upload-spooled', from, message, length, digest: hash.digest() });
  }

  #addInput(member: number): void {
    const { round, masked, spools } = this.#openRound();
    const { bits } = round.terms;
    masked.begin();
    (spools.get(member) ?? []).forEach((chunk, sequence) => {
      if (!addPackedWords(chunk, bits, masked.words, sequence * CHUNK_WORDS)) {
        throw new ProtocolError('INVARIANT', `a verified upload of member ${member} cannot be added`);
      }
    });
  }

  #unmask({ request, round }: Extract<CoordinatorEffect, { kind: 'unmask' }>): void {
    const { crypto, later } = this.#around;
    const { context: roundContext, terms } = round;
    const plan = planUnmask(crypto, request);
    if (!plan.ok) {
      later({ kind: 'sum-not-opened', roundContext, badDealers: plan.badDealers });
      return;
    }
    const { masked } = this.#openRound();
    const words = new Int32Array(terms.dimension);
    masked.ringWords(words);
    unmaskWords(crypto, plan.masks, words, 0);
    liftWords(words, terms.bits);
    const packed = new Uint8Array(packedLengthOf(terms));
    packWords(words, terms.bits, packed);
    this.#sum = words;
    later({ kind: 'sum-opened', roundContext, digest: crypto.sha256(packed) });
  }
}
