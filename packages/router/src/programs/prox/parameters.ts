import type { CanonicalBytes } from '../../bytes/canonical-bytes.ts';
import { FieldReader } from '../../input/field-reader.ts';
import { appendParameters, checkKMeansParameters, type KMeansParameters } from '../kmeans/parameters.ts';

/** What a run of the program `prox` is, public and the same at every client: a run of K-means, and how its clusters are weighed. */
export interface ProxParameters {
  /** `clusters` is by default 32. */
  readonly kmeans: KMeansParameters;
  /** How fast a cluster's weight falls with its cosine distance d from the query: as exp(-sharpness * d). 0 .. 1e4, by default 20. */
  readonly sharpness: number;
}

/** What a run may set; the rest follows from its data, or is drawn for it. */
export type ProxSettings = Partial<Omit<KMeansParameters, 'models' | 'dimensions' | 'seed' | 'sums'>> & {
  readonly sharpness?: number;
};

const CLUSTERS = 32;
const SHARPNESS = 20;
export const MOST_SHARPNESS = 1e4;

/** @throws RouterError `BAD_PARAMETERS` */
export function checkProxParameters(untrusted: unknown): ProxParameters {
  const fields = new FieldReader(untrusted, 'parameters', 'BAD_PARAMETERS');
  const sharpness = fields.number('sharpness', { least: 0, most: MOST_SHARPNESS, otherwise: SHARPNESS });
  const others = Object.entries(untrusted as object).filter(([name]) => name !== 'sharpness');
  const kmeans = checkKMeansParameters({ clusters: CLUSTERS, ...Object.fromEntries(others) });
  if (kmeans.sums !== 'exact') {
    fields.fail('sums', 'exact: nothing is known of what noise does to weighted clusters', kmeans.sums);
  }
  return { kmeans, sharpness };
}

export function appendProxParameters(bytes: CanonicalBytes, { kmeans, sharpness }: ProxParameters): void {
  appendParameters(bytes, kmeans);
  bytes.float64(sharpness);
}
