/**
 * The key schedule of masks. A pairwise mask key comes from the X25519 secret of two members' round keys, a
 * self mask key from a member's self seed; both are bound to the round context by the salt, so other terms or
 * nonces give other masks.
 *
 * @source Bonawitz et al. 2017, section 4 (double masking); HKDF with full context instead of their bare PRG
 *   seeds
 */
import { addKeystreams, type CryptoBackend, type KeyAgreement, wipe } from '@tributary/crypto';
import { DOMAIN } from './version.ts';
import { CanonicalWriter } from './wire/canonical.ts';

/** A keystream to add to, or subtract from, a vector of words. */
export interface Mask {
  /** AES-256 key, used for this one mask. */
  readonly key: Uint8Array;
  readonly sign: 1 | -1;
}

export function selfMaskKey(
  crypto: CryptoBackend,
  roundContext: Uint8Array,
  member: number,
  selfSeed: Uint8Array,
): Uint8Array {
  const info = new CanonicalWriter().text(`${DOMAIN}/self-mask`).integer(member).finish();
  return crypto.hkdfSha256(selfSeed, roundContext, info, 32);
}

/** A member of a pair with its public round key E. */
export interface RoundKeyHolder {
  readonly member: number;
  readonly roundKey: Uint8Array;
}

/**
 * The mask that `own` adds for its pair with `peer`: the lower member adds, the higher subtracts.
 * @param agree X25519 with the round secret of `own`
 * @returns undefined where the peer's key is of small order
 */
export function pairMask(
  crypto: CryptoBackend,
  roundContext: Uint8Array,
  agree: KeyAgreement,
  own: RoundKeyHolder,
  peer: RoundKeyHolder,
): Mask | undefined {
  const shared = agree(peer.roundKey);
  if (shared === undefined) return undefined;
  const [low, high] = own.member < peer.member ? [own, peer] : [peer, own];
  const info = new CanonicalWriter()
    .text(`${DOMAIN}/pair-mask`)
    .integer(low.member)
    .integer(high.member)
    .bytes(low.roundKey)
    .bytes(high.roundKey)
    .finish();
  const key = crypto.hkdfSha256(shared, roundContext, info, 32);
  wipe(shared);
  return { key, sign: own.member < peer.member ? 1 : -1 };
}

/** Adds `masks` to `words`, which stand at `firstWord` of the vector (a multiple of 4). */
export function applyMasks(
  crypto: CryptoBackend,
  masks: readonly Mask[],
  words: Int32Array,
  firstWord: number,
): void {
  addKeystreams(crypto, masks, words, firstWord);
}
