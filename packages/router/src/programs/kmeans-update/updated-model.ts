/** The tables after an update: cells of known models take what was observed as further observations, new models get columns. */
import type { KMeansModel } from '../../artifact/model.ts';
import { observedModels } from '../../artifact/predictor.ts';
import { unitInterval } from '../../counted-observations.ts';
import { RouterError } from '../../errors.ts';
import { type Cell, estimateKappa } from '../kmeans/shrinkage.ts';
import { CELL } from '../kmeans/statistics.ts';
import { unionOfModels } from '../previous-router.ts';
import type { KMeansUpdateParameters } from './parameters.ts';

/** The two things that tables say of a cell. */
type Table = 'quality' | 'logCost';
const TABLES: readonly Table[] = ['quality', 'logCost'];

/** @throws RouterError `NO_OBSERVATIONS` */
export function updatedModel(parameters: KMeansUpdateParameters, sum: Float64Array): KMeansModel {
  const { router, models } = parameters;
  const names = unionOfModels(router, models);
  const known = observedModels(router);
  const updated: KMeansModel = {
    ...router,
    models: names,
    observations: widened(router.observations, router, names.length),
    quality: widened(router.quality, router, names.length),
    logCost: widened(router.logCost, router, names.length),
    logCostVariance: Float64Array.from(names, (_, m) => router.logCostVariance[m] ?? 0),
  };
  const columns = models.map((name, source) => columnOf(sum, source, parameters, names.indexOf(name)));
  if (!columns.some(({ total }) => total >= 0.5)) {
    throw new RouterError(
      'NO_OBSERVATIONS',
      'no survivor observed any model; the records hold no evaluations',
    );
  }
  const fresh = columns.filter(({ target, total }) => known[target] !== true && total >= 0.5);
  for (const column of columns) {
    if (known[column.target] === true) addObservations(updated, column);
  }
  for (const table of TABLES) fillColumns(updated, router, fresh, table, parameters.kappa);
  for (const column of columns) {
    updateVariance(updated, column);
    column.counts.forEach((n, k) => {
      const cell = k * names.length + column.target;
      updated.observations[cell] = (updated.observations[cell] as number) + n;
    });
  }
  return updated;
}

/** The statistics of one model. */
interface Column {
  /** Its place in the tables. */
  readonly target: number;
  /** Observations per cluster, none below 0. */
  readonly counts: Float64Array;
  readonly total: number;
  /** Per cluster the sums of quality and of log cost. */
  readonly sums: Readonly<Record<Table, Float64Array>>;
  /** Over all observations, their squared distance from the mean of their cell; of quality an upper bound. */
  readonly within: Readonly<Record<Table, number>>;
}

function columnOf(
  sum: Float64Array,
  source: number,
  { models, router: { clusters } }: KMeansUpdateParameters,
  target: number,
): Column {
  const field = (at: number): Float64Array =>
    Float64Array.from(
      { length: clusters },
      (_, k) => sum[CELL * (k * models.length + source) + at] as number,
    );
  const counts = field(0).map((n) => Math.max(0, n));
  const [quality, logCost] = [field(1), field(2)];
  const squaresOfMeans = (sums: Float64Array): number =>
    counts.reduce((total, n, k) => (n < 0.5 ? total : total + (sums[k] as number) ** 2 / n), 0);
  const squares = sum[CELL * clusters * models.length + source] as number;
  return {
    target,
    counts,
    total: counts.reduce((a, b) => a + b),
    sums: { quality, logCost },
    within: {
      // As if every quality were 0 or 1.
      quality: Math.max(0, quality.reduce((a, b) => a + b) - squaresOfMeans(quality)),
      logCost: Math.max(0, squares - squaresOfMeans(logCost)),
    },
  };
}

/** Room for more models in every row. */
function widened(table: Float64Array, { models, clusters }: KMeansModel, width: number): Float64Array {
  const wide = new Float64Array(clusters * width);
  for (let k = 0; k < clusters; k++) {
    wide.set(table.subarray(k * models.length, (k + 1) * models.length), k * width);
  }
  return wide;
}

/** A cell is (sum + kappa * expected) / (n + kappa): so are its old value, of weight n + kappa, and what is new, in one. */
function addObservations(updated: KMeansModel, { target, counts, sums }: Column): void {
  counts.forEach((n, k) => {
    const cell = k * updated.models.length + target;
    for (const name of TABLES) {
      const before = (updated.observations[cell] as number) + updated.kappa[name];
      const value = before * (updated[name][cell] as number) + (sums[name][k] as number);
      if (n >= 0.5) updated[name][cell] = unitInterval(value / (before + n));
    }
  });
}

/** Shrinks a new model's cells, as at first, to its mean and the effect of the cluster, which the models before it have shown. */
function fillColumns(
  updated: KMeansModel,
  router: KMeansModel,
  fresh: readonly Column[],
  name: Table,
  kappa: number | 'estimated',
): void {
  const effects = clusterEffects(router, router[name]);
  const means = fresh.map(({ counts, total, sums }) => {
    const level = effects.reduce(
      (sum, effect, k) => sum + (sums[name][k] as number) - (counts[k] as number) * effect,
      0,
    );
    return level / total;
  });
  const weight = kappa === 'estimated' ? kappaOf(fresh, means, effects, name) : kappa;
  fresh.forEach(({ target, counts, sums }, i) => {
    effects.forEach((effect, k) => {
      const n = counts[k] as number;
      const expected = unitInterval((means[i] as number) + effect);
      const value =
        n + weight > 0 ? ((sums[name][k] as number) + weight * expected) / (n + weight) : expected;
      updated[name][k * updated.models.length + target] = unitInterval(value);
    });
  });
}

/** How far cells of a cluster lie from their models' means, by their observations. */
function clusterEffects({ models, clusters, observations }: KMeansModel, table: Float64Array): Float64Array {
  const totals = new Float64Array(models.length);
  const means = new Float64Array(models.length);
  observations.forEach((n, cell) => {
    const m = cell % models.length;
    totals[m] = (totals[m] as number) + n;
    means[m] = (means[m] as number) + n * (table[cell] as number);
  });
  return Float64Array.from({ length: clusters }, (_, k) => {
    let [n, excess] = [0, 0];
    for (let m = 0; m < models.length; m++) {
      const here = observations[k * models.length + m] as number;
      if (here === 0) continue;
      n += here;
      excess +=
        here * ((table[k * models.length + m] as number) - (means[m] as number) / (totals[m] as number));
    }
    return n < 0.5 ? 0 : excess / n;
  });
}

function kappaOf(
  fresh: readonly Column[],
  means: readonly number[],
  effects: Float64Array,
  name: Table,
): number {
  const cells: Cell[] = [];
  const within = fresh.reduce((total, column) => total + column.within[name], 0);
  fresh.forEach(({ counts, sums }, i) => {
    counts.forEach((n, k) => {
      if (n < 0.5) return;
      const value = (sums[name][k] as number) / n;
      cells.push({ n, excess: value - unitInterval((means[i] as number) + (effects[k] as number)) });
    });
  });
  return estimateKappa(cells, within, fresh.length);
}

/** Around the cells' means, over the observations before, which the tables still count, and those of this sum. */
function updateVariance(updated: KMeansModel, { target, total, within }: Column): void {
  if (total < 0.5) return;
  let before = 0;
  for (let cell = target; cell < updated.observations.length; cell += updated.models.length) {
    before += updated.observations[cell] as number;
  }
  const spread = within.logCost + before * (updated.logCostVariance[target] as number);
  updated.logCostVariance[target] = unitInterval(spread / (before + total));
}
