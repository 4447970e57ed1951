import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EvaluationLogBuilder } from './evaluation-log-builder.ts';
import type { EvaluationLog } from './evaluation-log.ts';
import { readEvaluationLog } from './read-evaluation-log.ts';
import { writeDirectory } from './write-directory.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tributary-write-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const name = fc
  .string({ minLength: 1, maxLength: 8 })
  .filter((text) => !/\p{Cc}/u.test(text) && text.trim() !== '');
const optional = <T>(key: string, values: fc.Arbitrary<T>): fc.Arbitrary<Record<string, T>> =>
  fc.oneof(
    fc.constant({}),
    values.map((value) => ({ [key]: value })),
  );

const logs: fc.Arbitrary<EvaluationLog> = fc
  .record({
    ids: fc.uniqueArray(name, { minLength: 1, maxLength: 6 }),
    models: fc.uniqueArray(name, { minLength: 1, maxLength: 4 }),
  })
  .chain(({ ids, models }) =>
    fc.record({
      queries: fc.tuple(
        ...ids.map((id) =>
          fc
            .tuple(
              fc.string({ minLength: 1, unit: 'grapheme' }),
              optional('task', name),
              optional('user', name),
            )
            .map(([text, task, user]) => ({ id, text, ...task, ...user })),
        ),
      ),
      models: fc.tuple(
        ...models.map((model) => optional('kind', name).map((kind) => ({ name: model, ...kind }))),
      ),
      cells: fc.array(
        fc.record({
          pair: fc.nat({ max: ids.length * models.length - 1 }),
          quality: fc.double({ min: 0, max: 1, noNaN: true }),
          costUsd: fc.oneof(fc.double({ min: 0, max: 1e9, noNaN: true }), fc.constant(Number.NaN)),
        }),
        { minLength: 1 },
      ),
      rows: fc.array(fc.float({ min: -1, max: 1, noNaN: true }), {
        minLength: 3 * ids.length,
        maxLength: 3 * ids.length,
      }),
    }),
  )
  .map(({ queries, models, cells, rows }) => {
    const builder = new EvaluationLogBuilder('');
    for (const query of queries) builder.addQuery(query, '');
    for (const model of models) builder.addModel(model, '');
    for (const [pair, { quality, costUsd }] of new Map(cells.map((cell) => [cell.pair, cell]))) {
      builder.addEvaluation(Math.floor(pair / models.length), pair % models.length, quality, costUsd, 1);
    }
    return builder.finish('', { encoder: 'toy', dimensions: 3, rows: Float32Array.from(rows) });
  });

describe('writeDirectory', () => {
  it('writes what readEvaluationLog reads: nothing is lost or changed', async () => {
    await fc.assert(
      fc.asyncProperty(logs, async (log) => {
        await writeDirectory(log, directory);
        expect(await readEvaluationLog(directory)).toEqual({ ...log, source: directory });
      }),
      { numRuns: 50 },
    );
  });
});
