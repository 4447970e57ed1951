/** What the models did in each cluster: the last sum of a run, and the tables that come of it. */
import type { KMeansModel } from '../../artifact/model.ts';
import { logCostOf } from '../../cost/log-cost.ts';
import { countedObservations, observationsGenerator, unitInterval } from '../../counted-observations.ts';
import type { Dataset } from '../../dataset.ts';
import { RouterError } from '../../errors.ts';
import { nearestCentreOf } from '../../linalg/nearest-centre.ts';
import type { RecordVector, SumPlan } from '../../program.ts';
import { notFinite } from './clustering.ts';
import type { KMeansParameters } from './parameters.ts';
import { type Cell, estimateKappa } from './shrinkage.ts';
import type { StatisticsState } from './state.ts';

/** Values per (cluster, model): number, quality and log cost z of the observations. */
export const CELL = 3;
/** Values that one observation adds: its cell, and z^2 of its model. */
const PER_OBSERVATION = CELL + 1;

/**
 * First the cells, row-major per (cluster, model); then the squares of z, one per model. One square per model is enough to
 * predict mean costs: on the public outputs of 14 models on MMLU-Pro, predicted over realised cost is 0.83 on average (0.63 for the
 * model with the most varied answers) from means of z alone, 0.94 with a variance per model, 0.96 with one per cell.
 */
function squaresStart({ clusters, models }: KMeansParameters): number {
  return clusters * models.length * CELL;
}

export function statisticsPlan({ parameters }: StatisticsState): SumPlan {
  const support = PER_OBSERVATION * parameters.maxEvaluationsPerQuery;
  return {
    step: 'statistics',
    dimension: squaresStart(parameters) + parameters.models.length,
    recordNorm: Math.sqrt(support),
    recordMax: 1,
    recordSupport: support,
  };
}

/** A record adds 1, quality and z in the cell of each model that was observed on it, and z^2 at the model. */
export function* contributeToStatistics(state: StatisticsState, data: Dataset): Generator<RecordVector> {
  const { parameters, centres } = state;
  const { dimensions, models, maxEvaluationsPerQuery, seed } = parameters;
  const nearest = nearestCentreOf(centres, dimensions);
  const generator = observationsGenerator(seed);
  const indices = new Uint32Array(PER_OBSERVATION * maxEvaluationsPerQuery);
  const values = new Float64Array(PER_OBSERVATION * maxEvaluationsPerQuery);
  const squares = squaresStart(parameters);
  for (let i = 0; i < data.records; i++) {
    const cluster = nearest.find(data.features, i * dimensions);
    if (cluster < 0) throw notFinite(i);
    const observations = countedObservations(data, i, maxEvaluationsPerQuery, generator);
    observations.forEach((observation, nth) => {
      const model = data.model[observation] as number;
      const z = logCostOf(data.costUsd[observation] as number, parameters);
      const at = nth * CELL;
      const cell = CELL * (cluster * models.length + model);
      for (let field = 0; field < CELL; field++) indices[at + field] = cell + field;
      values[at] = 1;
      values[at + 1] = unitInterval(data.quality[observation] as number);
      values[at + 2] = z;
      indices[observations.length * CELL + nth] = squares + model;
      values[observations.length * CELL + nth] = z * z;
    });
    yield { length: observations.length * PER_OBSERVATION, indices, values };
  }
}

/**
 * The router that the statistics give. Every cell shrinks to what its model does on average and how much harder
 * or dearer than average its cluster is, over all models: (sum + kappa * expected) / (n + kappa). Shrinking to the model's mean alone makes a model that
 * is rarely seen in a hard cluster look better there than those that are known to struggle: on MMLU-Pro with 14 models the cost of 97 % of the best
 * quality is then 0.65 of the best single model's instead of 0.57 (means of 20 partitions). How far, the sums themselves say where kappa is
 * to be estimated: of quality about 80 observations on MMLU-Pro, where models are good at the same things, and 3 on specialists.
 * @throws RouterError `NO_OBSERVATIONS`
 */
