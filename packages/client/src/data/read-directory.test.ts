import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { completeQueries } from './complete-queries.ts';
import { DataError } from './data-error.ts';
import { describeLog } from './describe-log.ts';
import { readEvaluationLog } from './read-evaluation-log.ts';
import { selectModels } from './select-models.ts';

const QUERIES = [
  '{"id":"q1","task":"law","prompt":"May a tenant, in short, sublet?","user":"u1"}',
  '{"id":"q2","prompt":"2 + 2?","user":"u1"}',
  '{"id":"q3","prompt":"2 + 2?"}',
].join('\n');
const MODELS = 'model,usd_per_mtok_in,kind\nsmall,0.1,chat\nlarge,2,api\n';
const EVALUATIONS = [
  'model,query_id,score,cost_usd,output_tokens',
  'small,q2,1,0.00002,17',
  'large,q2,1,0.0013,19',
  'small,q1,0,3e-5,40',
  'large,q1,0.5,,80',
].join('\n');

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tributary-data-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function put(files: Record<string, string | Uint8Array>): string {
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content);
  return directory;
}

function putLog(changes: Record<string, string | Uint8Array> = {}): string {
  return put({ 'queries.jsonl': QUERIES, 'models.csv': MODELS, 'evaluations.csv': EVALUATIONS, ...changes });
}

/** The code and the message, one line without the path, with which a log is refused. */
async function refusal(path: string): Promise<string> {
  const error = await readEvaluationLog(path).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof DataError)) throw new Error('expected a DataError', { cause: error });
  expect(error.message).not.toContain('\n');
  expect(error.hint).not.toBe('');
  return `${error.code} ${error.message.replaceAll(`${directory}/`, '')}`;
}

/** A file of evaluations of which the second row is `text`. */
function row(text: string): Record<string, string> {
  return { 'evaluations.csv': `query_id,model,score,cost_usd\nq1,small,1,0.1\n${text}\n` };
}

describe('a directory', () => {
  it('becomes columns ordered by query and model name, whatever the order of its rows', async () => {
    const log = await readEvaluationLog(putLog());
    expect(log.models).toEqual([
      { name: 'large', kind: 'api' },
      { name: 'small', kind: 'chat' },
    ]);
    expect(log.queries[0]).toEqual({
      id: 'q1',
      text: 'May a tenant, in short, sublet?',
      task: 'law',
      user: 'u1',
    });
    expect([...log.evaluations.offsets]).toEqual([0, 2, 4, 4]);
    expect([...log.evaluations.model]).toEqual([0, 1, 0, 1]);
    expect([...log.evaluations.quality]).toEqual([0.5, 0, 1, 1]);
    expect([...log.evaluations.costUsd]).toEqual([Number.NaN, 3e-5, 0.0013, 0.00002]);
    expect(log.embeddings).toBeUndefined();
  });

  it('may be gzipped, and end its lines as Windows does', async () => {
    const plain = await readEvaluationLog(putLog());
    rmSync(join(directory, 'queries.jsonl'));
    rmSync(join(directory, 'evaluations.csv'));
    put({
      'queries.jsonl.gz': gzipSync(QUERIES.replaceAll('\n', '\r\n')),
      'evaluations.csv.gz': gzipSync(`\uFEFF${EVALUATIONS.replaceAll('\n', '\r\n')}\r\n\r\n`),
    });
    expect(await readEvaluationLog(directory)).toEqual(plain);
  });

  it('may go without models.csv: the evaluations name the models', async () => {
    putLog();
    rmSync(join(directory, 'models.csv'));
    expect((await readEvaluationLog(directory)).models).toEqual([{ name: 'large' }, { name: 'small' }]);
  });

  it('may hold names with commas and quotes', async () => {
    const log = await readEvaluationLog(
      putLog({
        'models.csv': 'kind,model\nchat,"small, the ""first"""\n',
        'evaluations.csv': 'query_id,model,score,cost_usd\n"q1","small, the ""first""",1,"0.5"\n',
      }),
    );
    expect(log.models).toEqual([{ name: 'small, the "first"', kind: 'chat' }]);
    expect([...log.evaluations.costUsd]).toEqual([0.5]);
  });
});

