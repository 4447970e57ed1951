/**
 * One round of the protocol written down step by step: every secret, every message with the bytes its
 * signature covers, every mask, and the sum. Another implementation that reproduces it speaks the protocol.
 */
import { packWords, packedLength, toHex, liftWords } from '@tributary/crypto';
import { nodeBackend as crypto } from '@tributary/crypto/node';
import {
  addToIntegerSum,
  type BatchSecrets,
  type BatchTerms,
  batchTermsFor,
  type ClientEffect,
  type ClientEvent,
  type ClientState,
  type CoordinatorEffect,
  type CoordinatorEvent,
  type CoordinatorState,
  decodeMessage,
  DEFAULT_DEADLINES,
  emptyAuditHead,
  encodeFieldElement,
  encodeIntegerSum,
  encodeMessage,
  type ExpectedRound,
  integerSumWidth,
  keep,
  type Keeper,
  masksFor,
  memorySecretStore,
  type Message,
  messageBytes,
  type MessageKind,
  planUnmask,
  releaseFor,
  revealFor,
  ringWords,
  type Roster,
  rosterRoot,
  roundTermsFor,
  signMessage,
  startClient,
  startCoordinator,
  stepClient,
  stepCoordinator,
  type Thresholds,
  unmaskWords,
  uploadProduct,
} from '@tributary/protocol';
import { seededBytes, testRoster } from '../../support/federation.ts';

export interface StoryChoice {
  readonly about: string;
  readonly members: number;
  readonly thresholds: Thresholds;
  readonly seed: number;
  /** Whose upload never ends. */
  readonly dropout: number;
}

type Json = string | number | boolean | readonly Json[] | { readonly [key: string]: Json };

const DIMENSION = 10;
const BITS = 16;
const RUN = new Uint8Array(32).fill(7);

type UploadInput = Extract<ClientEffect, { kind: 'upload-input' }>;

export function tellStory(choice: StoryChoice): Json {
  return new Story(choice).tell();
}

class Story {
  readonly #choice: StoryChoice;
  readonly #roster: Roster;
  readonly #identities: readonly Uint8Array[];
  readonly #coordinatorIdentity: Uint8Array;
  readonly #keepers: readonly Keeper[];
  readonly #members: ClientState[];
  readonly #terms: BatchTerms;
  readonly #queue: (() => void)[] = [];
  readonly #messages: Json[] = [];
  readonly #uploads: Json[] = [];
  /** Integer sum of the uploads. */
  readonly #masked = new Float64Array(DIMENSION);
  /** Uploads by member. */
  readonly #packed = new Map<number, Uint8Array>();
  #coordinator: CoordinatorState;
  #secrets: readonly BatchSecrets[] = [];
  #round: Json = {};

