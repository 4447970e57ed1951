import type { CanonicalBytes } from '../../bytes/canonical-bytes.ts';
import type { CostBounds } from '../../cost/log-cost.ts';
import { FieldReader } from '../../input/field-reader.ts';

/** What a run of the K-means program is, public and the same at every client. */
export interface KMeansParameters extends CostBounds {
  /** Display names of the models, in the order of their index. 1 .. 4096. */
  readonly models: readonly string[];
  /** Length of one feature vector. 1 .. 65536. */
  readonly dimensions: number;
  /** The run's committed seed: 64 lower-case hexadecimal digits. Public directions follow from it. */
  readonly seed: string;
  /**
   * Whether the sums are exact, the default, or carry noise for a privacy budget. With noise fewer numbers are asked for, how many sums there are
   * is fixed in advance, and the tables shrink by as much as the noise demands.
   */
  readonly sums: 'exact' | 'noisy';
  /** K. 1 .. 4096, by default 20, of noisy sums 24. With 1 the router is static: blind to the query. */
  readonly clusters: number;
  /**
   * Weight, in observations, of what is expected in every cell of the tables: the model's mean and the cluster's effect. At least 0; by default
   * estimated from the sums, one for quality and one for cost. Of noisy sums by default 20, or 8 standard deviations of the noise where these are
   * more; their sums are too few to estimate it from.
   */
  readonly kappa: number | 'estimated';
  /** Assign-and-average sums after each split on the way to K clusters. 1 .. 100, by default 1. */
  readonly splitIterations: number;
  /** Lloyd sums with all K clusters, at most; as many where they are noisy. 1 .. 1000, by default 8, of noisy sums 4. */
  readonly lloydIterations: number;
  /** Lloyd iterations over exact sums end where the centres move by less than this share of their norm. At least 0, by default 1e-4. */
  readonly tolerance: number;
  /** Observations of one record that count; a record with more keeps a subset drawn from the run's seed. By default 1. */
  readonly maxEvaluationsPerQuery: number;
}

/** What a run may set; the rest follows from its data, or is drawn for it. */
export type KMeansSettings = Partial<Omit<KMeansParameters, 'models' | 'dimensions' | 'seed'>>;

const MAX_MODELS = 4096;
const MAX_VECTOR = 2 ** 26;

/** @throws RouterError `BAD_PARAMETERS` */
export function checkKMeansParameters(untrusted: unknown): KMeansParameters {
  const fields = new FieldReader(untrusted, 'parameters', 'BAD_PARAMETERS');
  const models = fields.names('models', 1, MAX_MODELS);
  const dimensions = fields.number('dimensions', { least: 1, most: 65536, integer: true });
  const seed = fields.text('seed', /^[0-9a-f]{64}$/, '64 lower-case hexadecimal digits');
  const sums = fields.choice('sums', ['exact', 'noisy']);
  const noisy = sums === 'noisy';
  const clusters = fields.number('clusters', {
    least: 1,
    most: 4096,
    integer: true,
    otherwise: noisy ? 24 : 20,
  });
  const kappa = kappaOf(fields, noisy);
  const splitIterations = fields.number('splitIterations', {
    least: 1,
    most: 100,
    integer: true,
    otherwise: 1,
  });
  const lloydIterations = fields.number('lloydIterations', {
    least: 1,
    most: 1000,
    integer: true,
    otherwise: noisy ? 4 : 8,
  });
  const tolerance = fields.number('tolerance', { least: 0, most: 1, otherwise: 1e-4 });
  const maxEvaluationsPerQuery = fields.number('maxEvaluationsPerQuery', {
    least: 1,
    most: models.length,
    integer: true,
    otherwise: 1,
  });
  const costMinUsd = fields.number('costMinUsd', { least: 1e-12, most: 1e12, otherwise: 1e-6 });
  const costMaxUsd = fields.number('costMaxUsd', { least: 1e-12, most: 1e12, otherwise: 1 });
  fields.end();
  if (costMaxUsd <= costMinUsd) fields.fail('costMaxUsd', `above costMinUsd (${costMinUsd})`, costMaxUsd);
  if (clusters * Math.max(dimensions + 1, 4 * models.length) > MAX_VECTOR) {
    fields.fail('clusters', `small enough for a vector of at most ${MAX_VECTOR} values`, clusters);
  }
  return {
    models,
    dimensions,
    seed,
    sums,
    clusters,
    kappa,
    splitIterations,
    lloydIterations,
    tolerance,
    maxEvaluationsPerQuery,
    costMinUsd,
    costMaxUsd,
  };
}

function kappaOf(fields: FieldReader, noisy: boolean): KMeansParameters['kappa'] {
  const range = { least: 0, most: 1e9 };
  if (noisy) return fields.number('kappa', { ...range, otherwise: 20 });
  return fields.numberOr('kappa', 'estimated', range);
}

export function appendParameters(bytes: CanonicalBytes, parameters: KMeansParameters): void {
  bytes.uint32(parameters.models.length);
  for (const model of parameters.models) bytes.text(model);
  bytes
    .uint32(parameters.dimensions)
    .text(parameters.seed)
    .text(parameters.sums)
    .uint32(parameters.clusters)
    // No number that was given is below 0.
    .float64(parameters.kappa === 'estimated' ? -1 : parameters.kappa)
    .uint32(parameters.splitIterations)
    .uint32(parameters.lloydIterations)
    .float64(parameters.tolerance)
    .uint32(parameters.maxEvaluationsPerQuery)
    .float64(parameters.costMinUsd)
    .float64(parameters.costMaxUsd);
}
