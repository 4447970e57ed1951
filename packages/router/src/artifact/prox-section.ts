import type { FieldReader } from '../input/field-reader.ts';
import { MOST_SHARPNESS } from '../programs/prox/parameters.ts';
import { type KMeansSection, kmeansSectionOf, readKMeansSection } from './kmeans-section.ts';
import type { ProxModel } from './model.ts';

/** The part of an artifact that is particular to a weighted K-means router. */
export interface ProxSection {
  readonly sharpness: number;
  readonly records: readonly number[];
  readonly distance: readonly number[];
  readonly kmeans: KMeansSection;
}

export function proxSectionOf(model: ProxModel): ProxSection {
  const { sharpness, records, distance } = model;
  const kmeans = kmeansSectionOf({ ...model, kind: 'kmeans' });
  return { sharpness, records: [...records], distance: [...distance], kmeans };
}

/** @throws RouterError `BAD_ARTIFACT` */
export function readProxSection(
  fields: FieldReader,
  models: readonly string[],
  dimensions: number,
): ProxModel {
  const sharpness = fields.number('sharpness', { least: 0, most: MOST_SHARPNESS });
  const kmeans = readKMeansSection(fields.object('kmeans'), models, dimensions);
  const { clusters } = kmeans;
  const perCluster = { least: clusters, most: clusters };
  const records = Float64Array.from(fields.numbers('records', perCluster, { least: 0, most: 2 ** 53 }));
  const distance = Float64Array.from(fields.numbers('distance', perCluster, { least: 1e-6, most: 2 }));
  fields.end();
  if (!records.some((n) => n >= 0.5)) fields.fail('records', 'above 0 for at least one cluster', 0);
  return { ...kmeans, kind: 'prox', records, distance, sharpness };
}
