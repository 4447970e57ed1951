/** The first sum: what each model did on average, blind to the query. Most of what a router knows is here, and steps only learn what is left. */
import { logCostOf } from '../../cost/log-cost.ts';
import { countedObservations, observationsGenerator, unitInterval } from '../../counted-observations.ts';
import type { Dataset } from '../../dataset.ts';
import { RouterError } from '../../errors.ts';
import type { RecordVector, SumPlan } from '../../program.ts';
import type { DpSgdParameters } from './parameters.ts';
import type { ModelMeans, StatisticsState } from './state.ts';

/**
 * Values per model: quality q and 1 - q, which together count observations with a norm of at most 1 where (1, q) has up to sqrt(2); and log cost
 * around the middle of its range, where it is a half at most.
 */
const CELL = 3;
const MIDDLE = 0.5;
/**
 * Log cost counts twice: the range of costs spans decades, so an error of z is an error of cost many times as large, and a router that takes
 * the cheapest model for another has nothing to offer to small budgets.
 */
const COST_WEIGHT = 2;
const LEAST_QUALITY = 0.01;

export function statisticsPlan({ parameters }: StatisticsState): SumPlan {
  const { unit, models, maxEvaluationsPerQuery: most } = parameters;
  const squares = most * MIDDLE * MIDDLE;
  const dimension = CELL * models.length + 1;
  return {
    unit,
    step: 'statistics',
    dimension,
    recordNorm: Math.sqrt(most * (1 + (COST_WEIGHT * MIDDLE) ** 2) + squares * squares),
    recordMax: Math.max(COST_WEIGHT * MIDDLE, squares),
    recordSupport: unit === 'organisation' ? dimension : CELL * most + 1,
  };
}

/** One vector per record; with the unit `organisation` their mean, which no number of records makes longer than the longest of them. */
export function* contributeToStatistics(
  { parameters }: StatisticsState,
  data: Dataset,
): Generator<RecordVector> {
  if (parameters.unit === 'record') {
    yield* recordVectors(parameters, data);
    return;
  }
  const length = CELL * parameters.models.length + 1;
  const values = new Float64Array(length);
  let records = 0;
  for (const vector of recordVectors(parameters, data)) {
    records += 1;
    for (let j = 0; j < vector.length; j++) {
      const at = vector.indices[j] as number;
      values[at] = (values[at] as number) + (vector.values[j] as number);
    }
  }
  if (records === 0) return;
  const indices = Uint32Array.from({ length }, (_, j) => j);
  yield { length, indices, values: values.map((value) => value / records) };
}

function* recordVectors(parameters: DpSgdParameters, data: Dataset): Generator<RecordVector> {
  const { models, maxEvaluationsPerQuery: most, seed } = parameters;
  const generator = observationsGenerator(seed);
  const indices = new Uint32Array(CELL * most + 1);
  const values = new Float64Array(CELL * most + 1);
  for (let i = 0; i < data.records; i++) {
    // Draws of its own: no record may change what another contributes.
    const observations = countedObservations(data, i, most, generator.fork(`record ${i}`));
    let squares = 0;
    observations.forEach((observation, nth) => {
      const start = CELL * (data.model[observation] as number);
      const quality = unitInterval(data.quality[observation] as number);
      const z = logCostOf(data.costUsd[observation] as number, parameters);
      indices.set([start, start + 1, start + 2], CELL * nth);
      values.set([quality, 1 - quality, COST_WEIGHT * (z - MIDDLE)], CELL * nth);
      squares += (z - MIDDLE) * (z - MIDDLE);
    });
    const last = CELL * observations.length;
    indices[last] = CELL * models.length;
    values[last] = squares;
    if (observations.length > 0) yield { length: last + 1, indices, values };
  }
}

/**
 * Quality and cost of each model, pulled towards the mean of all models by as much as noise and chance blur them (empirical Bayes). Where no model
 * has more observations than could be noise, all are taken as they are; the pull then leaves little of them.
 * @throws RouterError `NO_OBSERVATIONS`
 */
