import type { FieldReader } from '../input/field-reader.ts';
import { MAX_RANK, mfParameterCount } from '../mf/shape.ts';
import type { MfModel } from './model.ts';
import { type NetworkSection, networkSectionOf, readNetworkSection } from './network-section.ts';

/** The part of an artifact that is particular to a matrix factorisation router. */
export interface MfSection extends NetworkSection {
  readonly rank: number;
}

export function mfSectionOf(model: MfModel): MfSection {
  return { rank: model.rank, ...networkSectionOf(model) };
}

/** @throws RouterError `BAD_ARTIFACT` */
export function readMfSection(fields: FieldReader, models: readonly string[], dimensions: number): MfModel {
  const rank = fields.number('rank', { least: 1, most: MAX_RANK, integer: true });
  const count = mfParameterCount({ inputs: dimensions, rank, models: models.length });
  return { kind: 'mf', rank, ...readNetworkSection(fields, models, dimensions, count) };
}
