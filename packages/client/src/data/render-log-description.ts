import type { LogDescription } from './describe-log.ts';

/** The description as lines of text for a terminal. */
export function renderLogDescription(description: LogDescription): string[] {
  const { rows, queries, models, missing, users, tasks, embeddings } = description;
  const facts: [string, string][] = [
    ['rows', count(rows)],
    ['queries', `${count(queries)}, of them ${count(description.completeQueries)} scored with every model`],
    ['models', count(models.length)],
    ['coverage', `${percent(description.coverage)} of all (query, model) pairs`],
    [
      'missing',
      `${count(missing.scores)} scores, ${count(missing.costs)} costs, ${count(missing.queries)} queries without a row`,
    ],
    ['repeated', `${count(description.repeatedTexts)} queries have the text of an earlier one`],
    ['tasks', tasks === null ? 'not named' : count(tasks)],
    [
      'users',
      users === null
        ? 'not named'
        : `${count(users.count)}, queries per user: median ${count(users.queriesPerUser.median)}, most ${count(users.queriesPerUser.max)}; ${count(users.queriesWithoutUser)} queries name none`,
    ],
    [
      'embeddings',
      embeddings === null
        ? 'none: the built-in encoder is used'
        : `${embeddings.encoder}, ${embeddings.dimensions} dimensions`,
    ],
  ];
  return [
    printable(description.source),
    ...facts.map(([name, value]) => `  ${name.padEnd(11)}${value}`),
    '',
    ...table(
      ['model', 'kind', 'rows', 'coverage', 'quality', 'USD per 1,000', 'no cost'],
      models.map((model) => [
        printable(model.model),
        printable(model.kind ?? '-'),
        count(model.rows),
        percent(model.coverage),
        model.meanQuality?.toFixed(3) ?? '-',
        model.meanCostUsd === null ? '-' : (model.meanCostUsd * 1000).toPrecision(3),
        count(model.missingCosts),
      ]),
    ),
  ];
}

/** Two columns of text, then numbers. */
function table(head: readonly string[], body: readonly (readonly string[])[]): string[] {
  const widths = head.map((name, column) =>
    Math.max(name.length, ...body.map((row) => (row[column] ?? '').length)),
  );
  return [head, ...body].map((row) =>
    `  ${row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column < 2 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')}`.trimEnd(),
  );
}

function count(value: number): string {
  return value.toLocaleString('en-GB');
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** Names come from a file: control characters in them must not reach the terminal. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, '�');
}
