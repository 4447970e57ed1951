/**
 * How likely choices were, where logs do not say: how often each model was chosen in each stratum of queries, as one sum, and how often the organisation itself
 * chose it in the same context, which it counts at home.
 */
import type { KMeansModel } from '../../artifact/model.ts';
import { countedObservations, observationsGenerator } from '../../counted-observations.ts';
import type { Dataset } from '../../dataset.ts';
import { nearestCentreOf } from '../../linalg/nearest-centre.ts';
import type { RecordVector, SumPlan } from '../../program.ts';
import { notFinite } from '../kmeans/clustering.ts';
import type { OffPolicyParameters } from './parameters.ts';

/** Records that the frequency of a model over all strata counts for in each of them. */
const PRIOR_RECORDS = 5;
/** Records that the stratum's frequencies count for in each of an organisation's own contexts. */
const STRATUM_RECORDS = 10;

/** The stratum of a record of `data`. */
export function strataOf(
  { centres, dimensions }: KMeansModel,
  { features }: Dataset,
): (record: number) => number {
  const nearest = nearestCentreOf(centres, dimensions);
  return (record) => {
    const stratum = nearest.find(features, record * dimensions);
    if (stratum < 0) throw notFinite(record);
    return stratum;
  };
}

export function propensitiesPlan({ models }: OffPolicyParameters, strata: KMeansModel): SumPlan {
  return {
    step: 'propensities',
    dimension: strata.clusters * models.length,
    recordNorm: 1,
    recordMax: 1,
    recordSupport: 1,
  };
}

export function* contributeToPropensities(
  { models, seed }: OffPolicyParameters,
  strata: KMeansModel,
  data: Dataset,
): Generator<RecordVector> {
  const stratumOf = strataOf(strata, data);
  const generator = observationsGenerator(seed);
  const indices = new Uint32Array(1);
  const values = Float64Array.of(1);
  for (let i = 0; i < data.records; i++) {
    const [observation] = countedObservations(data, i, 1, generator);
    if (observation === undefined) continue;
    indices[0] = stratumOf(i) * models.length + (data.model[observation] as number);
    yield { length: 1, indices, values };
  }
}

/**
 * The propensity of an observation that counts, by record and observation: how often the other records of its context, by default of its stratum, have its
 * model at this organisation, shrunk to how often those of the stratum have it at all. The record itself is left out: counted, it would make
 * whatever was chosen look likelier than it was, rare choices most, which would then weigh too little.
 *
 * A record's weight thus depends on others of its context: leaving one out changes more of a sum than its own vector.
 * @param table of `propensityTable`
 */
export function estimatedPropensities(
  { models, seed }: OffPolicyParameters,
  strata: KMeansModel,
  table: Float64Array,
  data: Dataset,
): (record: number, observation: number) => number {
  const { contexts } = data;
  const stratumOf = strataOf(strata, data);
  const contextOf = contexts === undefined ? stratumOf : (record: number) => contexts[record] as number;
  const counts = new Map<number, { readonly chosen: Float64Array; records: number }>();
  const generator = observationsGenerator(seed);
  for (let i = 0; i < data.records; i++) {
    const [observation] = countedObservations(data, i, 1, generator);
    if (observation === undefined) continue;
    const context = contextOf(i);
    const count = counts.get(context) ?? { chosen: new Float64Array(models.length), records: 0 };
    counts.set(context, count);
    const model = data.model[observation] as number;
    count.chosen[model] = (count.chosen[model] as number) + 1;
    count.records += 1;
  }
  return (record, observation) => {
    const model = data.model[observation] as number;
    const anywhere = table[stratumOf(record) * models.length + model] as number;
    const count = counts.get(contextOf(record));
    if (count === undefined) return anywhere;
    const alike = (count.chosen[model] as number) - 1;
    return (alike + STRATUM_RECORDS * anywhere) / (count.records - 1 + STRATUM_RECORDS);
  };
}

/** Frequencies per (stratum, model), shrunk to those over all strata: above 0 wherever the model was chosen at all. */
export function propensityTable(sum: Float64Array, models: number): Float64Array {
  const strata = sum.length / models;
  const counts = sum.map((count) => Math.max(0, count));
  const overall = new Float64Array(models);
  const sizes = new Float64Array(strata);
  counts.forEach((count, cell) => {
    const stratum = Math.floor(cell / models);
    overall[cell % models] = (overall[cell % models] as number) + count;
    sizes[stratum] = (sizes[stratum] as number) + count;
  });
  const total = Math.max(
    1,
    sizes.reduce((all, size) => all + size, 0),
  );
  return counts.map((count, cell) => {
    const frequency = (overall[cell % models] as number) / total;
    return (
      (count + PRIOR_RECORDS * frequency) / ((sizes[Math.floor(cell / models)] as number) + PRIOR_RECORDS)
    );
  });
}
