import { type Interval, meanInterval } from '../../results/interval.ts';
import { SETTINGS } from '../../results/measurement.ts';
import type { ExperimentOutcome } from '../../results/outcome.ts';
import type { ExperimentResult } from '../../results/result.ts';
import { formatCost, formatQuality } from '../format.ts';
import { type Markup, markup } from '../markup.ts';

/** Every metric of every router and setting, and what single models and an oracle do. */
export function figuresTable(
  { routers, facts }: ExperimentOutcome,
  { summary, ...fixed }: ExperimentResult,
): Markup {
  const rows = routers.flatMap(({ name, title }) =>
    SETTINGS.flatMap((setting) => {
      const metrics = summary[name]?.[setting];
      if (metrics === undefined) return [];
      const wins = metrics['ownTestWins'];
      const chosen = metrics['atHeldOutLambda quality'];
      return [
        row(`${title}, ${setting}`, setting === 'local' ? 'means over clients' : '', [
          intervalText(metrics['aucShared']),
          intervalText(metrics['auc']),
          intervalText(metrics['costAt97']),
          intervalText(metrics['qualityAtBudget 10%']),
          intervalText(metrics['qualityAtBudget 50%']),
          wins && `${wins.mean.toFixed(1)} of ${facts[0]?.coverage.length ?? 0}`,
          chosen && `${(100 * chosen.mean).toFixed(1)} %`,
        ]),
      ];
    }),
  );
  const { singles, bestSingle, cheapest, oracle } = fixed;
  return markup`<table class="figures"><thead><tr><th scope="col">Router</th><th scope="col">Shared AUC</th><th scope="col">AUC</th><th scope="col">Cost of 97 %</th>
<th scope="col">Quality at 10 %</th><th scope="col">Quality at 50 %</th><th scope="col">Own tests won</th><th scope="col">Quality at held-out λ</th></tr></thead>
<tbody>${rows}${row('single models', 'mixtures of models, blind to the query', [
    intervalText(meanInterval(facts.map(({ singlesScore }) => singlesScore.aucShared))),
    undefined,
    intervalText(meanInterval(facts.map(({ singlesScore }) => singlesScore.costAt97))),
    ...['10%', '50%'].map((budget) =>
      intervalText(meanInterval(facts.map(({ singlesScore }) => singlesScore.qualityAtBudget[budget] ?? 0))),
    ),
    undefined,
    undefined,
  ])}</tbody></table>
<p class="note">Costs and budgets are shares of the best single model’s mean cost. Best single model: ${bestSingle.model}, quality ${formatQuality(bestSingle.quality)} at
${formatCost(bestSingle.costUsd)} per 1,000 queries; cheapest: ${cheapest.model}, ${formatQuality(cheapest.quality)} at ${formatCost(cheapest.costUsd)}; an oracle that knows the best answer to each
query: ${formatQuality(oracle.quality)} at ${formatCost(oracle.costUsd)}; single models: shared AUC ${formatQuality(singles.aucShared)}. Shared AUC is the mean height of the frontier between the cost of
the cheapest and of the dearest model, on a logarithmic axis. Cost of 97 %: what 97 % of the best single model’s quality costs. Own tests won: clients whose own test queries the federated router
serves better than their local one. Quality at held-out λ: what is left of the best single model’s quality where each client chooses λ on queries that it held out.</p>`;
}

export function intervalText(interval: Interval | undefined): string | undefined {
  if (interval === undefined) return undefined;
  const { mean: middle, low, high } = interval;
  if (low === null || high === null) return formatQuality(middle);
  return `${formatQuality(middle)} ± ${formatQuality((high - low) / 2)}`;
}

function row(name: string, note: string, cells: readonly (string | undefined)[]): Markup {
  const values = cells.map((cell) => markup`<td>${cell ?? '–'}</td>`);
  return markup`<tr><th scope="row">${name}<small>${note}</small></th>${values}</tr>`;
}
