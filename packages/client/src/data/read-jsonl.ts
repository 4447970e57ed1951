import { DataError, quoted } from './data-error.ts';
import type { EvaluationLog, LoggedQuery } from './evaluation-log.ts';
import { EvaluationLogBuilder } from './evaluation-log-builder.ts';
import {
  invalidCost,
  invalidScore,
  isCost,
  isScore,
  missingField,
  optionalName,
  parseJsonObject,
  requiredName,
  requiredText,
} from './fields.ts';
import { forEachLine } from './lines.ts';

/**
 * Reads one file of evaluations, an object a line: `{"id"?, "query", "model", "score", "cost_usd", "user"?, "task"?}`; `cost_usd` may be
 * null. Rows with one `id` are one query. Rows without `id` are one query where text and user are the same; their query is then called
 * `line-<n>` after its first line.
 *
 * @throws DataError that names file, line and field
 */
export async function readJsonl(path: string): Promise<EvaluationLog> {
  const builder = new EvaluationLogBuilder(path);
  const queries: LoggedQuery[] = [];
  const unnamed = new Map<string, number>();

  const queryOf = (row: Readonly<Record<string, unknown>>, line: number, at: string): number => {
    const id = optionalName(row, 'id', at);
    const text = requiredText(row, 'query', at);
    const task = optionalName(row, 'task', at);
    const user = optionalName(row, 'user', at);
    const key = JSON.stringify([user, text]);
    const index = id === undefined ? unnamed.get(key) : builder.queryIndex(id);
    if (index !== undefined) {
      if (id !== undefined) requireSame(queries[index]!, { id, text, user }, at);
      return index;
    }
    const query = {
      id: id ?? `line-${line}`,
      text,
      ...(task === undefined ? {} : { task }),
      ...(user === undefined ? {} : { user }),
    };
    queries.push(query);
    const added = builder.addQuery(query, at);
    if (id === undefined) unnamed.set(key, added);
    return added;
  };

  await forEachLine(path, (text, line) => {
    const at = `${path}:${line}`;
    const row = parseJsonObject(text, at);
    const query = queryOf(row, line, at);
    const name = requiredName(row, 'model', at);
    const quality = numeric(row, 'score', at);
    if (!isScore(quality)) throw invalidScore(shown(row['score']), at);
    const costUsd = numeric(row, 'cost_usd', at);
    if (!isCost(costUsd) && row['cost_usd'] !== null) throw invalidCost(shown(row['cost_usd']), at);
    builder.addEvaluation(
      query,
      builder.modelIndex(name) ?? builder.addModel({ name }, at),
      quality,
      costUsd,
      line,
    );
  });
  return builder.finish(path);
}

/** The number in a field, NaN where it holds something else. @throws DataError `MISSING_FIELD` */
function numeric(row: Readonly<Record<string, unknown>>, field: string, at: string): number {
  const value = row[field];
  if (value === undefined) throw missingField(field, at);
  return typeof value === 'number' ? value : Number.NaN;
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function requireSame(
  first: LoggedQuery,
  row: { id: string; text: string; user: string | undefined },
  at: string,
): void {
  const field = first.text === row.text ? (first.user === row.user ? undefined : 'user') : 'query';
  if (field === undefined) return;
  throw new DataError(
    'CONFLICTING_QUERY',
    `${at}: id ${quoted(row.id)} stood for another ${quoted(field)} on an earlier line`,
    'give every query an id of its own',
  );
}
