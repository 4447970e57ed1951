import { chooseModel } from '../../artifact/choose.ts';
import { emptyPrediction } from '../../artifact/prediction.ts';
import { createPredictor } from '../../artifact/predictor.ts';
import { countedObservations, observationsGenerator, unitInterval } from '../../counted-observations.ts';
import type { Dataset } from '../../dataset.ts';
import { RouterError } from '../../errors.ts';
import type { OffPolicyParameters } from './parameters.ts';
import { estimatedPropensities } from './propensities.ts';

/** One record beside what the policies would have done with it. Reused from record to record. */
export interface JudgedRecord {
  /** The model that was observed. */
  model: number;
  quality: number;
  /** At most the model's cap. */
  costUsd: number;
  /** The inverse of how likely the observation was, at most `mostWeight`. */
  weight: number;
  /** What each policy would have chosen. */
  readonly chosen: Uint16Array;
  /** What the router predicts of each model; costs at most their caps. */
  readonly predicted: { readonly quality: Float64Array; readonly costUsd: Float64Array };
}

/**
 * The records of a dataset that have an observation.
 * @param table propensities per (stratum, model), where they are estimated
 * @throws RouterError `BAD_DATASET`
 */
export function* judgedRecords(
  parameters: OffPolicyParameters,
  table: Float64Array | undefined,
  data: Dataset,
): Generator<JudgedRecord> {
  const { router, models, dimensions, lambdas, costCapsUsd, seed } = parameters;
  const predictor = createPredictor(router);
  const generator = observationsGenerator(seed);
  const inverse = inversePropensities(parameters, table, data);
  const predicted = emptyPrediction(models.length);
  const record: JudgedRecord = {
    model: 0,
    quality: 0,
    costUsd: 0,
    weight: 0,
    chosen: new Uint16Array(lambdas.length),
    predicted,
  };
  for (let i = 0; i < data.records; i++) {
    const [observation] = countedObservations(data, i, 1, generator);
    if (observation === undefined) continue;
    predict(predictor, data.features.subarray(i * dimensions, (i + 1) * dimensions), predicted, i);
    lambdas.forEach((lambda, j) => {
      record.chosen[j] = chooseModel(predicted.quality, predicted.costUsd, 0, models.length, lambda);
    });
    costCapsUsd.forEach((cap, m) => {
      predicted.costUsd[m] = Math.min(cap, predicted.costUsd[m] as number);
    });
    const model = data.model[observation] as number;
    record.model = model;
    record.quality = unitInterval(data.quality[observation] as number);
    record.costUsd = costCapsUsd[model] as number;
    const cost = data.costUsd[observation] as number;
    if (!(cost >= record.costUsd)) record.costUsd = cost > 0 ? cost : 0;
    record.weight = Math.min(parameters.mostWeight, inverse(i, observation));
    yield record;
  }
}

function predict(
  predictor: ReturnType<typeof createPredictor>,
  features: Float32Array,
  into: JudgedRecord['predicted'],
  record: number,
): void {
  try {
    predictor.predict(features, into);
  } catch (error) {
    if (!(error instanceof RouterError)) throw error;
    throw new RouterError('BAD_DATASET', `dataset.features of record ${record}: ${error.message}`);
  }
}

/** One over the propensity of an observation, by record and observation. */
function inversePropensities(
  parameters: OffPolicyParameters,
  table: Float64Array | undefined,
  data: Dataset,
): (record: number, observation: number) => number {
  const { propensities, models, strata } = parameters;
  if (propensities === 'uniform') return () => models.length;
  if (propensities === 'estimated' && table !== undefined && strata !== undefined) {
    const propensityOf = estimatedPropensities(parameters, strata, table, data);
    return (record, observation) => 1 / propensityOf(record, observation);
  }
  const { propensity } = data;
  if (propensity === undefined) {
    throw new RouterError(
      'BAD_DATASET',
      "dataset.propensity is missing: the logs do not say how likely their choices were; take propensities 'estimated'",
    );
  }
  return (_, observation) => 1 / (propensity[observation] as number);
}
