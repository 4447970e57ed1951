import { describe, expect, it } from 'vitest';
import { describeLog } from './describe-log.ts';
import { EvaluationLogBuilder } from './evaluation-log-builder.ts';
import type { EvaluationLog } from './evaluation-log.ts';
import { renderLogDescription } from './render-log-description.ts';

function log(): EvaluationLog {
  const builder = new EvaluationLogBuilder('logs/acme');
  builder.addQuery({ id: 'q0', text: 'hi', user: 'u1', task: 'chat' }, '');
  builder.addQuery({ id: 'q1', text: 'hi', user: 'u1' }, '');
  builder.addQuery({ id: 'q2', text: 'ho', user: 'u2' }, '');
  builder.addQuery({ id: 'q3', text: 'hey' }, '');
  builder.addModel({ name: 'a', kind: 'api' }, '');
  builder.addModel({ name: 'b\u001B[31m' }, '');
  builder.addModel({ name: 'idle' }, '');
  builder.addEvaluation(0, 0, 1, 0.002, 1);
  builder.addEvaluation(1, 0, 0, Number.NaN, 1);
  builder.addEvaluation(0, 1, 0.5, 0.001, 1);
  builder.addEvaluation(2, 1, 0.5, 0.003, 1);
  return builder.finish('');
}

describe('describeLog', () => {
  it('counts what the log holds and what it lacks', () => {
    expect(describeLog(log())).toEqual({
      source: 'logs/acme',
      rows: 4,
      queries: 4,
      models: [
        {
          model: 'a',
          kind: 'api',
          rows: 2,
          coverage: 0.5,
          meanQuality: 0.5,
          meanCostUsd: 0.002,
          missingCosts: 1,
        },
        {
          model: 'b\u001B[31m',
          kind: null,
          rows: 2,
          coverage: 0.5,
          meanQuality: 0.5,
          meanCostUsd: 0.002,
          missingCosts: 0,
        },
        {
          model: 'idle',
          kind: null,
          rows: 0,
          coverage: 0,
          meanQuality: null,
          meanCostUsd: null,
          missingCosts: 0,
        },
      ],
      coverage: 4 / 12,
      completeQueries: 0,
      missing: { scores: 8, costs: 1, queries: 1 },
      repeatedTexts: 1,
      users: { count: 2, queriesPerUser: { median: 1, max: 2 }, queriesWithoutUser: 1 },
      tasks: 1,
      embeddings: null,
    });
  });

  it('becomes lines for a terminal, which a name in the log cannot steer', () => {
    const text = renderLogDescription(describeLog(log())).join('\n');
    expect(text).toContain('coverage   33.3 % of all (query, model) pairs');
    expect(text).toContain('missing    8 scores, 1 costs, 1 queries without a row');
    expect(text).toMatch(/\n {2}a +api +2 +50\.0 % +0\.500 +2\.00 +1/);
    expect(text).not.toContain('\u001B');
  });
});
