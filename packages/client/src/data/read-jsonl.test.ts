import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readEvaluationLog } from './read-evaluation-log.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tributary-data-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function put(...rows: (object | string)[]): string {
  const path = join(directory, 'log.jsonl');
  writeFileSync(path, rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row))).join('\n'));
  return path;
}

const row = (more: object): object => ({
  query: 'Why is the sky blue?',
  model: 'a',
  score: 1,
  cost_usd: 0.1,
  ...more,
});

describe('a .jsonl file', () => {
  it('gathers the rows of one query by id, or by text and user where there is none', async () => {
    const log = await readEvaluationLog(
      put(
        row({ id: 7, model: 'b' }),
        row({}),
        row({ model: 'b', score: 0 }),
        row({ id: 7 }),
        row({ user: 'u1' }),
        row({ user: 'u2', cost_usd: null }),
      ),
    );
    expect(log.queries.map(({ id, user }) => [id, user])).toEqual([
      ['7', undefined],
      ['line-2', undefined],
      ['line-5', 'u1'],
      ['line-6', 'u2'],
    ]);
    expect(log.models).toEqual([{ name: 'a' }, { name: 'b' }]);
    expect([...log.evaluations.offsets]).toEqual([0, 2, 4, 5, 6]);
    expect([...log.evaluations.quality]).toEqual([1, 1, 1, 0, 1, 1]);
    expect(log.evaluations.costUsd[5]).toBeNaN();
  });

  it('may be gzipped', async () => {
    const path = join(directory, 'log.jsonl.gz');
    writeFileSync(path, gzipSync(JSON.stringify(row({ task: 'physics' }))));
    expect((await readEvaluationLog(path)).queries).toEqual([
      { id: 'line-1', text: 'Why is the sky blue?', task: 'physics' },
    ]);
  });

  it.each([
    ['no query', { query: undefined }, 'MISSING_FIELD', 'there is no field "query"'],
    ['no model', { model: undefined }, 'MISSING_FIELD', 'there is no field "model"'],
    ['no score', { score: undefined }, 'MISSING_FIELD', 'there is no field "score"'],
    ['no cost', { cost_usd: undefined }, 'MISSING_FIELD', 'there is no field "cost_usd"'],
    ['null score', { score: null }, 'INVALID_SCORE', 'score "null" is not a number in [0, 1]'],
    ['score as text', { score: '1' }, 'INVALID_SCORE', 'score "1" is not a number in [0, 1]'],
    ['score above 1', { score: 1.01 }, 'INVALID_SCORE', 'score "1.01" is not'],
    ['negative cost', { cost_usd: -1 }, 'INVALID_COST', 'cost_usd "-1" is not a number >= 0'],
    ['model of another type', { model: ['a'] }, 'INVALID_FIELD', 'field "model" is "[\\"a\\"]"'],
    ['user of another type', { user: {} }, 'INVALID_FIELD', 'field "user" is "{}"'],
    [
      'duplicate',
      {},
      'DUPLICATE_EVALUATION',
      'model "a" is scored twice on query "line-1" (first on line 1)',
    ],
  ])('is refused for %s', async (_, change, code, message) => {
    await expect(readEvaluationLog(put(row({}), row(change)))).rejects.toMatchObject({
      code,
      message: expect.stringContaining(`log.jsonl:2: ${message}`),
    });
  });

  it('is refused where one id stands for two queries', async () => {
    const first = row({ id: 'q', user: 'u1' });
    await expect(readEvaluationLog(put(first, row({ id: 'q', model: 'b' })))).rejects.toMatchObject({
      code: 'CONFLICTING_QUERY',
      message: expect.stringContaining('another "user"'),
    });
    await expect(
      readEvaluationLog(put(first, row({ id: 'q', user: 'u1', query: 'x' }))),
    ).rejects.toMatchObject({
      code: 'CONFLICTING_QUERY',
      message: expect.stringContaining('another "query"'),
    });
  });

  it('is refused for a line that is not JSON, without showing what it holds', async () => {
    await expect(readEvaluationLog(put(row({}), '{"query":"my secret illness",'))).rejects.toMatchObject({
      code: 'INVALID_JSON',
      message: expect.not.stringContaining('illness'),
    });
  });

  it('is refused when empty', async () => {
    await expect(readEvaluationLog(put(''))).rejects.toMatchObject({ code: 'EMPTY_DATA' });
  });
});
