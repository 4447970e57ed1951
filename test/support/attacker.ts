/**
 * A coordinator that lies, and what it comes to know. It speaks with honest members in any way it likes, has
 * the secrets of the members that collude with it, keeps everything that is said to it, and tries to open what
 * it should not: it puts shares together, checks them against the public commitments as anybody can, and takes
 * off a member's upload every mask it can compute.
 */
import { combineShares, liftWords, unpackWords } from '@tributary/crypto';
import { nodeBackend as crypto } from '@tributary/crypto/node';
import {
  type AuditHead,
  type BatchTerms,
  batchTermsFor,
  type Bodies,
  DEFAULT_DEADLINES,
  emptyAuditHead,
  type ExpectedRound,
  type Message,
  type MessageKind,
  openingProof,
  planUnmask,
  releaseFor,
  type Roster,
  type RoundTerms,
  roundTermsFor,
  signMessage,
  type Thresholds,
  thresholdsFor,
  unmaskWords,
} from '@tributary/protocol';
import type { AttackScene } from './attack-scene.ts';
import { existing } from './existing.ts';
import { BITS, BOUND, expectedSum } from './expected-sum.ts';
import { randomVectors, seededBytes } from './federation.ts';
import { HonestMember } from './honest-member.ts';
import { type Mask, masksOf, type RoundKeyHolder } from './mask-arithmetic.ts';

type SecretKind = 'self' | 'pair';
type ReadyEntry = Bodies['round-start']['ready'][number];
type SurvivorUpload = Bodies['survivors']['uploads'][number];
type Signed<T> = { readonly body: T; readonly signature: Uint8Array };

/** What it says that the integer sum of the uploads is. */
export const MASKED_SUM: Uint8Array = new Uint8Array(32).fill(11);

export class Attacker {
  readonly roster: Roster;
  readonly run: Uint8Array = new Uint8Array(32).fill(7);
  readonly identities: readonly Uint8Array[];
  readonly coordinatorIdentity: Uint8Array;
  readonly members: readonly HonestMember[];
  readonly colluders: ReadonlySet<number>;
  readonly dimension: number;
  readonly thresholds: Thresholds;
  /** Everything that was said to the coordinator, in order. */
  readonly heard: { readonly from: number; readonly message: Message }[] = [];
  /** Everything that it said, in order. */
  readonly told: { readonly to: number; readonly message: Message }[] = [];
  readonly #scene: AttackScene;

  constructor(scene: AttackScene) {
    const { members, organisations, colluders = [], seed = 1, dimension = 64 } = scene;
    const random = seededBytes(seed);
    this.#scene = scene;
    this.coordinatorIdentity = random(32);
    this.identities = Array.from({ length: members }, () => random(32));
    this.roster = {
      federation: 'test',
      version: 1,
      coordinatorKey: crypto.ed25519PublicKey(this.coordinatorIdentity),
      members: this.identities.map((identity, id) => ({
        id,
        name: `org-${id}`,
        organisation: organisations?.[id] ?? `org-${id}`,
        publicKey: crypto.ed25519PublicKey(identity),
      })),
    };
    this.colluders = new Set(colluders);
    this.dimension = dimension;
    this.thresholds = scene.thresholds ?? thresholdsFor(members);
    const policy = { minCohort: 3, minColluders: 1, maxAttemptsPerRound: 2 };
    const vectors = randomVectors(members, dimension, seed, BOUND);
    this.members = this.identities.map((identity, id) => {
      const member = new HonestMember({ id, roster: this.roster, identity, run: this.run, policy, random });
      member.vector = existing(vectors[id]);
      return member;
    });
  }

  /** It keeps no audit log. */
  get auditHead(): AuditHead {
    return emptyAuditHead(crypto, this.coordinatorIdentity, this.run);
  }

  get everybody(): readonly number[] {
    return this.members.map(({ id }) => id);
  }

  get honest(): readonly number[] {
    return this.everybody.filter((id) => !this.colluders.has(id));
  }

  member(id: number): HonestMember {
    const member = this.members[id];
    if (member === undefined) throw new Error(`no member ${id}`);
    return member;
  }

  /** Says one thing, signed as the coordinator, to some members. @returns what they answer */
  tell<K extends MessageKind>(to: readonly number[], kind: K, body: Bodies[K]): Message[] {
    const signature = signMessage(crypto, this.coordinatorIdentity, kind, body);
    return this.deliver(to, { kind, body, signature } as unknown as Message);
  }

