import type { ExperimentOutcome } from '../../results/outcome.ts';
import { formatCount } from '../format.ts';
import { type Markup, markup } from '../markup.ts';
import { renderPage, settingsSection } from '../page.ts';

/**
 * The report of an experiment as one HTML file.
 * @param description what the experiment compares, in one line
 * @param sections what the experiment shows
 */
export function renderExperimentReport(
  outcome: ExperimentOutcome,
  description: string,
  sections: readonly Markup[],
): string {
  const { experiment, dataset, synthetic, seeds, facts, settings } = outcome;
  const first = facts[0];
  const size =
    first === undefined
      ? undefined
      : markup`<p>Workload ${dataset}: in one draw ${formatCount(first.trainQueries)} training queries with one observed model each and
${formatCount(first.testQueries)} test queries with all ${first.models.length} models, spread over the clients anew for each of ${seeds.length} ${
          seeds.length === 1 ? 'seed' : 'seeds'
        }.</p>`;
  const header = markup`<header>
${synthetic ? markup`<span class="badge">synthetic workload</span>` : undefined}
<h1>Experiment ${experiment}: ${description}</h1>
${size}
${warnings(outcome)}
</header>`;
  return renderPage(`Tributary: ${experiment} on ${dataset}`, [
    header,
    ...sections,
    settingsSection(settings) ?? markup``,
  ]);
}

function warnings({ synthetic, seeds, measurements }: ExperimentOutcome): Markup[] {
  const texts: string[] = [];
  if (synthetic) {
    texts.push(
      'Prompts, models, scores and costs are generated. The figures show that the path works; they say nothing about any real model.',
    );
  }
  if (seeds.length === 1) texts.push('One seed: there are no intervals, and differences may be chance.');
  if (measurements.every(({ privacy }) => privacy === undefined)) {
    texts.push('No noise was added: these are the results of exact sums.');
  }
  return texts.map((text) => markup`<p class="warning">${text}</p>`);
}
