import type { CanonicalBytes } from '../../bytes/canonical-bytes.ts';
import { FieldReader } from '../../input/field-reader.ts';
import { MAX_RANK, type MfShape, mfParameterCount } from '../../mf/shape.ts';
import {
  type AveragingParameters,
  MAX_VALUES,
  readAveragingParameters,
  type SettingsOf,
} from '../averaging/parameters.ts';

/** What a run of the matrix factorisation program is, public and the same at every client. The learning rate is by default 1e-2. */
export interface MfParameters extends AveragingParameters {
  /** Length of the vectors that stand for a query and for a model. 1 .. 8192, by default 64. */
  readonly rank: number;
  /** Standard deviation of what training adds to each value of a query's vector. 0 .. 1, by default 0.05. */
  readonly noise: number;
}

/** What a run may set; the rest follows from its data, or is drawn for it. */
export type MfSettings = SettingsOf<MfParameters>;

export function mfShapeOf({ dimensions, rank, models }: MfParameters): MfShape {
  return { inputs: dimensions, rank, models: models.length };
}

/** @throws RouterError `BAD_PARAMETERS` */
export function checkMfParameters(untrusted: unknown): MfParameters {
  const fields = new FieldReader(untrusted, 'parameters', 'BAD_PARAMETERS');
  const parameters: MfParameters = {
    ...readAveragingParameters(fields, { learningRate: 1e-2 }),
    rank: fields.number('rank', { least: 1, most: MAX_RANK, integer: true, otherwise: 64 }),
    noise: fields.number('noise', { least: 0, most: 1, otherwise: 0.05 }),
  };
  fields.end();
  if (valuesInTraining(parameters) > MAX_VALUES) {
    fields.fail('rank', 'small enough, with batchSize, for training in 1 GiB', parameters.rank);
  }
  return parameters;
}

/** Weights, gradients and the two means of the optimizer; inputs, queries, predictions and their copies for matrix products. */
function valuesInTraining(parameters: MfParameters): number {
  const { dimensions, rank, models, batchSize } = parameters;
  const perRecord = 2 * dimensions + 4 * rank + 4 * models.length;
  return 4 * mfParameterCount(mfShapeOf(parameters)) + 4 * models.length * rank + batchSize * perRecord;
}

/** Those that averaging does not know. */
export function appendMfParameters(bytes: CanonicalBytes, { rank, noise }: MfParameters): void {
  bytes.uint32(rank).float64(noise);
}