  /** Hands on a message as it is. */
  deliver(to: readonly number[], message: Message): Message[] {
    return to.flatMap((id) => {
      this.told.push({ to: id, message });
      const answers = this.member(id).take({ kind: 'message', message });
      for (const answer of answers) this.heard.push({ from: id, message: answer });
      return answers;
    });
  }

  /** Bodies of one kind that were heard, in order, with their signatures. */
  all<K extends MessageKind>(kind: K): (Signed<Bodies[K]> & { readonly from: number })[] {
    return this.heard.flatMap(({ from, message }) =>
      message.kind === kind
        ? [{ from, body: message.body as unknown as Bodies[K], signature: message.signature }]
        : [],
    );
  }

  // ---- The protocol as it should be; each step can be given to fewer, or with other contents.

  terms(change: Partial<BatchTerms> = {}): BatchTerms {
    const { keyCount = 2, maxAttempts = 2 } = this.#scene;
    const { roster, run, thresholds } = this;
    const cohort = this.everybody;
    const choice = { roster, run, batch: 1, cohort, thresholds, keyCount, maxAttempts };
    return { ...batchTermsFor(crypto, choice), ...change };
  }

  /** Setup up to the point where every member has advertised keys. */
  advertise(change: Partial<BatchTerms> = {}): BatchTerms {
    const terms = this.terms(change);
    this.tell(this.everybody, 'batch-start', terms);
    return terms;
  }

  /** The newest advert of each member. */
  adverts(): Map<number, Signed<Bodies['key-advert']>> {
    return new Map(this.all('key-advert').map(({ from, body, signature }) => [from, { body, signature }]));
  }

  get batchContext(): Uint8Array {
    return existing(this.all('key-advert').at(-1)).body.batchContext;
  }

  keyRoster(change: Partial<Bodies['key-roster']> = {}): Bodies['key-roster'] {
    const adverts = this.adverts();
    const members = [...adverts.keys()].toSorted((a, b) => a - b);
    return {
      batchContext: this.batchContext,
      members,
      reveals: [],
      adverts: members.map((id) => existing(adverts.get(id))),
      ...change,
    };
  }

  /** Boxes for one holder, of its newest dealers, ascending. */
  boxesFor(holder: number): Bodies['held-shares']['boxes'] {
    const dealt = new Map(this.all('dealt-shares').map(({ from, body }) => [from, body]));
    return [...dealt.values()]
      .toSorted((a, b) => a.member - b.member)
      .flatMap(({ boxes }) => boxes.filter(({ body }) => body.holder === holder));
  }

  relayShares(to: readonly number[] = this.everybody): void {
    const { batchContext } = this;
    for (const id of to) this.tell([id], 'held-shares', { batchContext, boxes: this.boxesFor(id) });
  }

  /** An honest setup on the complete graph. */
  openBatch(change: Partial<BatchTerms> = {}): BatchTerms {
    const terms = this.advertise(change);
    this.tell(this.everybody, 'key-roster', this.keyRoster());
    this.relayShares();
    return terms;
  }

  expect(
    round: number,
    change: Partial<ExpectedRound> = {},
    of: readonly number[] = this.everybody,
  ): ExpectedRound {
    const expected = expectedSum(round, this.dimension, change);
    for (const id of of) this.member(id).take({ kind: 'expect', expected });
    return expected;
  }

  roundTerms(expected: ExpectedRound, change: Partial<RoundTerms> = {}): RoundTerms {
    const { batchContext, auditHead } = this;
    const choice = { batchContext, keyIndex: 0, attempt: 1, step: 'test', auditHead };
    return { ...roundTermsFor(expected, { ...choice, deadlines: DEFAULT_DEADLINES }), ...change };
  }

  /** @returns the signed nonces that came in answer, ascending */
  announce(
    terms: RoundTerms,
    to: readonly number[] = this.everybody,
    promises: Bodies['round-announce']['promises'] = [],
  ): { readonly termsDigest: Uint8Array; readonly ready: readonly ReadyEntry[] } {
    const answers = this.tell(to, 'round-announce', { terms, promises });
    const ready = answers.flatMap(({ kind, body, signature }) =>
      kind === 'ready'
        ? [{ member: body.member, nonce: body.nonce, signature, digest: body.termsDigest }]
        : [],
    );
    return {
      termsDigest: ready[0]?.digest ?? new Uint8Array(32),
      ready: ready.map(({ member, nonce, signature }) => ({ member, nonce, signature })),
    };
  }

