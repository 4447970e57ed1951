/**
 * What a member keeps for one batch, and the pure functions that make, deal, open and release it. These are
 * the only functions that touch secrets of a batch; the state machine asks for them by effects and sees
 * public results alone.
 */
import { concatBytes, type CryptoBackend, type KeyAgreement, splitSecret, wipe } from '@tributary/crypto';
import { commitToShare, opensShare, selfSeedCommitment, slotNumber } from '../commitments.ts';
import { drawCommitment } from '../draw.ts';
import { ProtocolError } from '../errors.ts';
import type { ReleasedShare, SecretKind } from '../messages/round.ts';
import type { KeyAdvert, SealedShares, Signed } from '../messages/setup.ts';
import { DOMAIN } from '../version.ts';
import { CanonicalWriter } from '../wire/canonical.ts';
import { payloadSlots, SALT_BYTES, SHARE_BYTES, type Slot, SLOT_BYTES } from './share-payload.ts';

/**
 * Fresh random bytes from a CSPRNG: an argument, so that protocol code stays pure and vectors reproducible.
 */
export type RandomBytes = (length: number) => Uint8Array;

const ZERO_NONCE = new Uint8Array(12);

/** Secrets of one member for one batch. Deleted when the batch closes: no later round can use them. */
export interface BatchSecrets {
  /** c_u, X25519 */
  readonly sealingSecret: Uint8Array;
  /** e_u, X25519, one per key index */
  readonly roundSecrets: readonly Uint8Array[];
  /** b_u, one per key index */
  readonly selfSeeds: readonly Uint8Array[];
  /**
   * Shares by dealer, the member's own among them: for each key index share and salt of the self seed, then
   * of the round key.
   */
  readonly held: ReadonlyMap<number, Uint8Array>;
  /** What was dealt to each other holder, to deal it again unchanged or to answer a complaint. */
  readonly dealt: ReadonlyMap<number, Uint8Array>;
  /** The nonce of a member of the committee. */
  readonly drawNonce: Uint8Array;
}

export function generateBatchSecrets(random: RandomBytes, keyCount: number): BatchSecrets {
  const secrets = (): Uint8Array[] => Array.from({ length: keyCount }, () => random(32));
  return {
    sealingSecret: random(32),
    roundSecrets: secrets(),
    selfSeeds: secrets(),
    held: new Map(),
    dealt: new Map(),
    drawNonce: random(32),
  };
}

export function advertiseKeys(
  crypto: CryptoBackend,
  batchContext: Uint8Array,
  member: number,
  secrets: BatchSecrets,
  draws: boolean,
): KeyAdvert {
  return {
    batchContext,
    member,
    sealingKey: crypto.x25519PublicKey(secrets.sealingSecret),
    roundKeys: secrets.roundSecrets.map((secret) => crypto.x25519PublicKey(secret)),
    selfSeedCommitments: secrets.selfSeeds.map((seed, i) =>
      selfSeedCommitment(crypto, batchContext, i, member, seed),
    ),
    drawCommitment: draws
      ? drawCommitment(crypto, batchContext, member, secrets.drawNonce)
      : new Uint8Array(0),
  };
}

/** A holder and its point on the sharing polynomials. */
export interface Holder {
  readonly member: number;
  /** x, 1..255 */
  readonly point: number;
  readonly sealingKey: Uint8Array;
}

export interface Deal {
  readonly batchContext: Uint8Array;
  readonly dealer: number;
  readonly threshold: number;
  /** Number of points of the sharing: H. */
  readonly holders: number;
  /** Who is there to receive, the dealer among them where it is its own holder. */
  readonly recipients: readonly Holder[];
}

export interface DealResult {
  /** Unsigned, one for each recipient but the dealer. */
  readonly boxes: readonly SealedShares[];
  /** To the shares the dealer keeps; empty where it keeps none. */
  readonly ownCommitments: Uint8Array;
  /** With the dealer's own shares. */
  readonly secrets: BatchSecrets;
}

