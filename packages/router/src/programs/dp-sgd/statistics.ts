/** The first sum: what each model did on average, blind to the query. Most of what a router knows is here, and steps only learn what is left. */
import { logCostOf } from '../../cost/log-cost.ts';
import { countedObservations, observationsGenerator, unitInterval } from '../../counted-observations.ts';
import type { Dataset } from '../../dataset.ts';
import { RouterError } from '../../errors.ts';
import type { RecordVector, SumPlan } from '../../program.ts';
import type { DpSgdParameters } from './parameters.ts';
import type { ModelMeans, StatisticsState } from './state.ts';

/**
 * Values per model: quality q and 1 - q, log cost z and 1 - z. Each pair counts observations, and a pair has a norm of at most 1 where (1, q) has up
 * to sqrt(2).
 */
const CELL = 4;
/** z^2 is told around the middle of the range, where it is a quarter at most. */
const MIDDLE = 0.5;
const LEAST_QUALITY = 0.01;

export function statisticsPlan({ parameters }: StatisticsState): SumPlan {
  const { unit, models, maxEvaluationsPerQuery: most } = parameters;
  const squares = most * MIDDLE * MIDDLE;
  const dimension = CELL * models.length + 1;
  return {
    unit,
    step: 'statistics',
    dimension,
    recordNorm: Math.sqrt(2 * most + squares * squares),
    recordMax: Math.max(1, squares),
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
      indices.set([start, start + 1, start + 2, start + 3], CELL * nth);
      values.set([quality, 1 - quality, z, 1 - z], CELL * nth);
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
  const quality = pulled(sum, 0, observations, noiseDeviation);
  const logCost = pulled(sum, 2, observations, noiseDeviation);
  return {
    observations,
    quality: quality.map((q) => Math.min(1 - LEAST_QUALITY, Math.max(LEAST_QUALITY, q))),
    logCost,
    logCostVariance: varianceOf(sum[CELL * count] as number, observations, logCost),
    units: Math.max(1, units),
  };
}

/** The shares first / (first + second) of a pair of values, pulled to their mean. */
function pulled(
  sum: Float64Array,
  first: 0 | 2,
  observations: Float64Array,
  noiseDeviation: number,
): Float64Array {
  let [total, weight] = [0, 0];
  const shares = observations.map((n, m) => {
    const part = sum[CELL * m + first] as number;
    const both = part + (sum[CELL * m + first + 1] as number);
    const share = both > 0 ? unitInterval(part / both) : MIDDLE;
    total += n * share;
    weight += n;
    return share;
  });
  const mean = weight > 0 ? total / weight : MIDDLE;
  const blurs = observations.map((n, m) => {
    const share = shares[m] as number;
    const noise = noiseDeviation * noiseDeviation * (share * share + (1 - share) * (1 - share));
    const chance = first === 0 ? Math.max(0.01, share * (1 - share)) : 0;
    return n > 0 ? (noise / n + chance) / n : 1;
  });
  let [spread, present] = [0, 0];
  observations.forEach((n, m) => {
    if (n === 0) return;
    spread += ((shares[m] as number) - mean) ** 2 - (blurs[m] as number);
    present += 1;
  });
  const between = present > 1 ? Math.max(0, spread / (present - 1)) : 0;
  return shares.map((share, m) => {
    const blur = blurs[m] as number;
    const kept = between + blur > 0 ? between / (between + blur) : 1;
    return mean + kept * (share - mean);
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