export function kmeansModelOf({ parameters, centres }: StatisticsState, sum: Float64Array): KMeansModel {
  const { models, dimensions, clusters, costMinUsd, costMaxUsd } = parameters;
  const cells = clusters * models.length;
  const observations = new Float64Array(cells);
  const quality = new Float64Array(cells);
  const logCost = new Float64Array(cells);
  const logCostVariance = new Float64Array(models.length);
  const means = models.map((_, m) => meansOf(sum, m, cells, models.length));
  const effects = Array.from({ length: clusters }, (_, k) => clusterEffect(sum, k, means));
  const kappa = kappasOf(parameters, sum, means, effects);
  let observed = false;
  means.forEach((mean, m) => {
    if (mean === undefined) return;
    observed = true;
    let between = 0;
    effects.forEach((effect, k) => {
      const cell = k * models.length + m;
      const n = Math.max(0, sum[CELL * cell] as number);
      const z = sum[CELL * cell + 2] as number;
      if (n >= 0.5) between += (z * z) / n;
      observations[cell] = n;
      const right = sum[CELL * cell + 1] as number;
      quality[cell] = shrunk(right, n, mean.quality + effect.quality, kappa.quality);
      logCost[cell] = shrunk(z, n, mean.z + effect.z, kappa.z);
    });
    const squares = sum[squaresStart(parameters) + m] as number;
    logCostVariance[m] = unitInterval((squares - between) / mean.n);
  });
  if (!observed) {
    throw new RouterError(
      'NO_OBSERVATIONS',
      'no survivor observed any model; the records hold no evaluations',
    );
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
    kappa: { quality: kappa.quality, logCost: kappa.z },
    logCostVariance,
    costMinUsd,
    costMaxUsd,
  };
}

interface Means {
  readonly n: number;
  readonly quality: number;
  readonly z: number;
}

/** Of all observations of a model; undefined where there are none. */
function meansOf(sum: Float64Array, model: number, cells: number, stride: number): Means | undefined {
  let [n, quality, z] = [0, 0, 0];
  for (let cell = model; cell < cells; cell += stride) {
    n += sum[CELL * cell] as number;
    quality += sum[CELL * cell + 1] as number;
    z += sum[CELL * cell + 2] as number;
  }
  return n < 0.5 ? undefined : { n, quality: quality / n, z: z / n };
}

interface Effect {
  readonly quality: number;
  readonly z: number;
}

/** How far the observations in a cluster lie from their models' means, on average; 0 where it has none. */
function clusterEffect(sum: Float64Array, cluster: number, means: readonly (Means | undefined)[]): Effect {
  let [n, quality, z] = [0, 0, 0];
  means.forEach((mean, m) => {
    if (mean === undefined) return;
    const at = CELL * (cluster * means.length + m);
    const here = Math.max(0, sum[at] as number);
    n += here;
    quality += (sum[at + 1] as number) - here * mean.quality;
    z += (sum[at + 2] as number) - here * mean.z;
  });
  return n < 0.5 ? { quality: 0, z: 0 } : { quality: quality / n, z: z / n };
}

/** As the run says, or as its sums do. */
function kappasOf(
  parameters: KMeansParameters,
  sum: Float64Array,
  means: readonly (Means | undefined)[],
  effects: readonly Effect[],
): Effect {
  if (parameters.kappa !== 'estimated') return { quality: parameters.kappa, z: parameters.kappa };
  const qualities: Cell[] = [];
  const costs: Cell[] = [];
  const clusters = new Set<number>();
  let [withinQuality, withinCost] = [0, 0];
  means.forEach((mean, m) => {
    if (mean === undefined) return;
    withinCost += sum[squaresStart(parameters) + m] as number;
    effects.forEach((effect, k) => {
      const at = CELL * (k * means.length + m);
      const n = sum[at] as number;
      if (n < 0.5) return;
      const right = (sum[at + 1] as number) / n;
      const z = (sum[at + 2] as number) / n;
      qualities.push({ n, excess: right - unitInterval(mean.quality + effect.quality) });
      costs.push({ n, excess: z - unitInterval(mean.z + effect.z) });
      // Exact where quality is 0 or 1, and an upper bound where it is graded.
      withinQuality += n * right * (1 - right);
      withinCost -= n * z * z;
      clusters.add(k);
    });
  });
  const fitted = means.filter((mean) => mean !== undefined).length + clusters.size - 1;
  return {
    quality: estimateKappa(qualities, withinQuality, fitted),
    z: estimateKappa(costs, withinCost, fitted),
  };
}

function shrunk(sum: number, n: number, prior: number, kappa: number): number {
  const within = unitInterval(prior);
  return unitInterval(n + kappa > 0 ? (sum + kappa * within) / (n + kappa) : within);
}
