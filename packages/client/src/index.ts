export { datasetLoader } from './data/dataset-loader.ts';
export { completeQueries } from './data/complete-queries.ts';
export { DataError, type DataErrorCode } from './data/data-error.ts';
export { describeLog, type LogDescription, type ModelDescription } from './data/describe-log.ts';
export type { EmbeddingFormat } from './data/embeddings-file.ts';
export type {
  Embeddings,
  EvaluationLog,
  Evaluations,
  LoggedModel,
  LoggedQuery,
} from './data/evaluation-log.ts';
export { readEvaluationLog } from './data/read-evaluation-log.ts';
export { renderLogDescription } from './data/render-log-description.ts';
export { type ModelSelection, selectModels } from './data/select-models.ts';
export { type LogSubset, subsetLog } from './data/subset-log.ts';
export { type DatasetOptions, type LogDataset, toDataset } from './data/to-dataset.ts';
export { writeDirectory, type WriteDirectoryOptions } from './data/write-directory.ts';
export { type ClientOptions, type ClientReport, runClient } from './client.ts';
export type { ClientProgress } from './progress.ts';
export { type ClientConfig, readClientConfig } from './config.ts';
export { AccountFile, type AccountFileOptions } from './account-file.ts';
export { accountOf } from './run-spending.ts';
export { startTraining, type Training, type TrainingOptions } from './training.ts';