  constructor(choice: StoryChoice) {
    const { members: n, thresholds, seed } = choice;
    const { roster, identities, coordinatorIdentity } = testRoster(n, seededBytes(seed));
    this.#choice = choice;
    this.#roster = roster;
    this.#identities = identities;
    this.#coordinatorIdentity = coordinatorIdentity;
    this.#keepers = identities.map((identity, self) => ({
      crypto,
      random: seededBytes(1000 * seed + self),
      self,
      identity,
      store: memorySecretStore(),
    }));
    const policy = { minCohort: 3, minColluders: 1, maxAttemptsPerRound: 2 };
    this.#members = identities.map((_, self) => startClient(crypto, { self, roster, run: RUN, policy }));
    const cohort = roster.members.map(({ id }) => id);
    this.#terms = batchTermsFor(crypto, {
      roster,
      run: RUN,
      batch: 1,
      cohort,
      thresholds,
      keyCount: 1,
      draws: true,
    });
    this.#coordinator = startCoordinator(roster, RUN);
    for (const member of cohort) this.#coordinate({ kind: 'member-joined', member });
  }

  tell(): Json {
    this.#coordinate({ kind: 'batch-requested', terms: this.#terms, deadlineMs: DEFAULT_DEADLINES.setup });
    this.#drain();
    const [batch] = this.#coordinator.batches;
    if (batch === undefined) throw new Error('the batch did not open');
    const { context: batchContext } = batch;
    this.#secrets = this.#keepers.map(({ store }) => store.get(batchContext) as BatchSecrets);
    const secrets = this.#secrets.map((kept, member) => secretsOf(member, kept));
    const expected = expectedRound();
    for (const member of this.#members.keys()) this.#step(member, { kind: 'expect', expected });
    const terms = roundTermsFor(expected, {
      batchContext,
      keyIndex: 0,
      attempt: 1,
      step: 'vectors',
      deadlines: DEFAULT_DEADLINES,
      auditHead: emptyAuditHead(crypto, this.#coordinatorIdentity, RUN),
    });
    this.#coordinate({ kind: 'round-requested', terms });
    this.#drain();
    return {
      about: this.#choice.about,
      dimension: DIMENSION,
      bits: BITS,
      members: this.#roster.members.map(({ id, name, organisation, publicKey }) => ({
        id,
        name,
        organisation,
        identity: toHex(this.#identities[id] as Uint8Array),
        publicKey: toHex(publicKey),
      })),
      coordinator: {
        identity: toHex(this.#coordinatorIdentity),
        publicKey: toHex(this.#roster.coordinatorKey),
      },
      rosterRoot: toHex(rosterRoot(crypto, this.#roster)),
      batchContext: toHex(batchContext),
      draw: toHex(batch.draw),
      neighbours: this.#members.map((_, member) => [...(batch.neighbours.get(member) ?? [])]),
      secrets,
      messages: this.#messages,
      uploads: this.#uploads,
      round: this.#round,
    };
  }

  #drain(): void {
    for (;;) {
      const task = this.#queue.shift();
      if (task !== undefined) task();
      else if (this.#coordinator.phase.kind === 'masked-input') this.#loseDropout();
      else return;
    }
  }

  #loseDropout(): void {
    this.#coordinate({ kind: 'member-lost', member: this.#choice.dropout });
  }

  #coordinate(event: CoordinatorEvent): void {
    const { state, effects } = stepCoordinator(crypto, this.#coordinator, event);
    this.#coordinator = state;
    for (const effect of effects) this.#performCoordinator(effect);
  }

  #performCoordinator(effect: CoordinatorEffect): void {
    switch (effect.kind) {
      case 'send': {
        const { message: kind, body, to } = effect;
        const message = this.#spoken(
          'coordinator',
          to,
          kind,
          body as Message['body'],
          this.#coordinatorIdentity,
        );
        for (const member of to) this.#queue.push(() => this.#step(member, { kind: 'message', message }));
        return;
      }
      case 'add-input': {
        const { member, roundContext } = effect;
        this.#queue.push(() => this.#coordinate({ kind: 'input-added', member, roundContext }));
        return;
      }
      case 'keep-masked-sum': {
        const { context: roundContext } = effect.round;
        const { phase } = this.#coordinator;
        const uploads = phase.kind === 'summing' ? phase.survivors.length : 1;
        const digest = crypto.sha256(encodeIntegerSum(this.#masked, integerSumWidth(BITS, uploads)));
        this.#queue.push(() => this.#coordinate({ kind: 'masked-sum-kept', roundContext, digest }));
        return;
      }
      case 'unmask': {
        const { context: roundContext, participants } = effect.round;
        const plan = planUnmask(crypto, effect.request);
        if (!plan.ok) throw new Error('the round did not open');
        const masks = plan.masks.map(({ key, sign }) => ({ key: toHex(key), sign }));
        const maskedSum = [...this.#masked];
        const words = ringWords(this.#masked, 0, DIMENSION);
        unmaskWords(crypto, plan.masks, words, 0);
        liftWords(words, BITS);
        const packed = new Uint8Array(packedLength(DIMENSION, BITS));
        packWords(words, BITS, packed);
        const digest = crypto.sha256(packed);
        this.#round = {
          roundContext: toHex(roundContext),
          participants: [...participants],
          maskedSum,
          unmaskedWith: masks,
          sum: [...words],
          digest: toHex(digest),
        };
        this.#queue.push(() => this.#coordinate({ kind: 'sum-opened', roundContext, digest }));
        return;
      }
      case 'batch-aborted':
      case 'round-aborted':
        throw new Error(effect.detail);
      case 'accept':
      case 'batch-opened':
      case 'close-accumulator':
      case 'discard-input':
      case 'drop':
      case 'enter-phase':
      case 'evidence':
      case 'open-accumulator':
      case 'reject':
      case 'round-completed':
      case 'start-deadline':
        return;
    }
  }

  #step(member: number, event: ClientEvent): void {
    const { state, effects } = stepClient(crypto, this.#members[member] as ClientState, event);
    this.#members[member] = state;
    for (const effect of effects) this.#performMember(member, effect);
  }

  #performMember(member: number, effect: ClientEffect): void {
    const keeper = this.#keepers[member] as Keeper;
    switch (effect.kind) {
      case 'send':
        this.#send(member, effect.message, effect.body as Message['body']);
        return;
      case 'generate-keys':
      case 'deal-shares':
      case 'hold-shares':
      case 'hold-opened':
      case 'draw-nonce':
      case 'forget-batch': {
        const event = keep(keeper, effect);
        if (event !== undefined) this.#queue.push(() => this.#step(member, event));
        return;
      }
      case 'reveal-draw':
        this.#send(member, 'draw-reveal', revealFor(keeper, effect));
        return;
      case 'upload-input':
        this.#upload(member, keeper, effect);
        return;
      case 'release':
        this.#send(member, 'release', releaseFor(keeper, effect, this.#innerProduct(member, effect)));
        return;
      case 'open-shares':
      case 'evidence':
        throw new Error(`${effect.kind} in a round of honest members`);
      case 'accept-result':
      case 'batch-drawn':
      case 'attempt-void':
      case 'note-head':
      case 'enter-phase':
      case 'reject':
        return;
    }
  }

  #innerProduct(member: number, { summation }: Extract<ClientEffect, { kind: 'release' }>): Uint8Array {
    const packed = this.#packed.get(member);
    if (summation === undefined || packed === undefined) return new Uint8Array(0);
    return encodeFieldElement(uploadProduct(crypto, summation.challenge, packed, summation) ?? 0n);
  }

  /** The member's vector is (100 m + i) - 450 in coordinate i. */
  #upload(member: number, keeper: Keeper, effect: UploadInput): void {
    const input = Int32Array.from({ length: DIMENSION }, (_, i) => 100 * member + i - 450);
    const masks = masksFor(keeper, effect);
    const masked = Int32Array.from(input);
    unmaskWords(crypto, masks, masked, 0);
    const packed = new Uint8Array(packedLength(DIMENSION, BITS));
    packWords(masked, BITS, packed);
    const { roundContext, partners } = effect.request;
    this.#uploads.push({
      member,
      partners: partners.map((partner) => partner.member),
      input: [...input],
      masks: masks.map(({ key, sign }) => ({ key: toHex(key), sign })),
      packed: toHex(packed),
    });
    if (member === this.#choice.dropout) return;
    addToIntegerSum(packed, BITS, this.#masked, 0, new Int32Array(DIMENSION));
    this.#packed.set(member, packed);
    const digest = crypto.sha256(packed);
    this.#queue.push(() =>
      this.#step(member, { kind: 'input-masked', roundContext, digest, length: packed.length }),
    );
  }

  #send(from: number, kind: MessageKind, body: Message['body']): void {
    const message = this.#spoken(from, 'coordinator', kind, body, this.#identities[from] as Uint8Array);
    this.#queue.push(() => {
      if (message.kind === 'upload-end') {
        const { length, digest } = message.body;
        this.#coordinate({ kind: 'upload-spooled', from, message, length, digest });
      } else {
        this.#coordinate({ kind: 'message', from, message });
      }
    });
  }

  /** Writes the message down, and gives it as its receiver decodes it. */
  #spoken(
    from: Json,
    to: readonly number[] | string,
    kind: MessageKind,
    body: Message['body'],
    identity: Uint8Array,
  ): Message {
    const signature = signMessage(crypto, identity, kind, body);
    const frame = encodeMessage(kind, body, signature);
    const decoded = decodeMessage(frame);
    if (!decoded.ok) throw new Error(`${kind}: ${decoded.detail}`);
    this.#messages.push({
      from,
      to: typeof to === 'string' ? to : [...to],
      kind,
      signedBytes: toHex(messageBytes(crypto, kind, body)),
      signature: toHex(signature),
      frame: toHex(frame),
    });
    return decoded.message;
  }
}

function expectedRound(): ExpectedRound {
  return {
    round: 1,
    planHash: new Uint8Array(32).fill(1),
    modelHash: new Uint8Array(32).fill(2),
    dimension: DIMENSION,
    bits: BITS,
    inputBound: 1000,
    noiseMargin: 0,
    encoding: { scale: 1, normBound: 1000, coordinateBound: 1000, maxRecords: 1 },
    privacy: new Uint8Array(0),
    logHead: new Uint8Array(32),
  };
}

/** Shares are given as they stand in a box: self seed, its salt, round key, its salt. */
function secretsOf(
  member: number,
  { sealingSecret, roundSecrets, selfSeeds, drawNonce, held, dealt }: BatchSecrets,
): Json {
  const own = held.get(member);
  return {
    member,
    sealingSecret: toHex(sealingSecret),
    roundSecrets: roundSecrets.map((secret) => toHex(secret)),
    selfSeeds: selfSeeds.map((seed) => toHex(seed)),
    drawNonce: toHex(drawNonce),
    dealt: [...dealt, ...(own === undefined ? [] : [[member, own] as const])]
      .toSorted(([a], [b]) => a - b)
      .map(([holder, payload]) => ({ holder, payload: toHex(payload) })),
  };
}