  /** An honest round up to the uploads. @returns who uploaded what */
  collectUploads(round = 1, change: Partial<RoundTerms> = {}): SurvivorUpload[] {
    const expected = this.expect(round);
    const start = this.announce(this.roundTerms(expected, change));
    return this.begin(start);
  }

  begin(start: Bodies['round-start'], to: readonly number[] = this.everybody): SurvivorUpload[] {
    return this.tell(to, 'round-start', start).flatMap(({ kind, body, signature }) =>
      kind === 'upload-end' ? [{ member: body.member, digest: body.digest, signature }] : [],
    );
  }

  get roundContext(): Uint8Array {
    return existing(this.all('upload-end').at(-1)).body.roundContext;
  }

  /**
   * Shows a survivor set to some. Members that collude sign whatever they are asked to.
   * @returns digest and signatures, those of colluders among them
   */
  show(
    uploads: readonly SurvivorUpload[],
    to: readonly number[] = this.everybody,
  ): { readonly digest: Uint8Array; readonly signatures: Bodies['unmask-request']['signatures'] } {
    const { roundContext } = this;
    const answers = this.tell(
      to.filter((id) => !this.colluders.has(id)),
      'survivors',
      { roundContext, uploads },
    );
    const signed = answers.flatMap(({ kind, body, signature }) =>
      kind === 'survivors-signature'
        ? [{ member: body.member, digest: body.survivorsDigest, signature }]
        : [],
    );
    const digest = signed[0]?.digest ?? new Uint8Array(32);
    const bought = [...this.colluders].map((member) => {
      const body = { roundContext, member, survivorsDigest: digest };
      return { member, signature: this.member(member).sign('survivors-signature', body).signature };
    });
    return {
      digest,
      signatures: [...signed.map(({ member, signature }) => ({ member, signature })), ...bought].toSorted(
        (a, b) => a.member - b.member,
      ),
    };
  }

  /** Asks some for their release of a set. */
  request(
    { digest, signatures }: ReturnType<Attacker['show']>,
    to: readonly number[] = this.everybody,
  ): Message[] {
    return this.tell(
      to.filter((id) => !this.colluders.has(id)),
      'unmask-request',
      { roundContext: this.roundContext, survivorsDigest: digest, signatures, maskedSum: MASKED_SUM },
    );
  }

  /** Says that the round it ran last was opened, to the zero sum, with the proof that goes with it. */
  tellResult(
    { digest, signatures }: ReturnType<Attacker['show']>,
    to: readonly number[] = this.everybody,
    change: Partial<Bodies['round-result']> = {},
  ): Message[] {
    const { roster, roundContext } = this;
    const last = <K extends MessageKind>(kind: K): Bodies[K] => {
      const { message } = existing(this.told.findLast((each) => each.message.kind === kind));
      return message.body as Bodies[K];
    };
    const { terms } = last('round-announce');
    const { uploads } = last('survivors');
    const { ready } = last('round-start');
    const { round, attempt, dimension, bits } = terms;
    const signed = new Map(signatures.map(({ member, signature }) => [member, signature]));
    return this.tell(to, 'round-result', {
      roundContext,
      round,
      attempt,
      survivors: uploads.map(({ member }) => member),
      survivorsDigest: digest,
      length: (dimension * bits) / 8,
      digest: new Uint8Array(32),
      proof: openingProof(crypto, {
        roster,
        terms,
        colluders: this.thresholds.colluders,
        ready,
        uploads,
        signatures: signed,
      }),
      ...change,
    });
  }

  // ---- What all that is worth.

  /** Shares of one secret that the attacker has: released to it, or held by members that collude. */
  sharesOf(owner: number, kind: SecretKind, keyIndex = 0): Map<number, Uint8Array> {
    const { batchContext } = this;
    const shares = new Map<number, Uint8Array>();
    const note = (body: Bodies['release']): void => {
      if (body.keyIndex !== keyIndex || body.batchContext.join() !== batchContext.join()) return;
      for (const share of body.shares) {
        if (share.owner === owner && share.kind === kind) shares.set(body.member, share.share);
      }
    };
    for (const { body } of this.all('release')) note(body);
    for (const id of this.colluders) {
      const choices = [{ owner, kind }];
      const effect = {
        kind: 'release',
        batchContext,
        roundContext: batchContext,
        keyIndex,
        choices,
        maskedSum: MASKED_SUM,
        summation: undefined,
      } as const;
      note(releaseFor(this.member(id).keeper, effect));
    }
    return shares;
  }

