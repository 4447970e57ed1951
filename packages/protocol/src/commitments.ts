/** The commitments of a dealer: to its self seeds, and to every share it deals, each bound to its place. */
import { commit, type CryptoBackend, verifyCommitment } from '@tributary/crypto';
import type { ReleasedShare, SecretKind } from './messages/round.ts';
import { DOMAIN } from './version.ts';
import { CanonicalWriter } from './wire/canonical.ts';

const SHARE_LABEL = `${DOMAIN}/share`;

/** H(b_u), bound to batch, key index and owner. The seed is uniform, so the hash hides it without a salt. */
export function selfSeedCommitment(
  crypto: CryptoBackend,
  batchContext: Uint8Array,
  keyIndex: number,
  owner: number,
  selfSeed: Uint8Array,
): Uint8Array {
  const writer = new CanonicalWriter()
    .text(`${DOMAIN}/self-seed`)
    .bytes(batchContext)
    .integer(keyIndex)
    .integer(owner)
    .bytes(selfSeed);
  return crypto.sha256(writer.finish());
}

/** Position of a share in a dealer's list: self seed and round key of each key index in turn. */
export function slotNumber(keyIndex: number, kind: SecretKind): number {
  return 2 * keyIndex + (kind === 'self' ? 0 : 1);
}

const COMMITMENT_BYTES = 32;

/** Bytes of a dealer's commitments towards one holder: one for each slot, in their order. */
export function commitmentsLength(keyCount: number): number {
  return 2 * keyCount * COMMITMENT_BYTES;
}

/** Where a share belongs: a commitment to it opens nowhere else. */
export interface SharePlace {
  readonly batchContext: Uint8Array;
  readonly dealer: number;
  readonly holder: number;
  readonly slot: number;
}

function placed({ batchContext, dealer, holder, slot }: SharePlace, share: Uint8Array): Uint8Array {
  const writer = new CanonicalWriter().bytes(batchContext).integer(dealer).integer(holder).integer(slot);
  return writer.bytes(share).finish();
}

/** @param salt 32 bytes, used for this share alone */
export function commitToShare(
  crypto: CryptoBackend,
  place: SharePlace,
  salt: Uint8Array,
  share: Uint8Array,
): Uint8Array {
  return commit(crypto, SHARE_LABEL, salt, placed(place, share));
}

/**
 * Whether share and salt open the commitment of this place; false where the dealer made none.
 * @param commitments of the dealer towards the holder, one after the other
 */
export function opensShare(
  crypto: CryptoBackend,
  place: SharePlace,
  salt: Uint8Array,
  share: Uint8Array,
  commitments: Uint8Array,
): boolean {
  const at = place.slot * COMMITMENT_BYTES;
  const commitment = commitments.subarray(at, at + COMMITMENT_BYTES);
  return (
    commitment.length === COMMITMENT_BYTES &&
    verifyCommitment(crypto, commitment, SHARE_LABEL, salt, placed(place, share))
  );
}

/** Whether a released share is the one that its dealer committed to towards this holder. */
export function verifyReleasedShare(
  crypto: CryptoBackend,
  batchContext: Uint8Array,
  holder: number,
  keyIndex: number,
  released: ReleasedShare,
  commitments: Uint8Array,
): boolean {
  const { owner: dealer, kind, share, salt } = released;
  const slot = slotNumber(keyIndex, kind);
  return opensShare(crypto, { batchContext, dealer, holder, slot }, salt, share, commitments);
}
