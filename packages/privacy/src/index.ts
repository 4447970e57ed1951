export { PRIVACY_ERROR_CODES, PrivacyError, type PrivacyErrorCode, type Refusal } from './privacy-error.ts';
export { ADJACENCIES, type Adjacency, PRIVACY_UNITS, type PrivacyUnit } from './adjacency.ts';
export { checkEncoding, type Encoding } from './encoding/encoding.ts';
export { checkHeadroom, ringBits, type SumLoad } from './encoding/headroom.ts';
export { chooseEncoding, type ChosenEncoding, type EncodingRequest } from './encoding/choose-encoding.ts';
export { encodeRecord, encodeRecords, type EncodedRecords, type SparseRecord } from './encoding/encode.ts';
export { decodeSum } from './encoding/decode.ts';
export { bitsOf, type ByteSource, type RandomBits } from './sampler/random-bits.ts';
export { sampleDiscreteGaussian } from './sampler/discrete-gaussian.ts';
export { drawNoiseShare, MIN_NOISE_VARIANCE } from './sampler/noise-share.ts';
export {
  addRational,
  ceilRational,
  compareRational,
  divideRational,
  formatRational,
  multiplyRational,
  parseRational,
  type Rational,
  rational,
  rationalFromNumber,
  subtractRational,
  toNumberDown,
  toNumberUp,
  ZERO,
} from './zcdp/rational.ts';
export {
  convertRho,
  deltaFromRho,
  epsilonFromRho,
  rhoFromEpsilon,
} from './zcdp/conversion.ts';
export { CHARGE_SLACK, chargeOf, groupCharge, type NoisyRelease } from './zcdp/charge.ts';
export { type NoisePlan, type NoiseRequest, planNoise, settleNoise, splitRho } from './zcdp/plan-noise.ts';
export {
  type Budget,
  type BudgetChange,
  chargeUnder,
  type FilterRule,
  openBudget,
  remaining,
  reserve,
  settle,
  spent,
  voidReservation,
} from './zcdp/budget.ts';
export {
  releaseCharge,
  rhoOfCharge,
  type Sampled,
  sampledCharge,
  unitProbability,
} from './zcdp/sampled-charge.ts';
export { account, type Accountant, ACCOUNTANTS, type Accounted } from './accountants/account.ts';
export type {
  DiscreteGaussianEvent,
  DiscreteLaplaceEvent,
  GaussianEvent,
  LaplaceEvent,
  PoissonGaussianEvent,
  PrivacyEvent,
  SampledWithoutReplacementGaussianEvent,
  ZcdpEvent,
} from './accountants/events.ts';
export { parseEvents } from './accountants/parse-events.ts';
export { calibrateGaussian, gaussianDelta, gaussianEpsilon } from './accountants/gaussian.ts';
export { composeRdp, type RdpCurve } from './accountants/rdp/curve.ts';
export {
  epsilonAtOrder,
  epsilonFromRdp,
  optimalEpsilonFromRdp,
  type OrderedEpsilon,
  RDP_ORDERS,
} from './accountants/rdp/conversion.ts';
export { poissonGaussianRdp } from './accountants/rdp/poisson-gaussian.ts';
export { sampledLatticeRdp } from './accountants/rdp/sampled-lattice.ts';
export { poissonSubsampledRdp } from './accountants/rdp/subsampled.ts';
export { discreteLaplaceRdp, gaussianRdp, laplaceRdp, zcdpRdp } from './accountants/rdp/unsampled.ts';
export { withoutReplacementGaussianRdp } from './accountants/rdp/without-replacement-gaussian.ts';
export { rdpOf } from './accountants/rdp/rdp-accountant.ts';
export { rhoOf } from './accountants/zcdp-accountant.ts';
export {
  type DistributedNoise,
  distributedGaussianRdp,
  sharesDeviation,
} from './accountants/rdp/distributed-discrete-gaussian.ts';
export { calibrate, type Calibration } from './planning/calibrate.ts';
export { forecast, type Forecast, type ForecastRequest } from './planning/forecast.ts';
export { chooseFilter } from './rounds/choose-filter.ts';
export {
  checkDeclaration,
  declarationToJson,
  declaredCharge,
  type DeclarationJson,
  type DeclarationRequest,
  declarePrivacy,
  epsilonOf,
  type DeclaredRound,
  fewestSurvivors,
  filterLimit,
  leastCharge,
  formatFilter,
  type NoiseCohort,
  parseDeclaration,
  parseFilter,
  plannedLimit,
  type PrivacyDeclaration,
} from './rounds/declaration.ts';
export {
  type Contribution,
  noisyContribution,
  type OpenedPrivateSum,
  openPrivateSum,
  type PlannedVector,
  planPrivateRound,
  type PrivateRound,
  reservedCharge,
  type RoundPrivacy,
  type RunSize,
  settledCharge,
} from './rounds/private-round.ts';
export { readRoundPrivacy } from './rounds/read-round-privacy.ts';
export { boundRecordsPerUnit } from './rounds/records-per-unit.ts';
export {
  checkWitnesses,
  independentWitnesses,
  type WitnessFinding,
  WITNESSES,
} from './rounds/witnesses.ts';
export {
  type AccountChange,
  attemptName,
  type ClientAccount,
  openClientAccount,
  reserveAttempt,
  settleAttempt,
  voidAttempt,
} from './policy/client-account.ts';
export {
  type AccountedAttempt,
  type AccountEntry,
  encodeAccountEntry,
  parseAccountEntry,
  replayAccount,
} from './policy/account-entries.ts';
export {
  admitAttempt,
  type Admission,
  type AttemptAccounts,
  policyLimit,
  type PrivacyPolicy,
  refuseRun,
} from './policy/privacy-policy.ts';
export {
  type GenesisEntry,
  type LedgerEntry,
  ledgerEntryToJson,
  type LedgerJson,
  parseLedgerEntry,
  readLedgerEntry,
  type ReleaseEntry,
  type ReserveEntry,
  type SurvivorsEntry,
  type UploadEntry,
  type VoidEntry,
} from './ledger/entries.ts';
export type { LedgerAccount } from './ledger/tally.ts';
export {
  type LedgerDifference,
  type ReleasedRound,
  type VerifiedLedger,
  verifyLedger,
} from './ledger/verify-ledger.ts';
export { accountReleases, dpEventTree, type DpEventTree, releaseEvents } from './ledger/accounting.ts';
export {
  type PrivacyStatement,
  privacyStatement,
  renderStatement,
  type SpentBudget,
} from './ledger/statement.ts';
