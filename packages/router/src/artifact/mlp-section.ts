import type { FieldReader } from '../input/field-reader.ts';
import { MAX_HIDDEN, parameterCount } from '../mlp/shape.ts';
import type { MlpModel } from './model.ts';
import { type NetworkSection, networkSectionOf, readNetworkSection } from './network-section.ts';

/** The part of an artifact that is particular to an MLP router. */
export interface MlpSection extends NetworkSection {
  readonly hidden: readonly number[];
}

export function mlpSectionOf(model: MlpModel): MlpSection {
  return { hidden: model.hidden, ...networkSectionOf(model) };
}

/** @throws RouterError `BAD_ARTIFACT` */
export function readMlpSection(fields: FieldReader, models: readonly string[], dimensions: number): MlpModel {
  const widths = { least: 1, most: MAX_HIDDEN, integer: true };
  const hidden = fields.numbers('hidden', { least: 2, most: 2 }, widths) as [number, number];
  const count = parameterCount({ inputs: dimensions, hidden, models: models.length });
  return { kind: 'mlp', hidden, ...readNetworkSection(fields, models, dimensions, count) };
}
