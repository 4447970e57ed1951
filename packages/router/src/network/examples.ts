import { type CostBounds, logCostOf } from '../cost/log-cost.ts';
import { countedObservations, unitInterval } from '../counted-observations.ts';
import type { Dataset } from '../dataset.ts';
import { RouterError } from '../errors.ts';
import { fillUnitBallPoint } from '../linalg/unit-ball.ts';
import type { SeededGenerator } from '../random/generator.ts';
import { type CostScaler, scaledCost } from './cost-scaler.ts';

/** What the network learns from: records with at least one observation of a known model, and the targets of its heads. */
export interface Examples {
  readonly records: number;
  /** Row-major, each row in the unit ball. */
  readonly features: Float32Array;
  /** Observations of record i are at `offsets[i] .. offsets[i + 1]`. */
  readonly offsets: Uint32Array;
  readonly model: Uint16Array;
  /** In [0, 1]. */
  readonly quality: Float64Array;
  /** Scaled cost in [-3, 3]. */
  readonly cost: Float64Array;
}

export interface ExampleOptions {
  readonly bounds: CostBounds;
  readonly scaler: CostScaler;
  readonly maxEvaluationsPerQuery: number;
  /** Draws which observations count where a record has more. */
  readonly generator: SeededGenerator;
}

/** @throws RouterError `BAD_DATASET` where a feature is not finite */
export function examplesOf(data: Dataset, options: ExampleOptions): Examples {
  const { bounds, scaler, maxEvaluationsPerQuery, generator } = options;
  const { dimensions } = data;
  const features = new Float32Array(data.records * dimensions);
  const offsets = new Uint32Array(data.records + 1);
  const counted: number[] = [];
  let records = 0;
  for (let i = 0; i < data.records; i++) {
    const start = records * dimensions;
    if (!fillUnitBallPoint(features.subarray(start, start + dimensions), data.features, i * dimensions)) {
      throw new RouterError('BAD_DATASET', `dataset.features of record ${i} hold a value that is not finite`);
    }
    const known = countedObservations(data, i, maxEvaluationsPerQuery, generator).filter(
      (o) => scaler.known[data.model[o] as number] === true,
    );
    if (known.length === 0) continue;
    counted.push(...known);
    records++;
    offsets[records] = counted.length;
  }
  const model = Uint16Array.from(counted, (o) => data.model[o] as number);
  return {
    records,
    features: features.subarray(0, records * dimensions),
    offsets: offsets.subarray(0, records + 1),
    model,
    quality: Float64Array.from(counted, (o) => unitInterval(data.quality[o] as number)),
    cost: Float64Array.from(counted, (o, i) =>
      scaledCost(scaler, model[i] as number, logCostOf(data.costUsd[o] as number, bounds)),
    ),
  };
}

/** Number of observations per model. */
export function observationCounts({ model }: Examples, models: number): Float64Array {
  const counts = new Float64Array(models);
  for (const m of model) counts[m] = (counts[m] as number) + 1;
  return counts;
}
