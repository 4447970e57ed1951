import { describe, expect, it } from 'vitest';
import type { EvaluationLog } from './evaluation-log.ts';
import { restrictModels } from './restrict-models.ts';

const log: EvaluationLog = {
  source: 'test',
  queries: [
    { id: 'q0', text: 'a' },
    { id: 'q1', text: 'b' },
  ],
  models: [{ name: 'a', kind: 'api' }, { name: 'b' }, { name: 'c' }],
  evaluations: {
    offsets: Uint32Array.of(0, 3, 4),
    model: Uint16Array.of(0, 1, 2, 1),
    quality: Float64Array.of(0, 0.1, 0.2, 0.3),
    costUsd: Float64Array.of(1, 2, 3, 4),
  },
};

describe('restrictModels', () => {
  it('keeps the evaluations of the chosen models under their new indices', () => {
    const restricted = restrictModels(log, ['c', 'a']);
    expect(restricted.models).toEqual([{ name: 'c' }, { name: 'a', kind: 'api' }]);
    expect(restricted.evaluations).toEqual({
      offsets: Uint32Array.of(0, 2, 2),
      model: Uint16Array.of(0, 1),
      quality: Float64Array.of(0.2, 0),
      costUsd: Float64Array.of(3, 1),
    });
    expect(restricted.queries).toEqual(log.queries);
  });
});
