/**
 * What the models did in each cluster, asked for in as few numbers as a router needs, because every number pays for its noise with the
 * same budget: whether an observation was good or bad per (cluster, model), its cost per model alone.
 */
import type { KMeansModel } from '../../artifact/model.ts';
import { logCostOf } from '../../cost/log-cost.ts';
import { countedObservations, observationsGenerator, unitInterval } from '../../counted-observations.ts';
import type { Dataset } from '../../dataset.ts';
import { RouterError } from '../../errors.ts';
import { nearestCentreOf } from '../../linalg/nearest-centre.ts';
import type { RecordVector, SumPlan } from '../../program.ts';
import { notFinite } from './clustering.ts';
import type { KMeansParameters } from './parameters.ts';
import type { StatisticsState } from './state.ts';

/**
 * Values per (cluster, model): quality q and 1 - q. Together they count observations, and an observation of quality 0 or 1 is a vector
 * of length 1 where (1, q) would have length up to sqrt(2), so the same budget puts less noise on each.
 */
const CELL = 2;
/** Values per model: log cost z and 1 - z, which give their mean without the counts of all its cells and the noise on them. */
const COSTS = 2;
/** z^2 is told around the middle of the range, where it is a quarter at most. */
const MIDDLE = 0.5;
/** Shrinkage in standard deviations of the noise on one value. */
const KAPPA_PER_DEVIATION = 8;

function costsStart({ clusters, models }: KMeansParameters): number {
  return clusters * models.length * CELL;
}

/**
 * First the cells, row-major per (cluster, model), then the costs per model, then (z - 1/2)^2 over all models: a variance per model would
 * drown in its noise.
 */
export function noisyStatisticsPlan({ parameters }: StatisticsState): SumPlan {
  const { maxEvaluationsPerQuery: most, models } = parameters;
  const squares = most * MIDDLE * MIDDLE;
  return {
    step: 'statistics',
    dimension: costsStart(parameters) + COSTS * models.length + 1,
    recordNorm: Math.sqrt(2 * most + squares * squares),
    recordMax: Math.max(1, squares),
    recordSupport: (CELL + COSTS) * most + 1,
  };
}

/** Every observation adds its quality in the cell of its cluster and model, its cost at its model. */
export function* contributeToNoisyStatistics(state: StatisticsState, data: Dataset): Generator<RecordVector> {
  const { parameters, centres } = state;
  const { dimensions, models, maxEvaluationsPerQuery, seed } = parameters;
  const nearest = nearestCentreOf(centres, dimensions);
  const generator = observationsGenerator(seed);
  const indices = new Uint32Array((CELL + COSTS) * maxEvaluationsPerQuery + 1);
  const values = new Float64Array((CELL + COSTS) * maxEvaluationsPerQuery + 1);
  const costs = costsStart(parameters);
  for (let i = 0; i < data.records; i++) {
    const cluster = nearest.find(data.features, i * dimensions);
    if (cluster < 0) throw notFinite(i);
    const observations = countedObservations(data, i, maxEvaluationsPerQuery, generator);
    let squares = 0;
    observations.forEach((observation, nth) => {
      const model = data.model[observation] as number;
      const quality = unitInterval(data.quality[observation] as number);
      const z = logCostOf(data.costUsd[observation] as number, parameters);
      const cell = CELL * (cluster * models.length + model);
      indices.set([cell, cell + 1], CELL * nth);
      values.set([quality, 1 - quality], CELL * nth);
      const place = CELL * observations.length + COSTS * nth;
      const cost = costs + COSTS * model;
      indices.set([cost, cost + 1], place);
      values.set([z, 1 - z], place);
      squares += (z - MIDDLE) * (z - MIDDLE);
    });
    const last = (CELL + COSTS) * observations.length;
    indices[last] = costs + COSTS * models.length;
    values[last] = squares;
    yield { length: last + 1, indices, values };
  }
}

/** What is known of one model over all clusters. */
interface ModelTotals {
  readonly n: number;
  readonly quality: number;
  readonly z: number;
}

/**
 * The router that noisy statistics give. Quality in a cell shrinks to what its model does on average and how much harder than average its
 * cluster is; cost is that of the model in every cell. A model with fewer observations than could be told from noise counts as unobserved.
 * @throws RouterError `NO_OBSERVATIONS`
 */
