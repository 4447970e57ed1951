export type { BatchSecrets, RandomBytes } from './client/batch-secrets.ts';
export { keep, type Keeper, masksFor, releaseFor, type SecretEffect } from './client/keeper.ts';
export { maskChunks } from './client/masked-input.ts';
export { memorySecretStore, type SecretStore } from './client/secret-store.ts';
export type {
  ClientEffect,
  ClientEvent,
  ClientPhase,
  ClientPolicy,
  ClientState,
  ExpectedRound,
} from './client/state.ts';
export { startClient, stepClient } from './client/step.ts';
export type {
  AbortCode,
  CoordinatorEffect,
  CoordinatorEvent,
  CoordinatorState,
  Drop,
  DropReason,
  Phase,
  RoundInProgress,
} from './coordinator/state.ts';
export { startCoordinator, stepCoordinator } from './coordinator/step.ts';
export { planUnmask, type UnmaskRequestForKernel, unmaskWords } from './coordinator/unmask.ts';
export {
  PROTOCOL_ERROR_CODES,
  ProtocolError,
  type ProtocolErrorCode,
  type Rejection,
  REJECTION_CODES,
  type RejectionCode,
} from './errors.ts';
export { EMPTY_LOG_HEAD, nextLogHead } from './log-head.ts';
export { type Bodies, type Message, type MessageKind, MESSAGES } from './messages/index.ts';
export { CHUNK_WORDS, type RoundResult } from './messages/round.ts';
export { MAX_MANIFEST_LENGTH } from './messages/session.ts';
export type { BatchTerms, Deadlines, EncodingTerms, RoundTerms } from './messages/terms.ts';
export { overflowRisk, type SumBounds } from './parameters/ring.ts';
export { batchTermsFor, DEFAULT_DEADLINES, DEFAULT_KEY_COUNT, roundTermsFor } from './parameters/terms.ts';
export {
  brokenRule,
  completeGraphThresholds,
  MAX_COMPLETE_GRAPH,
  type ThresholdPreset,
  type Thresholds,
} from './parameters/thresholds.ts';
export { sameBytes } from './public-bytes.ts';
export { checkRoster, countOrganisations, type Member, type Roster, rosterRoot } from './roster.ts';
export { EMPTY_SIGNATURE, signMessage, verifyMessage } from './signing.ts';
export { packedLengthOf, unusedBitsAreZero } from './vector-length.ts';
export { DOMAIN, OLDEST_PROTOCOL_VERSION, PROTOCOL_VERSION, SUITE } from './version.ts';
export { CanonicalWriter } from './wire/canonical.ts';
export { type Decoded, decodeMessage, encodeMessage, MAX_FRAME_BYTES } from './wire/codec.ts';