/**
 * Splits every secret of the batch and seals each holder's shares. A deal that was made before is sealed
 * again as it was: a second sharing of one secret would give two shares to each holder.
 */
export function dealShares(
  crypto: CryptoBackend,
  random: RandomBytes,
  deal: Deal,
  secrets: BatchSecrets,
): DealResult {
  const held = new Map(secrets.held);
  const dealt = new Map(secrets.dealt);
  if (dealt.size === 0) {
    for (const [{ member }, payload] of splitSecrets(random, deal, secrets)) {
      (member === deal.dealer ? held : dealt).set(member, payload);
    }
  }
  const boxes: SealedShares[] = [];
  const agree = crypto.x25519(secrets.sealingSecret);
  for (const { member, sealingKey } of deal.recipients) {
    const payload = dealt.get(member);
    if (payload === undefined) continue;
    boxes.push(sealPayload(crypto, deal, member, sealingKey, agree, payload));
  }
  const own = held.get(deal.dealer);
  const ownCommitments =
    own === undefined ? new Uint8Array(0) : commitToSlots(crypto, deal, deal.dealer, own);
  return { boxes, ownCommitments, secrets: { ...secrets, held, dealt } };
}

/** For each recipient its shares of all secrets, each followed by its salt. */
function splitSecrets(random: RandomBytes, deal: Deal, secrets: BatchSecrets): Map<Holder, Uint8Array> {
  const { recipients, threshold, holders } = deal;
  const inOrder = secrets.selfSeeds.flatMap((seed, i) => [seed, secrets.roundSecrets[i] as Uint8Array]);
  const payloads = new Map(
    recipients.map((recipient) => [recipient, new Uint8Array(inOrder.length * SLOT_BYTES)]),
  );
  inOrder.forEach((secret, slot) => {
    const coefficients = random((threshold - 1) * SHARE_BYTES);
    const shares = splitSecret(secret, threshold, holders, coefficients);
    for (const [{ point }, payload] of payloads) {
      const share = shares[point - 1];
      if (share === undefined) throw new ProtocolError('INVARIANT', `no share at point ${point}`);
      payload.set(share.y, slot * SLOT_BYTES);
      payload.set(random(SALT_BYTES), slot * SLOT_BYTES + SHARE_BYTES);
    }
    wipe(coefficients, ...shares.map(({ y }) => y));
  });
  return payloads;
}

function sealPayload(
  crypto: CryptoBackend,
  deal: Deal,
  holder: number,
  sealingKey: Uint8Array,
  agree: KeyAgreement,
  payload: Uint8Array,
): SealedShares {
  const { batchContext, dealer } = deal;
  const key = sealKey(crypto, batchContext, dealer, holder, agree, sealingKey);
  if (key === undefined) {
    throw new ProtocolError('INVARIANT', `sealing key of member ${holder} is of small order`);
  }
  const sealed = crypto.seal(key, ZERO_NONCE, sealData(batchContext, dealer, holder), payload);
  wipe(key);
  return { batchContext, dealer, holder, sealed, commitments: commitToSlots(crypto, deal, holder, payload) };
}

function commitToSlots(crypto: CryptoBackend, deal: Deal, holder: number, payload: Uint8Array): Uint8Array {
  const { batchContext, dealer } = deal;
  return concatBytes(
    ...slots(payload).map(({ share, salt }, slot) =>
      commitToShare(crypto, { batchContext, dealer, holder, slot }, salt, share),
    ),
  );
}

/**
 * One key per direction and batch, so the nonce is constant. Undefined where the peer's key is of small
 * order.
 */
