import type { SeededGenerator } from '@tributary/router';
import { between, pick, pickSome } from '../draw.ts';
import type { Prompt, Task } from '../task.ts';

const SITES = [
  'North',
  'South',
  'East',
  'West',
  'Centre',
  'Harbour',
  'Airport',
  'Valley',
  'Old Town',
  'Campus',
  'Mill',
  'Park',
];
const MEASURES = ['sales', 'visits', 'returns', 'orders', 'calls', 'defects'];
const QUARTERS = ['Q1', 'Q2', 'Q3', 'Q4'];

/** A table to read: one cell, or an aggregate over all rows; more rows are harder. */
export const tables: Task = {
  name: 'tables',
  queries: 520,
  scoring: 'exact',
  answerTokens: [20, 180],
  write: (generator) => readTable(generator, between(generator, 2, 9)),
};

function readTable(generator: SeededGenerator, rows: number): Prompt {
  const measure = pick(generator, MEASURES);
  const sites = pickSome(generator, SITES, rows);
  const table = [
    `| ${measure} | ${QUARTERS.join(' | ')} |`,
    '|---|---|---|---|---|',
    ...sites.map((site) => `| ${site} | ${QUARTERS.map(() => between(generator, 10, 990)).join(' | ')} |`),
  ].join('\n');
  const aggregate = generator.nextInt(2) === 0;
  const question = aggregate
    ? pick(generator, [
        `Which row has the greatest sum of ${measure}, and by what percentage does it exceed the median row?`,
        `Compute the mean and the standard deviation of ${measure} per column of the table.`,
      ])
    : `Look up the ${measure} of ${sites[0]} in ${pick(generator, QUARTERS)}.`;
  return {
    text: `${question}\n\n${table}`,
    difficulty: (aggregate ? 0.4 : 0.1) + 0.035 * rows + 0.1 * generator.nextDouble(),
  };
}
