/**
 * Proof that somebody cheated, in the cheat's own signed words, which anyone with the roster can check. A
 * member that keeps silent leaves no proof; it is merely dropped.
 */
import { combineShares, type CryptoBackend, equalBytes, wipe } from '@tributary/crypto';
import { commitmentsLength, opensShare, selfSeedCommitment, verifyReleasedShare } from './commitments.ts';
import { auditHeadShape, headConflict, type SignedTreeHead, verifyHead } from './audit-head.ts';
import { payloadSlots } from './client/share-payload.ts';
import { type MemberEvidence, memberEvidenceShape } from './messages/evidence.ts';
import type { Release, SecretKind } from './messages/round.ts';
import type { SealedShares, Signed } from './messages/setup.ts';
import { sameBytes } from './public-bytes.ts';
import type { Roster } from './roster.ts';
import { statementBytes, verifyMessage, verifySealedShares } from './signing.ts';
import { DOMAIN } from './version.ts';
import { CanonicalWriter } from './wire/canonical.ts';

/** One survivor set that a coordinator signed, by its digest. */
export interface SignedSurvivors {
  readonly kind: 'survivors' | 'unmask-request';
  readonly survivorsDigest: Uint8Array;
  /** Of a request; empty with a survivor set. */
  readonly maskedSum: Uint8Array;
  readonly signature: Uint8Array;
}

/** The coordinator signed two survivor sets for one round, or asked to open one set for two masked sums. */
export interface TwoSurvivorSets {
  readonly proof: 'two-survivor-sets';
  readonly roundContext: Uint8Array;
  readonly sets: readonly [SignedSurvivors, SignedSurvivors];
}

/** The coordinator signed two heads of one size for its audit log: no log has both. */
export interface ForkedLog {
  readonly proof: 'forked-log';
  readonly heads: readonly [SignedTreeHead, SignedTreeHead];
}

export type CoordinatorEvidence = TwoSurvivorSets | ForkedLog;

export type Evidence = CoordinatorEvidence | MemberEvidence;

/** Canonical bytes of evidence, to be kept or handed on. */
export function encodeEvidence(evidence: Evidence): Uint8Array {
  const writer = new CanonicalWriter().text(`${DOMAIN}/evidence`).text(evidence.proof);
  if (evidence.proof === 'two-survivor-sets') {
    writer.bytes(evidence.roundContext);
    for (const { kind, survivorsDigest, maskedSum, signature } of evidence.sets) {
      writer.text(kind).bytes(survivorsDigest).bytes(maskedSum).bytes(signature);
    }
  } else if (evidence.proof === 'forked-log') {
    for (const { run, ...head } of evidence.heads) {
      writer.bytes(run);
      auditHeadShape.write(head, writer);
    }
  } else {
    memberEvidenceShape.write(evidence, writer);
  }
  return writer.finish();
}

/** What the evidence is judged by: public facts that every member of the batch has. */
export interface EvidenceContext {
  readonly roster: Roster;
  readonly batchContext: Uint8Array;
  readonly threshold: number;
  readonly keyCount: number;
  /** Point of a holder on an owner's polynomials; undefined where it holds none of its shares. */
  readonly pointOf: (owner: number, holder: number) => number | undefined;
}

/** Whether the coordinator signed two different survivor sets for one round, or two masked sums for one set. */
export function provesTwoSurvivorSets(
  crypto: CryptoBackend,
  coordinatorKey: Uint8Array,
  { roundContext, sets }: TwoSurvivorSets,
): boolean {
  const signed = sets.every(({ kind, survivorsDigest, maskedSum, signature }) =>
    crypto.ed25519Verify(
      coordinatorKey,
      statementBytes(kind, roundContext, survivorsDigest, maskedSum),
      signature,
    ),
  );
  const [first, second] = sets;
  const requests = first.kind === 'unmask-request' && second.kind === 'unmask-request';
  const different =
    !sameBytes(first.survivorsDigest, second.survivorsDigest) ||
    (requests && !sameBytes(first.maskedSum, second.maskedSum));
  return signed && different;
}

/** Whether the coordinator signed two heads of one size, for one run, over different logs. */
export function provesForkedLog(
  crypto: CryptoBackend,
  coordinatorKey: Uint8Array,
  { heads: [first, second] }: ForkedLog,
): boolean {
  return (
    sameBytes(first.run, second.run) &&
    headConflict(first, second) === 'forked' &&
    verifyHead(crypto, coordinatorKey, first) &&
    verifyHead(crypto, coordinatorKey, second)
  );
}

/** The member that the evidence proves to have cheated, or undefined where it proves nothing. */
export function provenCulprit(
  crypto: CryptoBackend,
  context: EvidenceContext,
  evidence: MemberEvidence,
): number | undefined {
  if (!sameBytes(evidence.batchContext, context.batchContext)) return undefined;
  if (!evidence.boxes.every((box) => boxIsSigned(crypto, context, box))) return undefined;
  switch (evidence.proof) {
    case 'bad-share':
      return badShareHolder(crypto, context, evidence);
    case 'bad-dealer':
      return badDealer(crypto, context, evidence);
    case 'bad-opening':
      return badOpener(crypto, context, evidence);
  }
}

function boxIsSigned(
  crypto: CryptoBackend,
  { roster, batchContext, keyCount }: EvidenceContext,
  { body, signature }: Signed<SealedShares>,
): boolean {
  const dealer = roster.members[body.dealer];
  return (
    dealer !== undefined &&
    sameBytes(body.batchContext, batchContext) &&
    body.commitments.length === commitmentsLength(keyCount) &&
    verifySealedShares(crypto, dealer.publicKey, body, signature)
  );
}