export function modelMeans(
  { parameters }: StatisticsState,
  sum: Float64Array,
  noiseDeviation: number,
): ModelMeans {
  const count = parameters.models.length;
  const counts = new Float64Array(count);
  const known: boolean[] = [];
  let units = 0;
  for (let m = 0; m < count; m++) {
    const n = (sum[CELL * m] as number) + (sum[CELL * m + 1] as number);
    units += n;
    counts[m] = Math.max(0, n);
    known.push(n >= Math.max(0.5, 2 * noiseDeviation * Math.SQRT2));
  }
  if (noiseDeviation === 0 && !known.includes(true)) {
    throw new RouterError(
      'NO_OBSERVATIONS',
      'no survivor observed any model; the records hold no evaluations',
    );
  }
  const some = known.includes(true);
  const observations = counts.map((n, m) => (known[m] === true ? n : some ? 0 : Math.max(1, n)));
  const quality = pulledQuality(sum, observations, noiseDeviation);
  const logCost = pulledCost(sum, observations, noiseDeviation);
  return {
    observations,
    quality: quality.map((q) => Math.min(1 - LEAST_QUALITY, Math.max(LEAST_QUALITY, q))),
    logCost,
    logCostVariance: varianceOf(sum[CELL * count] as number, observations, logCost),
    units: Math.max(1, units),
  };
}

function pulledQuality(sum: Float64Array, observations: Float64Array, noiseDeviation: number): Float64Array {
  const shares = observations.map((n, m) =>
    n > 0 ? unitInterval(Math.max(0, sum[CELL * m] as number) / n) : MIDDLE,
  );
  const blurs = observations.map((n, m) => {
    const share = shares[m] as number;
    const noise = noiseDeviation * noiseDeviation * (share * share + (1 - share) * (1 - share));
    return (noise / n + Math.max(LEAST_QUALITY, share * (1 - share))) / n;
  });
  return pulled(shares, blurs, observations);
}

function pulledCost(sum: Float64Array, observations: Float64Array, noiseDeviation: number): Float64Array {
  const costs = observations.map((n, m) =>
    n > 0 ? unitInterval(MIDDLE + (sum[CELL * m + 2] as number) / (COST_WEIGHT * n)) : MIDDLE,
  );
  const blurs = observations.map((n) => (noiseDeviation / (COST_WEIGHT * n)) ** 2);
  return pulled(costs, blurs, observations);
}

/**
 * Estimates of all models, each pulled to their mean: by all of the way where models differ by no more than their estimates are blurred, not at all
 * where these are sharp.
 * @param blurs variances of the estimates; what nobody observed has none
 */
function pulled(estimates: Float64Array, blurs: Float64Array, observations: Float64Array): Float64Array {
  let [total, weight, present] = [0, 0, 0];
  estimates.forEach((estimate, m) => {
    const n = observations[m] as number;
    total += n * estimate;
    weight += n;
    if (n > 0) present += 1;
  });
  const mean = weight > 0 ? total / weight : MIDDLE;
  let spread = 0;
  estimates.forEach((estimate, m) => {
    if ((observations[m] as number) > 0) spread += (estimate - mean) ** 2 - (blurs[m] as number);
  });
  const between = present > 1 ? Math.max(0, spread / (present - 1)) : 0;
  return estimates.map((estimate, m) => {
    const blur = (observations[m] as number) > 0 ? (blurs[m] as number) : Number.POSITIVE_INFINITY;
    const kept = between === 0 ? (blur === 0 ? 1 : 0) : between / (between + blur);
    return mean + kept * (estimate - mean);
  });
}

/** Of log cost around the mean of its model, over all observations. */
function varianceOf(squares: number, observations: Float64Array, logCost: Float64Array): number {
  let [n, between] = [0, 0];
  observations.forEach((count, m) => {
    n += count;
    between += count * ((logCost[m] as number) - MIDDLE) ** 2;
  });
  return n > 0 ? unitInterval((squares - between) / n) : 0;
}
