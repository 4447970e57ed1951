import type { KMeansModel, RouterModel } from '../../artifact/model.ts';
import { MAX_LAMBDA } from '../../artifact/router.ts';
import type { CanonicalBytes } from '../../bytes/canonical-bytes.ts';
import { FieldReader } from '../../input/field-reader.ts';
import { appendPreviousRouter, readAnyRouter } from '../previous-router.ts';

/** What an estimate of a router's frontier from logs is, public and the same at every client. */
export interface OffPolicyParameters {
  /** What is judged; its models are those of the logs. It must not have been trained on the records that judge it. */
  readonly router: RouterModel;
  readonly models: readonly string[];
  readonly dimensions: number;
  /** The run's committed seed: 64 lower-case hexadecimal digits. Of a record with several observations one counts, drawn from it. */
  readonly seed: string;
  /** Quality per USD; the router with each of them is one policy. Strictly descending, so that costs rise. 1 .. 256 values. */
  readonly lambdas: readonly number[];
  /** Mean costs in USD per query at which the frontier is told. Strictly ascending, above 0. 1 .. 256 values. */
  readonly budgetsUsd: readonly number[];
  /** Per model what one answer counts for at most, in USD: bounds what a record adds, and cuts off what is dearer. */
  readonly costCapsUsd: readonly number[];
  /**
   * How likely each logged choice was: as the logs say, the default; as often as the organisation chose the model in the query's context, shrunk to how often
   * all did in its stratum; or all models alike, which is what leaving the matter out of account comes to.
   */
  readonly propensities: 'logged' | 'estimated' | 'uniform';
  /** Its clusters are the strata. There where propensities are estimated, and only there. */
  readonly strata?: KMeansModel;
  /** Largest inverse propensity that a record counts with: what was less likely is weighed too little, and no record weighs more. 1 .. 1e4, by default 50. */
  readonly mostWeight: number;
}

const MOST_POINTS = 256;

/** @throws RouterError `BAD_PARAMETERS` */
export function checkOffPolicyParameters(untrusted: unknown): OffPolicyParameters {
  const fields = new FieldReader(untrusted, 'parameters', 'BAD_PARAMETERS');
  const router = readAnyRouter(fields, 'router');
  const models = fields.names('models', router.models.length, router.models.length);
  if (models.some((name, m) => name !== router.models[m])) {
    fields.fail('models', `those of the router (${router.models.join(', ')})`, models.join(', '));
  }
  const { dimensions } = router;
  const points = { least: 1, most: MOST_POINTS };
  const usd = { least: 1e-12, most: 1e12 };
  const propensities = fields.choice('propensities', ['logged', 'estimated', 'uniform']);
  const parameters: OffPolicyParameters = {
    router,
    models,
    dimensions: fields.number('dimensions', { least: dimensions, most: dimensions, integer: true }),
    seed: fields.text('seed', /^[0-9a-f]{64}$/, '64 lower-case hexadecimal digits'),
    lambdas: fields.numbers('lambdas', points, { least: 0, most: MAX_LAMBDA }),
    budgetsUsd: fields.numbers('budgetsUsd', points, usd),
    costCapsUsd: fields.numbers('costCapsUsd', { least: models.length, most: models.length }, usd),
    propensities,
    ...(propensities === 'estimated' ? { strata: readStrata(fields, dimensions) } : {}),
    mostWeight: fields.number('mostWeight', { least: 1, most: 1e4, otherwise: 50 }),
  };
  fields.end();
  const { lambdas, budgetsUsd } = parameters;
  if (!isAscending(lambdas.toReversed())) fields.fail('lambdas', 'strictly descending', lambdas);
  if (!isAscending(budgetsUsd)) fields.fail('budgetsUsd', 'strictly ascending', budgetsUsd);
  return parameters;
}

function readStrata(fields: FieldReader, dimensions: number): KMeansModel {
  const strata = readAnyRouter(fields, 'strata');
  if (strata.kind !== 'kmeans') {
    return fields.fail(
      'strata',
      'the text of an artifact of a kmeans router',
      `one of a ${strata.kind} router`,
    );
  }
  if (strata.dimensions !== dimensions) {
    fields.fail('strata', `of ${dimensions} dimensions as the router`, strata.dimensions);
  }
  return strata;
}

function isAscending(values: readonly number[]): boolean {
  return values.every((value, i) => i === 0 || value > (values[i - 1] as number));
}

export function appendOffPolicyParameters(bytes: CanonicalBytes, parameters: OffPolicyParameters): void {
  appendPreviousRouter(bytes, parameters.router);
  bytes
    .text(parameters.seed)
    .float64s(Float64Array.from(parameters.lambdas))
    .float64s(Float64Array.from(parameters.budgetsUsd))
    .float64s(Float64Array.from(parameters.costCapsUsd))
    .text(parameters.propensities)
    .float64(parameters.mostWeight);
  if (parameters.strata !== undefined) appendPreviousRouter(bytes, parameters.strata);
}