function releaseIsSigned(
  crypto: CryptoBackend,
  { roster, batchContext, keyCount }: EvidenceContext,
  { body, signature }: Signed<Release>,
): boolean {
  const holder = roster.members[body.member];
  return (
    holder !== undefined &&
    body.keyIndex < keyCount &&
    sameBytes(body.batchContext, batchContext) &&
    verifyMessage(crypto, holder.publicKey, 'release', body, signature)
  );
}

/** One release with a share that does not open the commitment in the dealer's box for this holder. */
function badShareHolder(
  crypto: CryptoBackend,
  context: EvidenceContext,
  { boxes, releases }: MemberEvidence,
): number | undefined {
  const [box, ...otherBoxes] = boxes;
  const [release, ...otherReleases] = releases;
  if (box === undefined || release === undefined || otherBoxes.length + otherReleases.length > 0) {
    return undefined;
  }
  if (box.body.holder !== release.body.member || !releaseIsSigned(crypto, context, release)) return undefined;
  const wrong = release.body.shares.some(
    (share) =>
      share.owner === box.body.dealer &&
      !verifyReleasedShare(
        crypto,
        context.batchContext,
        box.body.holder,
        release.body.keyIndex,
        share,
        box.body.commitments,
      ),
  );
  return wrong ? release.body.member : undefined;
}

/** Shares of t holders, all as committed, that give another secret than the dealer advertised. */
function badDealer(
  crypto: CryptoBackend,
  context: EvidenceContext,
  { boxes, releases, adverts }: MemberEvidence,
): number | undefined {
  const [advert, ...otherAdverts] = adverts;
  const dealer = advert?.body.member;
  const publicKey = dealer === undefined ? undefined : context.roster.members[dealer]?.publicKey;
  const first = releases[0];
  if (advert === undefined || dealer === undefined || publicKey === undefined || first === undefined) {
    return undefined;
  }
  const { keyIndex } = first.body;
  const kind = first.body.shares.find(({ owner }) => owner === dealer)?.kind;
  const enough = boxes.length === context.threshold && releases.length === context.threshold;
  if (!enough || otherAdverts.length > 0 || kind === undefined) return undefined;
  if (
    !sameBytes(advert.body.batchContext, context.batchContext) ||
    !verifyMessage(crypto, publicKey, 'key-advert', advert.body, advert.signature)
  ) {
    return undefined;
  }
  const points = new Map<number, Uint8Array>();
  for (const [i, release] of releases.entries()) {
    const box = boxes[i] as Signed<SealedShares>;
    const { member: holder, shares, keyIndex: index } = release.body;
    const share = shares.find(({ owner }) => owner === dealer);
    const point = context.pointOf(dealer, holder);
    if (
      share?.kind !== kind ||
      point === undefined ||
      index !== keyIndex ||
      box.body.dealer !== dealer ||
      box.body.holder !== holder ||
      !releaseIsSigned(crypto, context, release) ||
      !verifyReleasedShare(crypto, context.batchContext, holder, keyIndex, share, box.body.commitments)
    ) {
      return undefined;
    }
    points.set(point, share.share);
  }
  if (points.size !== context.threshold) return undefined;
  const secret = combineShares(
    [...points].map(([x, y]) => ({ x, y })),
    context.threshold,
  );
  const kept = keepsCommitment(crypto, context.batchContext, dealer, keyIndex, kind, secret, advert.body);
  wipe(secret);
  return kept ? undefined : dealer;
}

function keepsCommitment(
  crypto: CryptoBackend,
  batchContext: Uint8Array,
  dealer: number,
  keyIndex: number,
  kind: SecretKind,
  secret: Uint8Array,
  advert: {
    readonly roundKeys: readonly Uint8Array[];
    readonly selfSeedCommitments: readonly Uint8Array[];
  },
): boolean {
  const committed = kind === 'self' ? advert.selfSeedCommitments[keyIndex] : advert.roundKeys[keyIndex];
  if (committed === undefined) return false;
  const given =
    kind === 'self'
      ? selfSeedCommitment(crypto, batchContext, keyIndex, dealer, secret)
      : crypto.x25519PublicKey(secret);
  return equalBytes(given, committed);
}

/** An answer to a complaint that does not open what the dealer committed to in the holder's box. */
function badOpener(
  crypto: CryptoBackend,
  context: EvidenceContext,
  { boxes, openings }: MemberEvidence,
): number | undefined {
  const [box] = boxes;
  const [opening] = openings;
  if (box === undefined || opening === undefined) return undefined;
  const { batchContext, member: dealer, holder, payload } = opening.body;
  const publicKey = context.roster.members[dealer]?.publicKey;
  if (
    publicKey === undefined ||
    box.body.dealer !== dealer ||
    box.body.holder !== holder ||
    !sameBytes(batchContext, context.batchContext) ||
    !verifyMessage(crypto, publicKey, 'opened-shares', opening.body, opening.signature)
  ) {
    return undefined;
  }
  return opensBox(crypto, box.body, payload) ? undefined : dealer;
}

/** Whether shares in the open are those that the dealer committed to in a box. */
export function opensBox(
  crypto: CryptoBackend,
  { batchContext, dealer, holder, commitments }: SealedShares,
  payload: Uint8Array,
): boolean {
  const slots = payloadSlots(payload);
  return (
    slots !== undefined &&
    commitments.length === commitmentsLength(slots.length / 2) &&
    slots.every(({ share, salt }, slot) =>
      opensShare(crypto, { batchContext, dealer, holder, slot }, salt, share, commitments),
    )
  );
}
