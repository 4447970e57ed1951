import { bandChart } from './experiment/band-chart.ts';
import { formatQuality } from './format.ts';
import { type Markup, markup } from './markup.ts';
import { section } from './page.ts';
import type { ReportBudget, ReportData } from './report-data.ts';

/** What every sum cost, and what other budgets would have been worth. Nothing where no sum carried noise. */
export function privacySections({
  budget,
  budgetTrials = [],
  federated,
  static: blind,
}: ReportData): Markup[] {
  if (budget === undefined) return [];
  const { unit, epsilon, delta } = budget;
  const table = section(
    'Privacy budget',
    `Epsilon ${epsilon} at delta ${delta} for every ${UNIT_WORDS[unit]}: each sum carries discrete Gaussian noise that no organisation knows whole. Reserved is what a sum costs if the fewest organisations survive it, charged what it cost with those that did.`,
    roundsTable(budget),
  );
  if (budgetTrials.length === 0) return [table];
  return [
    table,
    section(
      'Quality over epsilon',
      'Shared AUC of further runs on the same data with other budgets. They are simulated: the noise is the one that clients draw, added in clear; each trial has a public seed and noise of its own, the band is from the worst to the best. A budget whose noise left nothing to learn has no point.',
      markup`<figure>${bandChart({
        lines: [
          {
            style: 'federated',
            label: 'federated, simulated',
            points: budgetTrials.map(({ epsilon: x, aucShared }) => ({
              x,
              y: mean(aucShared),
              low: Math.min(...aucShared),
              high: Math.max(...aucShared),
            })),
          },
          {
            style: 'static',
            label: 'static, without noise',
            points: budgetTrials.map(({ epsilon: x }) => ({
              x,
              y: blind.aucShared,
              low: blind.aucShared,
              high: blind.aucShared,
            })),
          },
        ],
        marks: [
          {
            x: epsilon,
            y: federated.aucShared,
            title: `this run: ${formatQuality(federated.aucShared)} at epsilon ${epsilon}`,
          },
        ],
        xTitle: 'ε, the whole budget of a run (logarithmic)',
        yTitle: 'Shared AUC',
        description: 'Quality of the federated router against the privacy budget',
      })}</figure>`,
    ),
  ];
}

const UNIT_WORDS: Readonly<Record<ReportBudget['unit'], string>> = {
  record: 'record',
  'end-user': 'end user of an organisation',
  organisation: 'organisation',
};

function roundsTable({ rounds, limit, epsilon }: ReportBudget): Markup {
  const rows = rounds.map(
    ({ step, survivors, reserved, charged, spentEpsilon }) =>
      markup`<tr><th scope="row">${step}</th><td>${survivors}</td><td>${reserved.toPrecision(4)}</td><td>${charged.toPrecision(4)}</td><td>${spentEpsilon.toFixed(3)} of ${epsilon}</td></tr>`,
  );
  const total = rounds.reduce((sum, { charged }) => sum + charged, 0);
  return markup`<table class="figures"><thead><tr><th scope="col">Sum</th><th scope="col">Survivors</th><th scope="col">Reserved ρ</th>
<th scope="col">Charged ρ</th><th scope="col">ε spent so far</th></tr></thead><tbody>${rows}
<tr><th scope="row">all</th><td></td><td></td><td>${total.toPrecision(4)} of ${limit.toPrecision(4)}</td><td></td></tr></tbody></table>`;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
