export {
  type AuditHead,
  auditHeadShape,
  emptyAuditHead,
  headConflict,
  type SignedTreeHead,
  signHead,
  type TreeHead,
  verifyHead,
} from './audit-head.ts';
export type { BatchSecrets, RandomBytes } from './client/batch-secrets.ts';
export {
  keep,
  type Keeper,
  masksFor,
  openedSharesFor,
  releaseFor,
  revealFor,
  type SecretEffect,
} from './client/keeper.ts';
export { maskChunks } from './client/masked-input.ts';
export { memorySecretStore, type SecretStore } from './client/secret-store.ts';
export type {
  ClientEffect,
  ClientEvent,
  ClientPhase,
  ClientPolicy,
  ClientState,
  ExpectedRound,
  SummationRequest,
} from './client/state.ts';
export { startClient, stepClient } from './client/step.ts';
export type {
  AbortCode,
  AcceptedMessage,
  CoordinatorEffect,
  CoordinatorEvent,
  CoordinatorState,
  Drop,
  DropReason,
  Lane,
  OpenBatch,
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
export {
  type Evidence,
  encodeEvidence,
  provesForkedLog,
  provesTwoSurvivorSets,
  type CoordinatorEvidence,
} from './evidence.ts';
export {
  decodeClientEvent,
  decodeCoordinatorEvent,
  type DecodedEvent,
  encodeEvent,
} from './journal/event-codec.ts';
export {
  type DecodedPlain,
  decodePlain,
  encodePlain,
  type PlainRecord,
  type PlainValue,
} from './journal/plain-value.ts';
export { replayClient, replayCoordinator } from './journal/replay.ts';
export { drawDigest, drawOf, NO_DRAW } from './draw.ts';
export { EMPTY_LOG_HEAD, nextLogHead } from './log-head.ts';
export { applyMasks, type Mask } from './masks.ts';
export { type Bodies, type Message, type MessageKind, MESSAGES } from './messages/index.ts';
export type { MemberEvidence } from './messages/evidence.ts';
export { CHUNK_WORDS, type OpeningProof, type RoundResult } from './messages/round.ts';
export { openingProof, openingProofFault } from './opening-proof.ts';
export { proofOfOpening } from './coordinator/opening.ts';
export { MAX_MANIFEST_LENGTH } from './messages/session.ts';
export {
  batchContext,
  type BatchTerms,
  type Deadlines,
  type EncodingTerms,
  roundContext,
  type RoundTerms,
  roundTermsDigest,
} from './messages/terms.ts';
export {
  type DropoutRates,
  evenDropoutRates,
  lostByPhase,
  PHASES,
} from './parameters/plan/dropout-rates.ts';
export { type Plan, type PlanChoice, planFederation } from './parameters/plan/plan.ts';
export { type PromisedAttempt, promisedBy, sealedOwners } from './promises.ts';
export { overflowRisk, type SumBounds } from './parameters/ring.ts';
export {
  batchTermsFor,
  DEFAULT_DEADLINES,
  DEFAULT_KEY_COUNT,
  DEFAULT_MAX_ATTEMPTS,
  roundTermsFor,
  SPARSE_KEY_COUNT,
} from './parameters/terms.ts';
export {
  brokenRule,
  completeGraphThresholds,
  MAX_COMPLETE_GRAPH,
  type ThresholdPreset,
  type Thresholds,
  type NoiseFloors,
  raisedTo,
  thresholdsFor,
} from './parameters/thresholds.ts';
export { sameBytes } from './public-bytes.ts';
export { checkRoster, countOrganisations, type Member, type Roster, rosterRoot } from './roster.ts';
export {
  approvalsNeeded,
  approveRoster,
  approvingOrganisations,
  type RosterApproval,
  successionFault,
} from './roster-succession.ts';
export {
  EMPTY_SIGNATURE,
  messageBytes,
  signMessage,
  survivorsDigest,
  verifyMessage,
} from './signing.ts';
export {
  decodeFieldElement,
  encodeFieldElement,
  FIELD_BYTES,
  FIELD_PRIME,
  InnerProduct,
} from './summation/inner-product.ts';
export { RunningSum } from './summation/running-sum.ts';
export {
  addToIntegerSum,
  decodeIntegerSum,
  encodeIntegerSum,
  integerSumWidth,
  MAX_UPLOADS,
  ringWords,
  signedWords,
} from './summation/integer-sum.ts';
export { summationChallenge, sumProduct, UploadProduct, uploadProduct } from './summation/summation-check.ts';
export { topologyOf } from './topology.ts';
export { packedLengthOf, unusedBitsAreZero } from './vector-length.ts';
export { DOMAIN, MACHINE_VERSION, OLDEST_PROTOCOL_VERSION, PROTOCOL_VERSION, SUITE } from './version.ts';
export { CanonicalWriter } from './wire/canonical.ts';
export { type Decoded, decodeMessage, encodeMessage, MAX_FRAME_BYTES } from './wire/codec.ts';
export { clipDetail } from './wire/detail.ts';
