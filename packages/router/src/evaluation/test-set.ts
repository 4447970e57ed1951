import type { Dataset } from '../dataset.ts';
import { RouterError } from '../errors.ts';

/** Queries on which every model was observed, so that any choice can be scored. */
export interface TestSet {
  readonly models: readonly string[];
  readonly dimensions: number;
  readonly queries: number;
  /** Row-major, `queries * dimensions` values. */
  readonly features: Float32Array;
  /** True quality in [0, 1], row-major, `queries * models.length` values. */
  readonly quality: Float64Array;
  /** True cost in USD, in the same order. */
  readonly costUsd: Float64Array;
}

/**
 * A dataset as a test set; of several observations of a model on one query the first counts.
 * @throws RouterError `BAD_TEST_SET` where there is no query, or a model is missing on one
 */
export function testSetOf(data: Dataset): TestSet {
  const { models, dimensions, records, features } = data;
  if (records === 0) throw new RouterError('BAD_TEST_SET', 'a test set needs at least one query');
  const quality = new Float64Array(records * models.length).fill(Number.NaN);
  const costUsd = new Float64Array(records * models.length);
  for (let i = 0; i < records; i++) {
    for (let o = data.offsets[i] as number; o < (data.offsets[i + 1] as number); o++) {
      const cell = i * models.length + (data.model[o] as number);
      if (!Number.isNaN(quality[cell])) continue;
      quality[cell] = data.quality[o] as number;
      costUsd[cell] = data.costUsd[o] as number;
    }
  }
  const missing = quality.findIndex(Number.isNaN);
  if (missing >= 0) {
    const model = models[missing % models.length];
    const query = Math.floor(missing / models.length);
    throw new RouterError(
      'BAD_TEST_SET',
      `query ${query} has no observation of ${model}; a test needs every model`,
    );
  }
  return { models, dimensions, queries: records, features, quality, costUsd };
}
