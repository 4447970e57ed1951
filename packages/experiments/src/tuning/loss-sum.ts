/** How a federation compares settings: the losses of all of them on every held-out record, in one sum. */
import type { Dataset, RecordVector, RouterModel, SumPlan } from '@tributary/router';
import type { Grid } from './grid.ts';

/** First the losses, one per model, then the numbers of records, one per model: a model judges only what it knows something of. */
export function lossPlan(models: number, greatestLoss: number): SumPlan {
  return {
    step: 'held-out losses',
    dimension: 2 * models,
    recordNorm: Math.sqrt(models * (greatestLoss * greatestLoss + 1)),
    recordMax: Math.max(1, greatestLoss),
    recordSupport: 2 * models,
  };
}

export function* contributeLosses(
  grid: Grid,
  models: readonly RouterModel[],
  data: Dataset,
): Generator<RecordVector> {
  const losses = models.map((model) => grid.losses(model, data));
  const length = 2 * models.length;
  const indices = Uint32Array.from({ length }, (_, j) => j);
  const values = new Float64Array(length);
  for (let i = 0; i < data.records; i++) {
    losses.forEach((ofModel, m) => {
      const loss = ofModel[i] as number;
      const known = !Number.isNaN(loss);
      values[m] = known ? Math.min(loss, grid.greatestLoss) : 0;
      values[models.length + m] = known ? 1 : 0;
    });
    yield { length, indices, values };
  }
}

/** The mean losses that the sum holds; 0 for a model that judged nothing. */
export function meanLosses(sum: Float64Array): number[] {
  const models = sum.length / 2;
  return Array.from({ length: models }, (_, m) => {
    const records = sum[models + m] as number;
    return records > 0 ? (sum[m] as number) / records : 0;
  });
}
