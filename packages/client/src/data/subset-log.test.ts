import { describe, expect, it } from 'vitest';
import { EvaluationLogBuilder } from './evaluation-log-builder.ts';
import type { EvaluationLog } from './evaluation-log.ts';
import { subsetLog } from './subset-log.ts';

function full(): EvaluationLog {
  const builder = new EvaluationLogBuilder('full');
  for (const id of ['q0', 'q1', 'q2']) builder.addQuery({ id, text: id }, '');
  for (const model of ['a', 'b']) builder.addModel({ name: model }, '');
  for (const query of [0, 1, 2]) {
    for (const model of [0, 1]) builder.addEvaluation(query, model, model, query + 1, 1);
  }
  return builder.finish('', { encoder: 'toy', dimensions: 1, rows: Float32Array.of(0, 0.1, 0.2) });
}

describe('subsetLog', () => {
  it('keeps whole queries in the order asked for', () => {
    const log = subsetLog(full(), { queries: Uint32Array.of(2, 0) });
    expect(log.queries.map(({ id }) => id)).toEqual(['q2', 'q0']);
    expect([...log.evaluations.costUsd]).toEqual([3, 3, 1, 1]);
    expect(log.embeddings?.rows).toEqual(Float32Array.of(0.2, 0));
  });

  it('keeps one observed model per query, as a production log would have it', () => {
    const log = subsetLog(full(), { queries: Uint32Array.of(2, 1), observed: Uint16Array.of(1, 0) });
    expect([...log.evaluations.offsets]).toEqual([0, 1, 2]);
    expect([...log.evaluations.model]).toEqual([1, 0]);
    expect([...log.evaluations.quality]).toEqual([1, 0]);
    expect(log.models).toHaveLength(2);
  });

  it('keeps some models; what was observed is an index among them', () => {
    const queries = Uint32Array.of(2, 1);
    const whole = subsetLog(full(), { queries, models: ['b', 'unheard of'] });
    expect(whole.models).toEqual([{ name: 'b' }]);
    expect([...whole.evaluations.offsets]).toEqual([0, 1, 2]);
    expect([...whole.evaluations.model]).toEqual([0, 0]);
    expect([...whole.evaluations.quality]).toEqual([1, 1]);
    const observed = Uint16Array.of(0, 0);
    expect(subsetLog(full(), { queries, models: ['b'], observed }).evaluations).toEqual(whole.evaluations);
  });
});
