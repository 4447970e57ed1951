import { float32sFromBase64, float32sToBase64 } from '../bytes/float32-base64.ts';
import type { FieldReader } from '../input/field-reader.ts';
import type { NetworkModel } from './model.ts';

/** The part of an artifact that all networks have. */
export interface NetworkSection {
  readonly costMinUsd: number;
  readonly costMaxUsd: number;
  /** Base64 of little-endian single-precision numbers. */
  readonly weights: string;
  readonly observations: readonly number[];
  readonly quality: readonly number[];
  readonly logCost: readonly number[];
  readonly logCostDeviation: readonly number[];
  readonly logCostVariance: readonly number[];
  readonly rounds: number;
  readonly heldOutLoss?: number;
}

const MAX_ROUNDS = 1_000_000;

export function networkSectionOf(model: NetworkModel): NetworkSection {
  const { heldOutLoss } = model;
  return {
    costMinUsd: model.costMinUsd,
    costMaxUsd: model.costMaxUsd,
    weights: float32sToBase64(model.weights),
    observations: [...model.observations],
    quality: [...model.quality],
    logCost: [...model.logCost],
    logCostDeviation: [...model.logCostDeviation],
    logCostVariance: [...model.logCostVariance],
    rounds: model.rounds,
    ...(heldOutLoss === undefined ? {} : { heldOutLoss }),
  };
}

/**
 * The last to read: refuses fields that nobody asked for.
 * @param parameterCount how many weights the network has
 * @throws RouterError `BAD_ARTIFACT`
 */
export function readNetworkSection(
  fields: FieldReader,
  models: readonly string[],
  dimensions: number,
  parameterCount: number,
): NetworkModel {
  const costMinUsd = fields.number('costMinUsd', { least: 1e-12, most: 1e12 });
  const costMaxUsd = fields.number('costMaxUsd', { least: 1e-12, most: 1e12 });
  if (costMaxUsd <= costMinUsd) fields.fail('costMaxUsd', `above costMinUsd (${costMinUsd})`, costMaxUsd);
  const weights = float32sFromBase64(fields.text('weights', /^[A-Za-z0-9+/]*={0,2}$/, 'base64'));
  const perModel = { least: models.length, most: models.length };
  const unit = { least: 0, most: 1 };
  const read = (name: string, range: { least: number; most: number }): Float64Array =>
    Float64Array.from(fields.numbers(name, perModel, range));
  const loss = fields.optionalNumber('heldOutLoss', { least: 0, most: 1e6 });
  const model: NetworkModel = {
    models,
    dimensions,
    weights: weights ?? new Float32Array(),
    observations: read('observations', { least: 0, most: 2 ** 53 }),
    quality: read('quality', unit),
    logCost: read('logCost', unit),
    logCostDeviation: read('logCostDeviation', { least: Number.MIN_VALUE, most: 1 }),
    logCostVariance: read('logCostVariance', unit),
    costMinUsd,
    costMaxUsd,
    rounds: fields.number('rounds', { least: 0, most: MAX_ROUNDS, integer: true }),
    ...(loss === undefined ? {} : { heldOutLoss: loss }),
  };
  fields.end();
  if (weights?.length !== parameterCount || !weights.every(Number.isFinite)) {
    fields.fail(
      'weights',
      `base64 of ${parameterCount} finite little-endian single-precision numbers`,
      'other bytes',
    );
  }
  if (!model.observations.some((n) => n >= 0.5)) {
    fields.fail('observations', 'above 0 for at least one model', 0);
  }
  return model;
}
