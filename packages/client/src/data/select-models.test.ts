import { describe, expect, it } from 'vitest';
import { completeQueries } from './complete-queries.ts';
import { EvaluationLogBuilder } from './evaluation-log-builder.ts';
import type { EvaluationLog } from './evaluation-log.ts';
import { selectModels } from './select-models.ts';

/** Three models; query 0 has all three, query 1 lacks `base`, query 2 lacks the cost of `api`. */
function log(): EvaluationLog {
  const builder = new EvaluationLogBuilder('a log');
  for (const id of ['q0', 'q1', 'q2']) builder.addQuery({ id, text: id }, 'queries');
  const chat = builder.addModel({ name: 'gemma-chat', kind: 'chat' }, 'models');
  const api = builder.addModel({ name: 'flash', kind: 'api' }, 'models');
  const base = builder.addModel({ name: 'gemma', kind: 'base' }, 'models');
  for (const query of [0, 1, 2]) {
    builder.addEvaluation(query, chat, 1, 0.1, 1);
    builder.addEvaluation(query, api, 1, query === 2 ? Number.NaN : 0.2, 1);
    if (query !== 1) builder.addEvaluation(query, base, 0, 0.1, 1);
  }
  return builder.finish('evaluations');
}

describe('selectModels', () => {
  it('takes all, a pool of kinds, or a pool without some', () => {
    expect(selectModels(log())).toEqual(['flash', 'gemma', 'gemma-chat']);
    expect(selectModels(log(), { kinds: ['api', 'chat'] })).toEqual(['flash', 'gemma-chat']);
    expect(selectModels(log(), { exclude: ['flash'] })).toEqual(['gemma', 'gemma-chat']);
  });

  it.each([
    [{ kinds: ['chta'] }, 'UNKNOWN_KIND', 'there is no kind "chta"', 'did you mean "chat"?'],
    [{ kinds: ['embedding'] }, 'UNKNOWN_KIND', 'there is no kind "embedding"', 'it has api, base, chat'],
    [{ exclude: ['Flash'] }, 'UNKNOWN_MODEL', 'there is no model "Flash"', 'did you mean "flash"?'],
    [
      { kinds: ['api'] },
      'TOO_FEW_MODELS',
      'the pool has one model, "flash"',
      'choose a pool of two models or more',
    ],
    [{ kinds: [] }, 'TOO_FEW_MODELS', 'the pool has no model', 'choose a pool of two models or more'],
  ])('refuses %j', (selection, code, message, hint) => {
    expect(() => selectModels(log(), selection)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message), hint }),
    );
  });
});

describe('completeQueries', () => {
  it('are those with a score and a cost of every model of the pool', () => {
    expect([...completeQueries(log(), ['flash', 'gemma', 'gemma-chat'])]).toEqual([0]);
    expect([...completeQueries(log(), ['flash', 'gemma-chat'])]).toEqual([0, 1]);
    expect([...completeQueries(log(), ['gemma-chat'])]).toEqual([0, 1, 2]);
  });
});
