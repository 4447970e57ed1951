/**
 * A generator of well-formed bodies for every kind of message: a new message does not compile without one.
 */
import fc, { type Arbitrary } from 'fast-check';
import type { Bodies, MessageKind } from '../messages/index.ts';
import type { Signed } from '../messages/setup.ts';
import { FIELD_BYTES } from '../summation/inner-product.ts';
import { MAX_DIMENSION, MAX_HOLDERS, MAX_KEY_COUNT } from '../messages/terms.ts';

const U16 = 65_535;
const U32 = 2 ** 32 - 1;

const bytes = (length: number): Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length });
const hash = bytes(32);
const signature = bytes(64);
const member = fc.nat({ max: U16 });
const u32 = fc.nat({ max: U32 });
const count = fc.oneof(fc.nat({ max: 1000 }), fc.maxSafeNat());
/** Any text with a UTF-8 form, from every plane. */
const text = (maxLength: number): Arbitrary<string> =>
  fc
    .string({ unit: 'binary', maxLength })
    .map((value) => value.slice(0, maxLength).replace(/\p{Surrogate}/gu, '?'));
const few = <T>(item: Arbitrary<T>): Arbitrary<T[]> => fc.array(item, { maxLength: 4 });

const signedBody = <T>(body: Arbitrary<T>): Arbitrary<Signed<T>> => fc.record({ body, signature });

const keyAdvert = fc.record({
  batchContext: hash,
  member,
  sealingKey: hash,
  roundKeys: few(hash),
  selfSeedCommitments: few(hash),
  drawCommitment: fc.constantFrom(new Uint8Array(0), new Uint8Array(32).fill(3)),
});

const drawReveal = fc.record({ batchContext: hash, member, drawDigest: hash, nonce: hash });

const sealedShares = fc.record({
  batchContext: hash,
  dealer: member,
  holder: member,
  sealed: fc.uint8Array({ minLength: 16, maxLength: 300 }),
  commitments: fc.uint8Array({ maxLength: 300 }),
});

const complaint = fc.record({ batchContext: hash, member, dealer: member });

const openedShares = fc.record({
  batchContext: hash,
  member,
  holder: member,
  payload: fc.uint8Array({ maxLength: 256 }),
});

const signatures = few(fc.record({ member, signature }));

const auditHead = fc.record({ size: count, root: hash, time: count, signature });
const deadlines = fc.record({ setup: u32, ready: u32, maskedInput: u32, consistency: u32, unmask: u32 });

const roundTerms = fc.record({
  batchContext: hash,
  keyIndex: fc.nat({ max: MAX_KEY_COUNT }),
  round: u32,
  attempt: u32,
  step: text(64),
  planHash: hash,
  modelHash: hash,
  dimension: fc.nat({ max: MAX_DIMENSION }),
  bits: fc.nat({ max: 32 }),
  inputBound: count,
  noiseMargin: count,
  encoding: fc.record({ scale: u32, normBound: count, coordinateBound: count, maxRecords: u32 }),
  privacy: fc.uint8Array({ maxLength: 200 }),
  deadlines,
  logHead: hash,
  auditHead,
});

const release = fc.record({
  batchContext: hash,
  keyIndex: fc.nat({ max: MAX_KEY_COUNT }),
  roundContext: hash,
  member,
  shares: few(
    fc.record({
      owner: member,
      kind: fc.constantFrom('self' as const, 'pair' as const),
      share: hash,
      salt: hash,
    }),
  ),
  maskedSum: hash,
  innerProduct: fc.uint8Array({ maxLength: FIELD_BYTES }),
});