describe('a directory that is not right is refused in one line', () => {
  it.each([
    ['NaN', 'q2,small,NaN,0.1', 'INVALID_SCORE evaluations.csv:3: score "NaN" is not a number in [0, 1]'],
    ['empty score', 'q2,small,,0.1', 'INVALID_SCORE evaluations.csv:3: score "" is not a number in [0, 1]'],
    ['score 5', 'q2,small,5,0.1', 'INVALID_SCORE evaluations.csv:3: score "5" is not a number in [0, 1]'],
    ['score below 0', 'q2,small,-0.1,0.1', 'INVALID_SCORE evaluations.csv:3: score "-0.1" is not'],
    ['hexadecimal', 'q2,small,0x1,0.1', 'INVALID_SCORE evaluations.csv:3: score "0x1" is not'],
    [
      'negative cost',
      'q2,small,1,-0.1',
      'INVALID_COST evaluations.csv:3: cost_usd "-0.1" is not a number >= 0',
    ],
    ['NaN cost', 'q2,small,1,nan', 'INVALID_COST evaluations.csv:3: cost_usd "nan" is not a number >= 0'],
    ['infinite cost', 'q2,small,1,1e999', 'INVALID_COST evaluations.csv:3: cost_usd "1e999" is not'],
    ['unknown model', 'q2,smal,1,0.1', 'UNKNOWN_MODEL evaluations.csv:3: model "smal" is not in models.csv'],
    [
      'unknown query',
      'q9,small,1,0.1',
      'UNKNOWN_QUERY evaluations.csv:3: query_id "q9" is not among the queries',
    ],
    [
      'duplicate',
      'q1,small,0,0.1',
      'DUPLICATE_EVALUATION evaluations.csv:3: model "small" is scored twice on query "q1" (first on line 2)',
    ],
    ['short row', 'q2,small,1', 'INVALID_CSV evaluations.csv:3: the row has 3 fields where the header has 4'],
    ['long row', 'q2,small,1,0.1,7', 'INVALID_CSV evaluations.csv:3: the row has 5 fields'],
    ['open quote', '"q2,small,1,0.1', 'INVALID_CSV evaluations.csv:3: a double quote is not closed'],
    [
      'text after a quote',
      '"q2"x,small,1,0.1',
      'INVALID_CSV evaluations.csv:3: a double quote is not closed',
    ],
  ])('%s', async (_, text, message) => {
    expect(await refusal(putLog(row(text)))).toContain(message);
  });

  it.each([
    [
      'missing column',
      { 'evaluations.csv': 'query_id,model,scores,cost_usd\nq1,small,1,0.1\n' },
      'MISSING_COLUMN evaluations.csv:1: there is no column "score", but "scores"',
    ],
    ['empty evaluations', { 'evaluations.csv': '' }, 'EMPTY_DATA evaluations.csv: the file is empty'],
    [
      'evaluations of a header alone',
      { 'evaluations.csv': 'query_id,model,score,cost_usd\n' },
      'EMPTY_DATA evaluations.csv: there are no evaluations',
    ],
    ['empty queries', { 'queries.jsonl': '\n\n' }, 'EMPTY_DATA queries.jsonl: there are no queries'],
    [
      'bad JSON',
      { 'queries.jsonl': `${QUERIES}\n{"id":` },
      'INVALID_JSON queries.jsonl:4: not a JSON object',
    ],
    [
      'JSON of another kind',
      { 'queries.jsonl': '["q1"]' },
      'INVALID_JSON queries.jsonl:1: not a JSON object',
    ],
    ['no id', { 'queries.jsonl': '{"prompt":"x"}' }, 'MISSING_FIELD queries.jsonl:1: there is no field "id"'],
    [
      'no prompt',
      { 'queries.jsonl': '{"id":"q1"}' },
      'MISSING_FIELD queries.jsonl:1: there is no field "prompt"',
    ],
    [
      'empty prompt',
      { 'queries.jsonl': '{"id":1,"prompt":""}' },
      'INVALID_FIELD queries.jsonl:1: field "prompt"',
    ],
    [
      'id of two lines',
      { 'queries.jsonl': '{"id":"a\\nb","prompt":"x"}' },
      'INVALID_FIELD queries.jsonl:1: field "id" is',
    ],
    [
      'duplicate id',
      { 'queries.jsonl': `${QUERIES}\n{"id":"q1","prompt":"again"}` },
      'DUPLICATE_QUERY queries.jsonl:4: id "q1" names a second query',
    ],
    [
      'duplicate model',
      { 'models.csv': `${MODELS}small,1,api\n` },
      'DUPLICATE_MODEL models.csv:4: model "small"',
    ],
    ['nameless model', { 'models.csv': 'model\n""\n' }, 'MISSING_FIELD models.csv:2: model is empty'],
    [
      'models without names',
      { 'models.csv': 'name,kind\n' },
      'MISSING_COLUMN models.csv:1: there is no column "model"',
    ],
    [
      'bytes that are not UTF-8',
      { 'queries.jsonl': Uint8Array.of(0x7b, 0xff) },
      'INVALID_TEXT queries.jsonl: not UTF-8 text',
    ],
    [
      'both forms',
      { 'queries.jsonl.gz': gzipSync(QUERIES) },
      'there is both queries.jsonl.gz and queries.jsonl',
    ],
  ])('%s', async (_, changes, message) => {
    expect(await refusal(putLog(changes))).toContain(message);
  });

  it('a file that is missing', async () => {
    expect(await refusal(put({ 'queries.jsonl': QUERIES }))).toMatch(
      /^MISSING_FILE evaluations\.csv: there is no such file, nor evaluations\.csv\.gz$/,
    );
    expect(await refusal(join(directory, 'nowhere'))).toBe('MISSING_FILE nowhere: there is no such file');
  });

  it('a gzip file that was cut, or is none', async () => {
    putLog();
    rmSync(join(directory, 'evaluations.csv'));
    put({ 'evaluations.csv.gz': gzipSync(EVALUATIONS.repeat(50)).subarray(0, 90) });
    expect(await refusal(directory)).toMatch(/^CORRUPT_GZIP evaluations\.csv\.gz: not a complete gzip file/);
    put({ 'evaluations.csv.gz': EVALUATIONS });
    expect(await refusal(directory)).toMatch(/^CORRUPT_GZIP/);
  });

  it('a line without end', async () => {
    expect(await refusal(putLog({ 'queries.jsonl': 'x'.repeat(17 * 1024 * 1024) }))).toMatch(
      /^LINE_TOO_LONG queries\.jsonl:1/,
    );
  });

  it('a path that is no log', async () => {
    expect(await refusal(join(putLog(), 'models.csv'))).toContain(
      'UNREADABLE_FILE models.csv: neither a directory',
    );
  });

  it('and says what was probably meant', async () => {
    await expect(readEvaluationLog(putLog(row('q2,smal,1,0.1')))).rejects.toMatchObject({
      hint: 'add it to models.csv, or did you mean "small"?',
    });
  });

  it('and quotes names so that they can neither break the line nor steer a terminal', async () => {
    const message = await refusal(putLog(row('q2,\u001B[2J\u202Ex\u2028,1,0.1')));
    expect(message).toContain(String.raw`"\u001b[2J\u{202e}x\u{2028}"`);
  });
});

const benchmark = fileURLToPath(new URL('../../../../../shared/data/mmlu-pro', import.meta.url));

describe.skipIf(!existsSync(benchmark))('MMLU-Pro per-question outputs', () => {
  it('have the rows, models and complete queries that their description counts', async () => {
    const log = await readEvaluationLog(benchmark);
    expect(describeLog(log)).toMatchObject({ rows: 336_651, queries: 12_032, repeatedTexts: 159 });
    expect(log.embeddings).toMatchObject({ encoder: 'minilm384', dimensions: 384 });
    const models = selectModels(log, { kinds: ['api', 'chat'] });
    expect(models).toHaveLength(14);
    expect(completeQueries(log, models)).toHaveLength(11_954);
  });
});