export function noisyKMeansModelOf(
  { parameters, centres }: StatisticsState,
  sum: Float64Array,
  noiseDeviation: number,
): KMeansModel {
  const { models, dimensions, clusters, costMinUsd, costMaxUsd } = parameters;
  const least = parameters.kappa === 'estimated' ? 0 : parameters.kappa;
  const kappa = Math.max(least, KAPPA_PER_DEVIATION * noiseDeviation);
  const totals = models.map((_, m) => totalsOf(parameters, sum, m, noiseDeviation));
  if (totals.every((total) => total === undefined)) {
    throw new RouterError('NO_OBSERVATIONS', 'no model has more observations than could be noise');
  }
  const cells = clusters * models.length;
  const observations = new Float64Array(cells);
  const quality = new Float64Array(cells);
  const logCost = new Float64Array(cells);
  const logCostVariance = new Float64Array(models.length).fill(varianceOf(parameters, sum, totals));
  for (let k = 0; k < clusters; k++) {
    const effect = clusterEffect(sum, k, totals, kappa);
    totals.forEach((total, m) => {
      if (total === undefined) return;
      const cell = k * models.length + m;
      const { n, good } = cellOf(sum, cell);
      observations[cell] = n;
      const prior = unitInterval(total.quality + effect);
      const weight = n + kappa;
      quality[cell] = weight > 0 ? unitInterval((good + kappa * prior) / weight) : prior;
      logCost[cell] = total.z;
    });
  }
  return {
    kind: 'kmeans',
    models,
    dimensions,
    clusters,
    centres,
    observations,
    quality,
    logCost,
    kappa: { quality: kappa, logCost: kappa },
    logCostVariance,
    costMinUsd,
    costMaxUsd,
  };
}

/** A number of observations is never negative, and no more of them are good than there are. */
function cellOf(sum: Float64Array, cell: number): { readonly n: number; readonly good: number } {
  const good = sum[CELL * cell] as number;
  const n = Math.max(0, good + (sum[CELL * cell + 1] as number));
  return { n, good: Math.min(n, Math.max(0, good)) };
}

function totalsOf(
  parameters: KMeansParameters,
  sum: Float64Array,
  model: number,
  noiseDeviation: number,
): ModelTotals | undefined {
  const { clusters, models } = parameters;
  let [n, good] = [0, 0];
  for (let k = 0; k < clusters; k++) {
    const at = CELL * (k * models.length + model);
    good += sum[at] as number;
    n += (sum[at] as number) + (sum[at + 1] as number);
  }
  if (n < Math.max(0.5, 2 * noiseDeviation * Math.sqrt(CELL * clusters))) return undefined;
  const at = costsStart(parameters) + COSTS * model;
  const z = sum[at] as number;
  const weight = z + (sum[at + 1] as number);
  return { n, quality: unitInterval(good / n), z: weight > 0 ? unitInterval(z / weight) : MIDDLE };
}

/** Of log cost around the mean of its model, over all observations. */
function varianceOf(
  parameters: KMeansParameters,
  sum: Float64Array,
  totals: readonly (ModelTotals | undefined)[],
): number {
  let [n, between] = [0, 0];
  for (const total of totals) {
    if (total === undefined) continue;
    n += total.n;
    between += total.n * (total.z - MIDDLE) * (total.z - MIDDLE);
  }
  const squares = sum[costsStart(parameters) + COSTS * totals.length] as number;
  return unitInterval((squares - between) / n);
}

/** How far the quality in a cluster lies from what its models do on average; shrunk to 0 like every other estimate. */
function clusterEffect(
  sum: Float64Array,
  cluster: number,
  totals: readonly (ModelTotals | undefined)[],
  kappa: number,
): number {
  let [n, excess] = [0, 0];
  totals.forEach((total, m) => {
    if (total === undefined) return;
    const cell = cellOf(sum, cluster * totals.length + m);
    n += cell.n;
    excess += cell.good - cell.n * total.quality;
  });
  return n + kappa > 0 ? excess / (n + kappa) : 0;
}