export const ARBITRARY_BODIES: { readonly [K in MessageKind]: Arbitrary<Bodies[K]> } = {
  challenge: fc.record({ federation: text(64), nonce: hash }),
  hello: fc.record({
    federation: text(64),
    member,
    rosterRoot: hash,
    oldestVersion: member,
    newestVersion: member,
    knownSums: member,
    challenge: hash,
    nonce: hash,
  }),
  welcome: fc.record({ nonce: hash, version: member, manifest: text(2000), openedSums: member }),
  'batch-start': fc.record({
    protocolVersion: u32,
    federation: text(64),
    run: hash,
    batch: u32,
    rosterRoot: hash,
    cohort: few(member),
    graph: fc.constantFrom('complete' as const, 'harary' as const),
    organisationCap: fc.nat({ max: MAX_HOLDERS }),
    committee: few(member),
    threshold: fc.nat({ max: MAX_HOLDERS }),
    holders: fc.nat({ max: MAX_HOLDERS }),
    colluders: fc.nat({ max: MAX_HOLDERS }),
    minCohort: member,
    minSurvivors: member,
    keyCount: fc.nat({ max: MAX_KEY_COUNT }),
    maxAttempts: fc.nat({ max: MAX_KEY_COUNT }),
  }),
  'key-advert': keyAdvert,
  'draw-request': fc.record({ batchContext: hash, members: few(member), commitments: few(hash) }),
  'draw-reveal': drawReveal,
  'key-roster': fc.record({
    batchContext: hash,
    members: few(member),
    reveals: few(signedBody(drawReveal)),
    adverts: few(signedBody(keyAdvert)),
  }),
  complaint,
  'relayed-complaint': fc.record({ complaint: signedBody(complaint) }),
  'opened-shares': openedShares,
  'relayed-shares': fc.record({ opened: signedBody(openedShares) }),
  'dealt-shares': fc.record({
    batchContext: hash,
    member,
    boxes: few(signedBody(sealedShares)),
    ownCommitments: fc.uint8Array({ maxLength: 300 }),
  }),
  'held-shares': fc.record({ batchContext: hash, boxes: few(signedBody(sealedShares)) }),
  'round-announce': fc.record({ terms: roundTerms, promises: signatures }),
  ready: fc.record({ termsDigest: hash, member, nonce: hash }),
  refusal: fc.record({ member, round: u32, code: text(32), detail: text(400) }),
  'round-start': fc.record({
    termsDigest: hash,
    ready: few(fc.record({ member, nonce: hash, signature })),
  }),
  'vector-chunk': fc.record({
    roundContext: hash,
    sequence: u32,
    bytes: fc.uint8Array({ minLength: 1, maxLength: 200 }),
  }),
  'upload-end': fc.record({ roundContext: hash, member, length: u32, digest: hash }),
  survivors: fc.record({
    roundContext: hash,
    uploads: few(fc.record({ member, digest: hash, signature })),
  }),
  'survivors-signature': fc.record({ roundContext: hash, member, survivorsDigest: hash }),
  'unmask-request': fc.record({
    roundContext: hash,
    survivorsDigest: hash,
    signatures,
    maskedSum: hash,
  }),
  release,
  'round-result': fc.record({
    roundContext: hash,
    round: u32,
    attempt: u32,
    survivors: few(member),
    survivorsDigest: hash,
    length: u32,
    digest: hash,
    proof: fc.record({
      batchContext: hash,
      keyIndex: fc.nat({ max: MAX_KEY_COUNT }),
      step: text(64),
      deadlines,
      auditHead,
      readyDigest: hash,
      uploadsDigest: hash,
      signatures,
    }),
  }),
  'round-aborted': fc.record({
    batchContext: hash,
    keyIndex: fc.nat({ max: MAX_KEY_COUNT }),
    phase: text(32),
    code: text(32),
    detail: text(400),
    asks: fc.constantFrom('nothing' as const, 'promise' as const),
  }),
  'nothing-released': fc.record({ batchContext: hash, keyIndex: fc.nat({ max: MAX_KEY_COUNT }), member }),
  evidence: fc.record({
    proof: fc.constantFrom('bad-share' as const, 'bad-dealer' as const, 'bad-opening' as const),
    batchContext: hash,
    boxes: few(signedBody(sealedShares)),
    releases: few(signedBody(release)),
    adverts: fc.array(signedBody(keyAdvert), { maxLength: 1 }),
    openings: fc.array(signedBody(openedShares), { maxLength: 1 }),
  }),
  'run-ended': fc.record({
    run: hash,
    outcome: text(32),
    detail: text(400),
    rounds: member,
    logHead: hash,
    auditHead,
  }),
};

/** Bodies of one kind, where the kind is known only at run time. */
export function anyBody(kind: MessageKind): Arbitrary<Bodies[MessageKind]> {
  return ARBITRARY_BODIES[kind];
}

/** One body of a kind, always the same. */
export function someBody(kind: MessageKind): Bodies[MessageKind] {
  const [body] = fc.sample(anyBody(kind), { numRuns: 1, seed: 1 });
  if (body === undefined) throw new Error(`no ${kind} was generated`);
  return body;
}

export const MESSAGE_KINDS = Object.keys(ARBITRARY_BODIES) as MessageKind[];
