export {
  createArtifact,
  type EncoderReference,
  type Provenance,
  type RouterArtifact,
} from './artifact/artifact.ts';
export { ARTIFACT_FORMAT, ARTIFACT_VERSION, decodeArtifact, encodeArtifact } from './artifact/file.ts';
export type {
  KMeansModel,
  MfModel,
  MlpModel,
  NetworkModel,
  ProxModel,
  RouterModel,
} from './artifact/model.ts';
export { emptyPrediction, type Prediction, type Predictor } from './artifact/prediction.ts';
export { createPredictor, observedModels } from './artifact/predictor.ts';
export { createRouter, type Route, type Router } from './artifact/router.ts';
export { type CostBounds, logCostOf } from './cost/log-cost.ts';
export { expectedCosts } from './artifact/expected-costs.ts';
export { checkDataset, type Dataset, NOBODY } from './dataset.ts';
export { BUILT_IN_ENCODERS } from './encoders/built-in.ts';
export { encodeHashedNgrams, HASHED_NGRAMS, HASHED_NGRAMS_DIMENSIONS } from './encoders/hashed-ngrams.ts';
export { RouterError, ROUTER_ERROR_CODES, type RouterErrorCode } from './errors.ts';
export { auc, aucShared, type CostRange } from './evaluation/auc.ts';
export { type CostQuality, type CurvePoint, routerCurve } from './evaluation/curve.ts';
export { concaveHull, type ConcaveHull, costAtQuality, qualityAtBudget } from './evaluation/hull.ts';
export { geometricGrid, LAMBDA_GRID } from './evaluation/lambda-grid.ts';
export {
  bestSingle,
  cheapestSingle,
  oracle,
  sharedCostRange,
  type SingleModel,
  singleModels,
} from './evaluation/singles.ts';
export { type TestSet, testSetOf } from './evaluation/test-set.ts';
export { nearestCentreOf, type NearestCentre } from './linalg/nearest-centre.ts';
export type { MatrixKernel } from './linalg/matrix/kernel.ts';
export { matrixKernel } from './linalg/matrix/select-kernel.ts';
export { mixturePredictor, type MixtureWeights, mixtureWeights } from './personalisation/mixture.ts';
export { personalKMeans } from './personalisation/personal-kmeans.ts';
export { previousRouterText } from './programs/previous-router.ts';
export type { Program, ProgramStep, RecordVector, ScheduledSum, SumPlan } from './program.ts';
export { routerFromCentres } from './programs/kmeans/from-centres.ts';
export type { KMeansSettings } from './programs/kmeans/parameters.ts';
export { type LocalData, splitLocalData } from './programs/averaging/local-data.ts';
export type { MlpSettings } from './programs/mlp/parameters.ts';
export { type MlpTraining, trainMlp } from './programs/mlp/train-mlp.ts';
export type { MfSettings } from './programs/mf/parameters.ts';
export { proxFromKMeans } from './programs/prox/distances.ts';
export type { ProxSettings } from './programs/prox/parameters.ts';
export { type MfTraining, trainMf } from './programs/mf/train-mf.ts';
export {
  type BudgetEstimate,
  type Estimator,
  ESTIMATORS,
  type FrontierEstimate,
  type PolicyEstimate,
} from './programs/off-policy/estimate.ts';
export { type PlaceOnPath, placeOnPath } from './evaluation/policy-path.ts';
export {
  type AwaitingSum,
  type ProgramRun,
  programNames,
  noisyParameters,
  programSchedule,
  startEstimate,
  startProgram,
} from './programs/registry.ts';
export { createGenerator, type MutableArrayLike, type SeededGenerator } from './random/generator.ts';
export { selectRecords } from './select-records.ts';
