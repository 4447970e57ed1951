import type { Dataset } from '../dataset.ts';
import { type Examples, examplesOf } from '../network/examples.ts';
import { costScalerOf } from '../network/cost-scaler.ts';
import { createGenerator } from '../random/generator.ts';
import { seedOf } from './toy-dataset.ts';

/** A dataset's examples, costs scaled by the numbers that `toyDataset` draws them with. */
export function toyExamples(data: Dataset, maxEvaluationsPerQuery = 1): Examples {
  const models = data.models.length;
  const each = (value: (m: number) => number): Float64Array =>
    Float64Array.from({ length: models }, (_, m) => value(m));
  return examplesOf(data, {
    bounds: { costMinUsd: 1e-6, costMaxUsd: 1 },
    // Costs are about 10^(m - 5) USD, so z is about (m + 1) / 6.
    scaler: costScalerOf(
      each(() => 1),
      each((m) => (m + 1) / 6),
      each(() => 0.0004),
    ),
    maxEvaluationsPerQuery,
    generator: createGenerator(seedOf('evaluations')),
  });
}
