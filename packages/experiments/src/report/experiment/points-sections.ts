/** What an experiment of a few named points shows: one table, with a row for each router, setting and point. */
import { SETTINGS } from '../../results/measurement.ts';
import type { ExperimentOutcome } from '../../results/outcome.ts';
import { resultOf } from '../../results/result.ts';
import { type Markup, markup } from '../markup.ts';
import { section } from '../page.ts';
import { intervalText } from './figures-table.ts';

export interface PointsTable {
  readonly title: string;
  /** In one or two sentences: what the points are. */
  readonly text: string;
  /** In their order; undefined where measurements have none. */
  readonly points: readonly (string | undefined)[];
  /** Names of the figures that some points have beside the usual ones. */
  readonly figures: readonly string[];
}

const COLUMNS: readonly (readonly [metric: string, title: string])[] = [
  ['aucShared', 'Shared AUC'],
  ['costAt97', 'Cost of 97 %'],
  ['qualityAtBudget 10%', 'Quality at 10 %'],
  ['qualityAtBudget 50%', 'Quality at 50 %'],
];

export function pointsSections(outcome: ExperimentOutcome, { title, text, ...table }: PointsTable): Markup[] {
  const { summary } = resultOf(outcome);
  const columns = [...COLUMNS, ...table.figures.map((name) => [name, name] as const)];
  const rows = outcome.routers.flatMap((router) =>
    SETTINGS.flatMap((setting) =>
      table.points.flatMap((point) => {
        const metrics = summary[router.name]?.[setting];
        const of = (metric: string): string => (point === undefined ? metric : `${point}: ${metric}`);
        if (metrics?.[of('aucShared')] === undefined) return [];
        const cells = columns.map(([metric]) => markup`<td>${intervalText(metrics[of(metric)]) ?? '–'}</td>`);
        return [
          markup`<tr><th scope="row">${router.title}, ${setting}<small>${point ?? ''}</small></th>${cells}</tr>`,
        ];
      }),
    ),
  );
  return [
    section(
      title,
      `${text} Means over seeds with 95 % intervals of Student’s t; costs and budgets are shares of the best single model’s mean cost.`,
      markup`<table class="figures"><thead><tr><th scope="col">Router</th>${columns.map(
        ([, heading]) => markup`<th scope="col">${heading}</th>`,
      )}</tr></thead><tbody>${rows}</tbody></table>`,
    ),
  ];
}