function sealKey(
  crypto: CryptoBackend,
  batchContext: Uint8Array,
  dealer: number,
  holder: number,
  agree: KeyAgreement,
  peerKey: Uint8Array,
): Uint8Array | undefined {
  const shared = agree(peerKey);
  if (shared === undefined) return undefined;
  const info = new CanonicalWriter().text(`${DOMAIN}/share-aead`).integer(dealer).integer(holder).finish();
  const key = crypto.hkdfSha256(shared, batchContext, info, 32);
  wipe(shared);
  return key;
}

function sealData(batchContext: Uint8Array, dealer: number, holder: number): Uint8Array {
  return new CanonicalWriter()
    .text(`${DOMAIN}/share-aead-data`)
    .bytes(batchContext)
    .integer(dealer)
    .integer(holder)
    .finish();
}

function slots(payload: Uint8Array): Slot[] {
  const whole = payloadSlots(payload);
  if (whole === undefined) throw new ProtocolError('INVARIANT', 'a payload is not of whole slots');
  return whole;
}

/** A box as it was relayed, and the dealer's sealing key. */
export interface DealtBox {
  readonly box: Signed<SealedShares>;
  readonly dealerKey: Uint8Array;
}

/**
 * Opens the boxes that were dealt to `holder` and checks every share against its commitment.
 * @returns the secrets with the good dealers' shares, and the boxes that do not open as committed
 */
export function openHeldShares(
  crypto: CryptoBackend,
  holder: number,
  secrets: BatchSecrets,
  boxes: readonly DealtBox[],
): { readonly secrets: BatchSecrets; readonly badBoxes: readonly Signed<SealedShares>[] } {
  const held = new Map(secrets.held);
  const badBoxes: Signed<SealedShares>[] = [];
  const agree = crypto.x25519(secrets.sealingSecret);
  const length = secrets.roundSecrets.length * 2 * SLOT_BYTES;
  for (const { box, dealerKey } of boxes) {
    const payload = openBox(crypto, holder, agree, box.body, dealerKey, length);
    if (payload === undefined) badBoxes.push(box);
    else held.set(box.body.dealer, payload);
  }
  return { secrets: { ...secrets, held }, badBoxes };
}

function openBox(
  crypto: CryptoBackend,
  holder: number,
  agree: KeyAgreement,
  box: SealedShares,
  dealerKey: Uint8Array,
  length: number,
): Uint8Array | undefined {
  const { batchContext, dealer, commitments } = box;
  const key = sealKey(crypto, batchContext, dealer, holder, agree, dealerKey);
  if (key === undefined) return undefined;
  const payload = crypto.open(key, ZERO_NONCE, sealData(batchContext, dealer, holder), box.sealed);
  wipe(key);
  if (payload?.length !== length) return undefined;
  const good = slots(payload).every(({ share, salt }, slot) =>
    opensShare(crypto, { batchContext, dealer, holder, slot }, salt, share, commitments),
  );
  return good ? payload : undefined;
}

/**
 * The shares to hand out for the given choices; an owner whose shares the member does not hold is left out.
 */
export function releaseShares(
  secrets: BatchSecrets,
  keyIndex: number,
  choices: readonly { readonly owner: number; readonly kind: SecretKind }[],
): ReleasedShare[] {
  const shares: ReleasedShare[] = [];
  for (const { owner, kind } of choices) {
    const payload = secrets.held.get(owner);
    if (payload === undefined) continue;
    const start = slotNumber(keyIndex, kind) * SLOT_BYTES;
    shares.push({
      owner,
      kind,
      share: payload.slice(start, start + SHARE_BYTES),
      salt: payload.slice(start + SHARE_BYTES, start + SLOT_BYTES),
    });
  }
  return shares;
}

/** Overwrites everything; best effort, as JavaScript cannot promise more. */
export function wipeBatchSecrets(secrets: BatchSecrets): void {
  const { sealingSecret, roundSecrets, selfSeeds, held, dealt, drawNonce } = secrets;
  wipe(sealingSecret, ...roundSecrets, ...selfSeeds, ...held.values(), ...dealt.values(), drawNonce);
}
