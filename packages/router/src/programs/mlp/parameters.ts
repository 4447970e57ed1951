import type { CanonicalBytes } from '../../bytes/canonical-bytes.ts';
import { FieldReader } from '../../input/field-reader.ts';
import { MAX_HIDDEN, type MlpShape, parameterCount } from '../../mlp/shape.ts';
import {
  type AveragingParameters,
  MAX_VALUES,
  readAveragingParameters,
  type SettingsOf,
} from '../averaging/parameters.ts';

/** What a run of the MLP program is, public and the same at every client. The learning rate is by default 1e-3. */
export interface MlpParameters extends AveragingParameters {
  /** Widths of the two hidden layers. 1 .. 8192 each, by default 512. */
  readonly hidden: readonly [number, number];
  /** Share of the hidden layers' outputs that a step leaves out. 0 .. 0.9, by default 0.1. */
  readonly dropout: number;
}

/** What a run may set; the rest follows from its data, or is drawn for it. */
export type MlpSettings = SettingsOf<MlpParameters>;

export function shapeOf({ dimensions, hidden, models }: MlpParameters): MlpShape {
  return { inputs: dimensions, hidden, models: models.length };
}

/** @throws RouterError `BAD_PARAMETERS` */
export function checkMlpParameters(untrusted: unknown): MlpParameters {
  const fields = new FieldReader(untrusted, 'parameters', 'BAD_PARAMETERS');
  const width = { least: 1, most: MAX_HIDDEN, integer: true };
  const parameters: MlpParameters = {
    ...readAveragingParameters(fields, { learningRate: 1e-3 }),
    hidden: fields.numbers('hidden', { least: 2, most: 2 }, width, [512, 512]) as [number, number],
    dropout: fields.number('dropout', { least: 0, most: 0.9, otherwise: 0.1 }),
  };
  fields.end();
  if (valuesInTraining(parameters) > MAX_VALUES) {
    fields.fail('hidden', 'small enough, with batchSize, for training in 1 GiB', parameters.hidden);
  }
  return parameters;
}

/** Weights, gradients and the two means of the optimizer; inputs, hidden values and their copies for matrix products. */
function valuesInTraining(parameters: MlpParameters): number {
  const { dimensions, hidden, models, batchSize } = parameters;
  const perRecord = 2 * dimensions + 4 * (hidden[0] + hidden[1]) + 4 * models.length;
  return 4 * parameterCount(shapeOf(parameters)) + batchSize * perRecord;
}

/** Those that averaging does not know. */
export function appendMlpParameters(bytes: CanonicalBytes, { hidden, dropout }: MlpParameters): void {
  bytes.uint32(hidden[0]).uint32(hidden[1]).float64(dropout);
}
