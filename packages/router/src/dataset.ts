/**
 * What a program learns from: feature vectors of queries, and observations of models on them.
 * A record is one query with all its observations, at most `maxEvaluationsPerQuery` of them.
 */
export interface Dataset {
  /** Display names of the run's models, the same list in the same order at every client. */
  readonly models: readonly string[];
  /** Length of one feature vector. */
  readonly dimensions: number;
  /** Row-major features, `records * dimensions` values, each row of Euclidean norm at most 1. */
  readonly features: Float32Array;
  readonly records: number;
  /** Observations grouped by record: those of record i are at `offsets[i] .. offsets[i + 1]`. Length `records + 1`. */
  readonly offsets: Uint32Array;
  /** Index into `models`, one per observation. */
  readonly model: Uint16Array;
  /** Quality in [0, 1], one per observation. */
  readonly quality: Float64Array;
  /** Cost in USD, >= 0, one per observation. */
  readonly costUsd: Float64Array;
}
