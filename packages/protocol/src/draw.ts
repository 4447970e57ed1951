/**
 * Public randomness that nobody chooses: each member of a committee commits to a nonce in its key advert and
 * reveals it when U1 and all commitments are fixed. With one honest organisation in the committee the draw is
 * uniform; a missing reveal voids it, so whoever dislikes a draw can only have the batch begun anew, and
 * members count that.
 *
 * @source Blum 1981 (coin flipping by commitments); Bell et al. 2020, section 4.3 (who may choose the graph)
 */
import type { CryptoBackend } from '@tributary/crypto';
import { DOMAIN } from './version.ts';
import { CanonicalWriter } from './wire/canonical.ts';

/** The nonce is uniform, so the hash hides it without a salt. */
export function drawCommitment(
  crypto: CryptoBackend,
  batchContext: Uint8Array,
  member: number,
  nonce: Uint8Array,
): Uint8Array {
  const writer = new CanonicalWriter().text(`${DOMAIN}/draw-commitment`).bytes(batchContext).integer(member);
  return crypto.sha256(writer.bytes(nonce).finish());
}

/**
 * Digest of U1 and of every commitment: what a nonce is given for. Without the commitments, a member of the
 * committee that has seen the other nonces could still choose its own.
 * @param members ascending
 * @param commitments of the whole committee, ascending by member
 */
export function drawDigest(
  crypto: CryptoBackend,
  batchContext: Uint8Array,
  members: readonly number[],
  commitments: readonly Uint8Array[],
): Uint8Array {
  const writer = new CanonicalWriter().text(`${DOMAIN}/draw-basis`).bytes(batchContext).count(members.length);
  for (const member of members) writer.integer(member);
  writer.count(commitments.length);
  for (const commitment of commitments) writer.bytes(commitment);
  return crypto.sha256(writer.finish());
}

/** @param nonces of the whole committee, ascending by member */
export function drawOf(
  crypto: CryptoBackend,
  digest: Uint8Array,
  nonces: readonly { readonly member: number; readonly nonce: Uint8Array }[],
): Uint8Array {
  const writer = new CanonicalWriter().text(`${DOMAIN}/draw`).bytes(digest).count(nonces.length);
  for (const { member, nonce } of nonces) writer.integer(member).bytes(nonce);
  return crypto.sha256(writer.finish());
}

/** The draw of a batch without a committee: it needs no randomness. */
export const NO_DRAW: Uint8Array = new Uint8Array(0);
