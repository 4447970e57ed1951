import { RouterError } from './errors.ts';

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
  /**
   * How likely it was that whoever logged the observation would choose its model for this query, above 0 and at most 1, one per observation; left
   * out where the logs do not say. Only estimates from logs read it.
   */
  readonly propensity?: Float64Array;
  /**
   * Number of what whoever logged the record looked at when a model was chosen for it, such as the kind of task, one per record: by the same number, choices
   * were made with the same chances. Numbers are the client's own and never leave it; left out where nothing is known. Only estimates from logs
   * read it.
   */
  readonly contexts?: Uint32Array;
  /**
   * Number of the end user behind each record, `NOBODY` where the log names none; left out where it names none at all. Programs do not look
   * at it: it says which records are to be protected together.
   */
  readonly users?: Uint32Array;
}

/** In place of a user's number. */
export const NOBODY: number = 2 ** 32 - 1;

/**
 * Whether the arrays of a dataset fit each other, and the run.
 * @throws RouterError `BAD_DATASET` naming the field
 */
export function checkDataset(data: Dataset, models: readonly string[], dimensions: number): void {
  if (data.dimensions !== dimensions) {
    bad('dimensions', `${dimensions} as in the run`, data.dimensions);
  }
  if (data.models.length !== models.length || data.models.some((name, i) => name !== models[i])) {
    bad('models', 'the list of the run, in its order', data.models.join(', '));
  }
  if (data.features.length !== data.records * dimensions) {
    bad('features', `${data.records} records * ${dimensions} values long`, data.features.length);
  }
  if (data.offsets.length !== data.records + 1 || data.offsets[0] !== 0) {
    bad('offsets', `${data.records + 1} entries from 0`, `${data.offsets.length} from ${data.offsets[0]}`);
  }
  for (let i = 0; i < data.records; i++) {
    if ((data.offsets[i] as number) > (data.offsets[i + 1] as number))
      bad('offsets', 'ascending', `lower after record ${i}`);
  }
  for (const field of ['contexts', 'users'] as const) {
    const numbers = data[field];
    if (numbers !== undefined && numbers.length !== data.records)
      bad(field, `${data.records} entries`, numbers.length);
  }
  const observations = data.offsets[data.records] as number;
  for (const field of ['model', 'quality', 'costUsd'] as const) {
    if (data[field].length !== observations)
      bad(field, `${observations} long, as offsets says`, data[field].length);
  }
  const { propensity } = data;
  if (propensity !== undefined) {
    if (propensity.length !== observations)
      bad('propensity', `${observations} long, as offsets says`, propensity.length);
    const at = propensity.findIndex((value) => !(value > 0 && value <= 1));
    if (at >= 0) bad('propensity', 'above 0 and at most 1', propensity[at] as number);
  }
  for (const model of data.model) {
    if (model >= models.length) bad('model', `indices below ${models.length}`, model);
  }
}

function bad(field: keyof Dataset, wanted: string, got: string | number): never {
  throw new RouterError('BAD_DATASET', `dataset.${field} must be ${wanted}, not ${got}`);
}
