import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { closest } from '@tributary/runtime';
import { readCsv } from './csv.ts';
import { DataError, quoted } from './data-error.ts';
import { readEmbeddings } from './embeddings-file.ts';
import type { EvaluationLog } from './evaluation-log.ts';
import { EvaluationLogBuilder } from './evaluation-log-builder.ts';
import {
  decimal,
  invalidCost,
  invalidScore,
  isCost,
  isScore,
  optionalName,
  parseJsonObject,
  requiredName,
  requiredText,
} from './fields.ts';
import { forEachLine, unreadable } from './lines.ts';

/**
 * Reads a directory of
 * - `queries.jsonl[.gz]`: one object a line, `{"id", "prompt", "task"?, "user"?}`;
 * - `evaluations.csv[.gz]`: columns `query_id, model, score, cost_usd`, in any order, others passed over;
 * - `models.csv`, optional: columns `model, kind?`; where it is there, it lists every model;
 * - `embeddings.<encoder>.f16` or `.f32` with `.json`, optional: row i belongs to line i of the queries.
 *
 * @throws DataError that names file, line and field
 */
export async function readDirectory(directory: string): Promise<EvaluationLog> {
  const names = await readdir(directory).catch((error: unknown) => {
    throw unreadable(directory, error);
  });
  const queriesFile = present(directory, names, 'queries.jsonl');
  const evaluationsFile = present(directory, names, 'evaluations.csv');
  const builder = new EvaluationLogBuilder(directory);

  const modelsAreListed = names.includes('models.csv');
  if (modelsAreListed) await readModels(join(directory, 'models.csv'), builder);
  await readQueries(queriesFile, builder);
  const embeddings = await readEmbeddings(directory, names, builder.queryCount);
  await readEvaluations(evaluationsFile, builder, modelsAreListed);
  return builder.finish(evaluationsFile, embeddings);
}

function present(directory: string, names: readonly string[], name: string): string {
  const found = [`${name}.gz`, name].filter((candidate) => names.includes(candidate));
  if (found.length === 2) {
    throw new DataError(
      'UNREADABLE_FILE',
      `${directory}: there is both ${name}.gz and ${name}`,
      'keep one of them',
    );
  }
  if (found[0] === undefined) {
    throw new DataError(
      'MISSING_FILE',
      `${join(directory, name)}: there is no such file, nor ${name}.gz`,
      'a log is a directory of queries.jsonl.gz and evaluations.csv.gz, or one .jsonl file',
    );
  }
  return join(directory, found[0]);
}

async function readModels(path: string, builder: EvaluationLogBuilder): Promise<void> {
  await readCsv(path, { required: ['model'], optional: ['kind'] }, ([name, kind], line) => {
    const at = `${path}:${line}`;
    if (!name) throw emptyCell(at, 'model');
    builder.addModel(kind ? { name, kind } : { name }, at);
  });
}

async function readQueries(path: string, builder: EvaluationLogBuilder): Promise<void> {
  await forEachLine(path, (text, line) => {
    const at = `${path}:${line}`;
    const object = parseJsonObject(text, at);
    const task = optionalName(object, 'task', at);
    const user = optionalName(object, 'user', at);
    builder.addQuery(
      {
        id: requiredName(object, 'id', at),
        text: requiredText(object, 'prompt', at),
        ...(task === undefined ? {} : { task }),
        ...(user === undefined ? {} : { user }),
      },
      at,
    );
  });
  if (builder.queryCount === 0) {
    throw new DataError(
      'EMPTY_DATA',
      `${path}: there are no queries in it`,
      'give at least one line of {"id", "prompt"}',
    );
  }
}

async function readEvaluations(
  path: string,
  builder: EvaluationLogBuilder,
  modelsAreListed: boolean,
): Promise<void> {
  const required = ['query_id', 'model', 'score', 'cost_usd'];
  await readCsv(path, { required }, (cells, line) => {
    const [id = '', name = '', score = '', cost = ''] = cells;
    const query = builder.queryIndex(id);
    if (query === undefined) throw unknownQuery(id, `${path}:${line}`);
    const quality = decimal(score);
    if (!isScore(quality)) throw invalidScore(score, `${path}:${line}`);
    const costUsd = decimal(cost);
    if (!isCost(costUsd) && cost.trim() !== '') throw invalidCost(cost, `${path}:${line}`);
    const model = builder.modelIndex(name) ?? newModel(name, builder, modelsAreListed, `${path}:${line}`);
    builder.addEvaluation(query, model, quality, costUsd, line);
  });
}

function unknownQuery(id: string, at: string): DataError {
  return new DataError(
    'UNKNOWN_QUERY',
    `${at}: query_id ${quoted(id)} is not among the queries`,
    'add the query to the queries file, or drop the row',
  );
}

function newModel(name: string, builder: EvaluationLogBuilder, modelsAreListed: boolean, at: string): number {
  if (name === '') throw emptyCell(at, 'model');
  if (!modelsAreListed) return builder.addModel({ name }, at);
  const near = closest(name, builder.modelNames);
  throw new DataError(
    'UNKNOWN_MODEL',
    `${at}: model ${quoted(name)} is not in models.csv`,
    near === undefined ? 'add it to models.csv' : `add it to models.csv, or did you mean ${quoted(near)}?`,
  );
}

function emptyCell(at: string, column: string): DataError {
  return new DataError('MISSING_FIELD', `${at}: ${column} is empty`, `give the ${column}`);
}
