import { describe, expect, it } from 'vitest';
import { EvaluationLogBuilder } from './evaluation-log-builder.ts';
import type { EvaluationLog } from './evaluation-log.ts';
import { toDataset } from './to-dataset.ts';

const VECTORS = Float32Array.of(0.5, 0.75, 3, 4, 0.1, 0, 0, 0);

/** Models a, b, c; q0: a, b; q1: c; q2: b without a cost; q3: nothing. */
function log(): EvaluationLog {
  const builder = new EvaluationLogBuilder('a log');
  for (const id of ['q0', 'q1', 'q2', 'q3']) builder.addQuery({ id, text: `text of ${id}` }, 'queries');
  const a = builder.addModel({ name: 'a' }, 'models');
  const b = builder.addModel({ name: 'b' }, 'models');
  const c = builder.addModel({ name: 'c' }, 'models');
  builder.addEvaluation(0, a, 0.25, 0.1, 1);
  builder.addEvaluation(0, b, 1, 0.2, 1);
  builder.addEvaluation(1, c, 0.5, 0.3, 1);
  builder.addEvaluation(2, b, 0.5, Number.NaN, 1);
  return builder.finish('evaluations', { encoder: 'toy', dimensions: 2, rows: VECTORS });
}

describe('toDataset', () => {
  it('has a record for each query that a model of the run was scored on, in the order of the run', () => {
    const { dataset, queries, queriesLeftOut, evaluationsWithoutCost } = toDataset(log(), {
      models: ['c', 'b', 'unheard of'],
      encoder: 'toy',
    });
    expect(dataset).toMatchObject({ models: ['c', 'b', 'unheard of'], dimensions: 2, records: 2 });
    expect([...dataset.offsets]).toEqual([0, 1, 2]);
    expect([...dataset.model]).toEqual([1, 0]);
    expect([...dataset.quality]).toEqual([1, 0.5]);
    expect([...dataset.costUsd]).toEqual([0.2, 0.3]);
    expect([...queries]).toEqual([0, 1]);
    expect({ queriesLeftOut, evaluationsWithoutCost }).toEqual({
      queriesLeftOut: 2,
      evaluationsWithoutCost: 1,
    });
  });

  it('keeps vectors of length up to 1 and scales longer ones to just below it', () => {
    const { dataset } = toDataset(log(), { models: ['a', 'c'], encoder: 'toy' });
    expect(dataset.features.subarray(0, 2)).toEqual(Float32Array.of(0.5, 0.75));
    const scaled = dataset.features.subarray(2, 4);
    expect([...scaled]).toEqual([expect.closeTo(0.6, 5), expect.closeTo(0.8, 5)]);
    expect(scaled.reduce((sum, value) => sum + value * value, 0)).toBeLessThanOrEqual(1);
  });

  it('embeds the texts where the log has no embeddings of the run’s encoder', () => {
    const seen: string[] = [];
    const embed = (text: string): Float32Array => {
      seen.push(text);
      return Float32Array.of(1, 0, 0);
    };
    const { dataset } = toDataset(log(), { models: ['c'], encoder: 'another', embed });
    expect(dataset.dimensions).toBe(3);
    expect(new Set(seen)).toEqual(new Set(['text of q1']));
  });

  it('refuses a log that has neither', () => {
    expect(() => toDataset(log(), { models: ['a'], encoder: 'another' })).toThrow(
      expect.objectContaining({
        code: 'ENCODER_MISMATCH',
        message: expect.stringContaining('embeddings of "toy"'),
      }),
    );
  });

  it('refuses a log in which nothing is left', () => {
    expect(() => toDataset(log(), { models: ['z'], encoder: 'toy' })).toThrow(
      expect.objectContaining({ code: 'EMPTY_DATA', hint: 'the run routes between "z"' }),
    );
  });
});
