export type { CryptoBackend, HashStream, KeyAgreement, Keystream } from './backend.ts';
export { fromBase64, fromHex, toBase64, toHex } from './byte-text.ts';
export { concatBytes, equalBytes, uint32LE, uint64LE, utf8, wipe } from './bytes.ts';
export { commit, verifyCommitment } from './commitment.ts';
export { CRYPTO_ERROR_CODES, CryptoError, type CryptoErrorCode } from './crypto-error.ts';
export { addKeystream, addKeystreams, type KeystreamMask } from './masks/mask.ts';
export {
  appendLeaf,
  type ConsistencyClaim,
  consistencyProof,
  EMPTY_FRONTIER,
  frontierRoot,
  type InclusionClaim,
  inclusionProof,
  leafHash,
  type MerkleFrontier,
  merkleRoot,
  verifyConsistency,
  verifyInclusion,
} from './merkle-tree.ts';
export { nobleBackend } from './noble-backend.ts';
export { addPackedWords, liftWords, packedLength, packWords, unpackWords } from './ring.ts';
export { combineShares, type Share, splitSecret } from './shamir.ts';
export { checkIdentityKey, isSmallOrderX25519, type IdentityKeyFault } from './strict-points.ts';