  /** The secret, where the shares that the attacker has give what the owner committed to. */
  secretOf(owner: number, kind: SecretKind, keyIndex = 0): Uint8Array | undefined {
    const { batchContext, everybody } = this;
    const advert = this.adverts().get(owner)?.body;
    const known = [...this.sharesOf(owner, kind, keyIndex)];
    const shares = known.map(([holder, share]) => ({ holder, point: everybody.indexOf(holder) + 1, share }));
    // Below the threshold it tries with what it has: Lagrange through fewer points.
    const threshold = Math.min(this.thresholds.threshold, shares.length);
    if (advert === undefined || threshold < 2) return undefined;
    const roundKey = existing(advert.roundKeys[keyIndex]);
    const commitment = existing(advert.selfSeedCommitments[keyIndex]);
    const secret = { owner: { member: owner, roundKey }, shares };
    const plan = planUnmask(crypto, {
      batchContext,
      roundContext: batchContext,
      keyIndex,
      threshold,
      survivors: kind === 'self' ? [{ ...secret, commitment }] : [],
      dropouts: kind === 'pair' ? [{ ...secret, neighbours: [] }] : [],
    });
    if (!plan.ok) return undefined;
    return combineShares(
      shares.map(({ point, share }) => ({ x: point, y: share })),
      threshold,
    );
  }

  /**
   * What is left of a member's upload when every mask is taken off that the attacker can compute: the member's
   * vector, where it knows enough.
   */
  attempt(victim: number, keyIndex = 0, roundContext: Uint8Array = this.roundContext): Int32Array {
    const words = this.#uploaded(victim, roundContext);
    const self = this.secretOf(victim, 'self', keyIndex);
    const pair = this.secretOf(victim, 'pair', keyIndex);
    const participants = this.all('upload-end')
      .filter(({ body }) => body.roundContext.join() === roundContext.join())
      .map(({ from }) => from);
    const partners = participants.filter((id) => id !== victim);
    const stand = new Uint8Array(32).fill(1);
    const own = this.#masks(victim, partners, keyIndex, roundContext, self ?? stand, pair ?? stand);
    if (self !== undefined) own.slice(0, 1).forEach((mask) => this.#add(mask, words, -1));
    if (pair !== undefined) {
      own.slice(1).forEach((mask) => this.#add(mask, words, -1));
    } else {
      for (const partner of partners) {
        const secret = this.#roundSecretOf(partner, keyIndex);
        if (secret === undefined) continue;
        const [, mask] = this.#masks(partner, [victim], keyIndex, roundContext, stand, secret);
        // The partner's side of a pair is what cancels the victim's.
        if (mask !== undefined) this.#add(mask, words, 1);
      }
    }
    liftWords(words, BITS);
    return words;
  }

  #roundSecretOf(member: number, keyIndex: number): Uint8Array | undefined {
    return this.colluders.has(member)
      ? this.member(member).keeper.store.get(this.batchContext)?.roundSecrets[keyIndex]
      : this.secretOf(member, 'pair', keyIndex);
  }

  #uploaded(member: number, roundContext: Uint8Array): Int32Array {
    const chunks = this.all('vector-chunk').filter(
      ({ from, body }) => from === member && body.roundContext.join() === roundContext.join(),
    );
    const words = new Int32Array(this.dimension);
    if (!unpackWords(Buffer.concat(chunks.map(({ body }) => body.bytes)), BITS, words)) {
      throw new Error(`member ${member} uploaded no vector`);
    }
    return words;
  }

  #masks(
    member: number,
    partners: readonly number[],
    keyIndex: number,
    roundContext: Uint8Array,
    selfSeed: Uint8Array,
    roundSecret: Uint8Array,
  ): Mask[] {
    const holderOf = (id: number): RoundKeyHolder => ({
      member: id,
      roundKey: existing(existing(this.adverts().get(id)).body.roundKeys[keyIndex]),
    });
    return masksOf({
      self: holderOf(member),
      partners: partners.map(holderOf),
      roundContext,
      selfSeed,
      roundSecret,
    });
  }

  #add(mask: Mask, words: Int32Array, sign: 1 | -1): void {
    unmaskWords(crypto, [{ key: mask.key, sign: mask.sign === sign ? 1 : -1 }], words, 0);
  }
}
