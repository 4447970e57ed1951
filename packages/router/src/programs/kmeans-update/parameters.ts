import type { KMeansModel } from '../../artifact/model.ts';
import type { CanonicalBytes } from '../../bytes/canonical-bytes.ts';
import { FieldReader } from '../../input/field-reader.ts';
import { MOST_KAPPA } from '../kmeans/shrinkage.ts';
import { appendPreviousRouter, readPreviousRouter } from '../previous-router.ts';

/** What an update of a K-means router is, public and the same at every client. */
export interface KMeansUpdateParameters {
  /** What is updated. Its centres stay; its cost bounds hold. */
  readonly router: KMeansModel;
  /** The models that are observed: new ones get columns of their own, those that the router knows are updated, its others stay. */
  readonly models: readonly string[];
  readonly dimensions: number;
  /** The run's committed seed: 64 lower-case hexadecimal digits. */
  readonly seed: string;
  /**
   * Weight, in observations, of what is expected in a new model's cells; by default estimated from the sum. Cells of a model that the router
   * knows weigh their observations and the router's own kappa.
   */
  readonly kappa: number | 'estimated';
  /** As in `KMeansParameters`. */
  readonly maxEvaluationsPerQuery: number;
}

/** @throws RouterError `BAD_PARAMETERS` */
export function checkKMeansUpdateParameters(untrusted: unknown): KMeansUpdateParameters {
  const fields = new FieldReader(untrusted, 'parameters', 'BAD_PARAMETERS');
  const router = readPreviousRouter(fields, 'kmeans');
  const models = fields.names('models', 1, 4096);
  const { dimensions } = router;
  const parameters: KMeansUpdateParameters = {
    router,
    models,
    dimensions: fields.number('dimensions', { least: dimensions, most: dimensions, integer: true }),
    seed: fields.text('seed', /^[0-9a-f]{64}$/, '64 lower-case hexadecimal digits'),
    kappa: fields.numberOr('kappa', 'estimated', { least: 0, most: MOST_KAPPA }),
    maxEvaluationsPerQuery: fields.number('maxEvaluationsPerQuery', {
      least: 1,
      most: models.length,
      integer: true,
      otherwise: 1,
    }),
  };
  fields.end();
  return parameters;
}

export function appendUpdateParameters(bytes: CanonicalBytes, parameters: KMeansUpdateParameters): void {
  appendPreviousRouter(bytes, parameters.router);
  bytes.uint32(parameters.models.length);
  for (const model of parameters.models) bytes.text(model);
  bytes
    .text(parameters.seed)
    // No number that was given is below 0.
    .float64(parameters.kappa === 'estimated' ? -1 : parameters.kappa)
    .uint32(parameters.maxEvaluationsPerQuery);
}
