/**
 * Opening a sum: reconstruct the self seeds of survivors and the round keys of dropouts, check each against
 * what its dealer committed to, and take their masks off the accumulated words.
 */
import { combineShares, type CryptoBackend, equalBytes, wipe } from '@tributary/crypto';
import { selfSeedCommitment } from '../commitments.ts';
import { applyMasks, type Mask, pairMask, type RoundKeyHolder, selfMaskKey } from '../masks.ts';

export interface PointShare {
  /** Who released it. */
  readonly holder: number;
  /** x */
  readonly point: number;
  readonly share: Uint8Array;
}

export interface OwnerShares {
  readonly owner: RoundKeyHolder;
  readonly shares: readonly PointShare[];
}

export interface UnmaskRequestForKernel {
  readonly batchContext: Uint8Array;
  readonly roundContext: Uint8Array;
  readonly keyIndex: number;
  readonly threshold: number;
  /** Shares of self seeds, with H(b_u). */
  readonly survivors: readonly (OwnerShares & { readonly commitment: Uint8Array })[];
  /** Shares of round keys, and which survivors share a mask with the dropout. */
  readonly dropouts: readonly (OwnerShares & { readonly neighbours: readonly number[] })[];
}

export type UnmaskPlan =
  | { readonly ok: true; readonly masks: readonly Mask[] }
  | { readonly ok: false; readonly badDealers: readonly number[] };

/**
 * The masks to take off, or the dealers whose shares do not give what they committed to.
 * @throws CryptoError BELOW_THRESHOLD where an owner has fewer than `threshold` shares
 */
export function planUnmask(crypto: CryptoBackend, request: UnmaskRequestForKernel): UnmaskPlan {
  const { batchContext, roundContext, keyIndex, threshold, survivors, dropouts } = request;
  const masks: Mask[] = [];
  const badDealers: number[] = [];
  for (const { owner, shares, commitment } of survivors) {
    const seed = reconstruct(shares, threshold);
    if (equalBytes(selfSeedCommitment(crypto, batchContext, keyIndex, owner.member, seed), commitment)) {
      masks.push({ key: selfMaskKey(crypto, roundContext, owner.member, seed), sign: -1 });
    } else {
      badDealers.push(owner.member);
    }
    wipe(seed);
  }
  for (const { owner, shares, neighbours } of dropouts) {
    const paired = new Set(neighbours);
    const secret = reconstruct(shares, threshold);
    if (equalBytes(crypto.x25519PublicKey(secret), owner.roundKey)) {
      const agree = crypto.x25519(secret);
      for (const survivor of survivors) {
        if (!paired.has(survivor.owner.member)) continue;
        // The dropout's side of the pair is what is missing from the sum: adding it cancels the survivor's
        // side.
        const mask = pairMask(crypto, roundContext, agree, owner, survivor.owner);
        if (mask !== undefined) masks.push(mask);
      }
    } else {
      badDealers.push(owner.member);
    }
    wipe(secret);
  }
  if (badDealers.length === 0) return { ok: true, masks };
  wipe(...masks.map(({ key }) => key));
  return { ok: false, badDealers };
}

function reconstruct(shares: readonly PointShare[], threshold: number): Uint8Array {
  return combineShares(
    shares.slice(0, threshold).map(({ point, share }) => ({ x: point, y: share })),
    threshold,
  );
}

/** Takes the masks off `words` (at `firstWord` of the vector). */
export function unmaskWords(
  crypto: CryptoBackend,
  masks: readonly Mask[],
  words: Int32Array,
  firstWord: number,
): void {
  applyMasks(crypto, masks, words, firstWord);
}
