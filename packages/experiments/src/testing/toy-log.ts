import { type EvaluationLog, writeDirectory } from '@tributary/client';
import { createGenerator } from '@tributary/router';

const TASKS = ['sums', 'rhymes'] as const;
const DIMENSIONS = 3;

function task(query: number): (typeof TASKS)[number] {
  return query % 2 === 0 ? 'sums' : 'rhymes';
}

function good(query: number, model: number): number {
  if (model === 1) return 0.85;
  if (model > 1) return 0.4 + 0.05 * model;
  return task(query) === 'sums' ? 0.2 : 0.9;
}

/**
 * Writes a benchmark of two tasks, with short embeddings that tell the tasks apart: the cheap model is good at rhymes only, the dear one at
 * both. More models are as good at either, and lie between the two.
 */
export async function writeToyLog(directory: string, queries = 240, models = 2): Promise<void> {
  const generator = createGenerator(new Uint8Array(32).fill(9));
  const rows = Array.from({ length: models * queries }, (_, row) => row);
  const log: EvaluationLog = {
    source: 'toy',
    queries: Array.from({ length: queries }, (_, i) => ({ id: `q${i}`, text: `query ${i}`, task: task(i) })),
    models: Array.from({ length: models }, (_, m) => ({ name: ['cheap', 'dear'][m] ?? `plain ${m}` })),
    evaluations: {
      offsets: Uint32Array.from({ length: queries + 1 }, (_, i) => models * i),
      model: Uint16Array.from(rows, (row) => row % models),
      quality: Float64Array.from(rows, (row) =>
        generator.nextDouble() < good(Math.floor(row / models), row % models) ? 1 : 0,
      ),
      costUsd: Float64Array.from(rows, (row) => [1e-4, 1e-3][row % models] ?? 1e-4 * (row % models)),
    },
    embeddings: {
      encoder: 'toy3',
      dimensions: DIMENSIONS,
      rows: Float32Array.from({ length: DIMENSIONS * queries }, (_, j) =>
        j % DIMENSIONS === 0
          ? task(Math.floor(j / DIMENSIONS)) === 'sums'
            ? -0.6
            : 0.6
          : 0.4 * (generator.nextDouble() - 0.5),
      ),
    },
  };
  await writeDirectory(log, directory);
}
