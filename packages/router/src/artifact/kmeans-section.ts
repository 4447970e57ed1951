import { float64sFromBase64, float64sToBase64 } from '../bytes/float64-base64.ts';
import type { FieldReader } from '../input/field-reader.ts';
import type { KMeansModel } from './model.ts';
import { observedModels } from './predictor.ts';

/** The part of an artifact that is particular to a K-means router. */
export interface KMeansSection {
  readonly clusters: number;
  readonly costMinUsd: number;
  readonly costMaxUsd: number;
  /** Base64 of little-endian doubles. */
  readonly centres: string;
  readonly observations: readonly number[];
  readonly quality: readonly number[];
  readonly logCost: readonly number[];
  readonly kappa: { readonly quality: number; readonly logCost: number };
  readonly logCostVariance: readonly number[];
}

export function kmeansSectionOf(model: KMeansModel): KMeansSection {
  return {
    clusters: model.clusters,
    costMinUsd: model.costMinUsd,
    costMaxUsd: model.costMaxUsd,
    centres: float64sToBase64(model.centres),
    observations: [...model.observations],
    quality: [...model.quality],
    logCost: [...model.logCost],
    kappa: { quality: model.kappa.quality, logCost: model.kappa.logCost },
    logCostVariance: [...model.logCostVariance],
  };
}

/** @throws RouterError `BAD_ARTIFACT` */
export function readKMeansSection(
  fields: FieldReader,
  models: readonly string[],
  dimensions: number,
): KMeansModel {
  const clusters = fields.number('clusters', { least: 1, most: 4096, integer: true });
  const costMinUsd = fields.number('costMinUsd', { least: 1e-12, most: 1e12 });
  const costMaxUsd = fields.number('costMaxUsd', { least: 1e-12, most: 1e12 });
  if (costMaxUsd <= costMinUsd) fields.fail('costMaxUsd', `above costMinUsd (${costMinUsd})`, costMaxUsd);
  const cells = { least: clusters * models.length, most: clusters * models.length };
  const unit = { least: 0, most: 1 };
  const centres = float64sFromBase64(fields.text('centres', /^[A-Za-z0-9+/]*={0,2}$/, 'base64'));
  if (centres?.length !== clusters * dimensions || !centres.every(Number.isFinite)) {
    return fields.fail(
      'centres',
      `base64 of ${clusters} * ${dimensions} finite little-endian doubles`,
      'other bytes',
    );
  }
  const observations = Float64Array.from(fields.numbers('observations', cells, { least: 0, most: 2 ** 53 }));
  const quality = Float64Array.from(fields.numbers('quality', cells, unit));
  const logCost = Float64Array.from(fields.numbers('logCost', cells, unit));
  const kappaFields = fields.object('kappa');
  const weight = { least: 0, most: 1e9 };
  const kappa = {
    quality: kappaFields.number('quality', weight),
    logCost: kappaFields.number('logCost', weight),
  };
  kappaFields.end();
  const perModel = { least: models.length, most: models.length };
  const logCostVariance = Float64Array.from(fields.numbers('logCostVariance', perModel, unit));
  fields.end();
  const model: KMeansModel = {
    kind: 'kmeans',
    models,
    dimensions,
    clusters,
    centres,
    observations,
    quality,
    logCost,
    kappa,
    logCostVariance,
    costMinUsd,
    costMaxUsd,
  };
  if (!observedModels(model).includes(true)) fields.fail('observations', 'above 0 for at least one model', 0);
  return model;
}
