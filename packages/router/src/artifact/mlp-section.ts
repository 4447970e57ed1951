import { float32sFromBase64, float32sToBase64 } from '../bytes/float32-base64.ts';
import type { FieldReader } from '../input/field-reader.ts';
import { MAX_HIDDEN, parameterCount } from '../mlp/shape.ts';
import { mlpShapeOf } from './mlp-predictor.ts';
import type { MlpModel } from './model.ts';

/** The part of an artifact that is particular to an MLP router. */
export interface MlpSection {
  readonly hidden: readonly number[];
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

export function mlpSectionOf(model: MlpModel): MlpSection {
  const { heldOutLoss } = model;
  return {
    hidden: model.hidden,
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

/** @throws RouterError `BAD_ARTIFACT` */
export function readMlpSection(fields: FieldReader, models: readonly string[], dimensions: number): MlpModel {
  const widths = { least: 1, most: MAX_HIDDEN, integer: true };
  const hidden = fields.numbers('hidden', { least: 2, most: 2 }, widths) as [number, number];
  const costMinUsd = fields.number('costMinUsd', { least: 1e-12, most: 1e12 });
  const costMaxUsd = fields.number('costMaxUsd', { least: 1e-12, most: 1e12 });
  if (costMaxUsd <= costMinUsd) fields.fail('costMaxUsd', `above costMinUsd (${costMinUsd})`, costMaxUsd);
  const weights = float32sFromBase64(fields.text('weights', /^[A-Za-z0-9+/]*={0,2}$/, 'base64'));
  const perModel = { least: models.length, most: models.length };
  const unit = { least: 0, most: 1 };
  const read = (name: string, range: { least: number; most: number }): Float64Array =>
    Float64Array.from(fields.numbers(name, perModel, range));
  const loss = fields.optionalNumber('heldOutLoss', { least: 0, most: 1e6 });
  const model: MlpModel = {
    kind: 'mlp',
    models,
    dimensions,
    hidden,
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
  const length = parameterCount(mlpShapeOf(model));
  if (weights?.length !== length || !weights.every(Number.isFinite)) {
    fields.fail(
      'weights',
      `base64 of ${length} finite little-endian single-precision numbers`,
      'other bytes',
    );
  }
  if (!model.observations.some((n) => n >= 0.5)) {
    fields.fail('observations', 'above 0 for at least one model', 0);
  }
  return model;
}
