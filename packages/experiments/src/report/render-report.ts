import { categoryLegend, stackedBars } from './charts/stacked-bars.ts';
import { timeline } from './charts/timeline.ts';
import { headline, policyTable, routerTable, runTable } from './figures.ts';
import { formatCount } from './format.ts';
import { frontierChart } from './frontier-chart.ts';
import { lambdaCharts } from './lambda-charts.ts';
import { type Markup, markup } from './markup.ts';
import { privacySections } from './privacy-section.ts';
import type { ReportData } from './report-data.ts';
import { renderPage, section, settingsSection } from './page.ts';

/**
 * The report of an experiment as one HTML file: styles and drawings are inside, there is no script, and nothing is fetched.
 *
 * @param data texts in it may be anything, they are escaped; numbers are finite, costs of models above 0, and at least one client is covered
 */
export function renderReport(data: ReportData): string {
  const { workload, models, run, coverage } = data;
  return renderPage(`Tributary: ${workload.name}, ${run.clients} clients`, [
    markup`<header>
${workload.synthetic ? markup`<span class="badge">synthetic workload</span>` : undefined}
<h1>One router, trained by ${run.clients} clients that kept their logs to themselves</h1>
<p>Workload ${workload.name}: ${formatCount(workload.trainQueries)} training queries with one observed model each,
${formatCount(workload.testQueries)} test queries with all ${models.length} models.</p>
${warnings(data)}
</header>
${headline(data)}
${section(
  'What a budget buys',
  'The frontier of each router on the test queries of all clients: the best mean quality for a mean cost. Dots are single models.',
  markup`<figure>${frontierChart(data)}</figure>`,
)}
${section(
  'Key figures',
  'Everything is measured on the same test queries.',
  markup`<div class="tables"><div>${routerTable(data)}</div><div>${policyTable(data)}${runTable(data)}</div></div>`,
)}
${section(
  'What λ does',
  'A router sends each query to the model with the greatest predicted quality − λ · cost. λ is chosen when routing, without training again.',
  markup`<figure>${lambdaCharts(data)}</figure>`,
)}
${section(
  'What each client had seen',
  'Training queries of each client by the one model that answered them. A router of its own knows nothing of the models that it hardly saw.',
  markup`<figure>${categoryLegend(models)}${stackedBars(
    coverage.map(({ client, observations }) => ({ label: client, values: observations })),
    models,
    'Training queries',
  )}</figure>`,
)}
${privacySections(data)}
${roundsSection(data)}
${settingsSection(data.settings)}`,
  ]);
}

function warnings({ workload, run }: ReportData): Markup[] {
  const texts: string[] = [];
  if (workload.synthetic) {
    texts.push(
      'Prompts, models, scores and costs are generated. The figures show that the path works; they say nothing about any real model.',
    );
  }
  if (run.epsilon === null) {
    texts.push(
      'No noise was added. Single contributions were masked, but differences between sums over changing cohorts may reveal an organisation.',
    );
  }
  if (!run.exact) {
    texts.push(
      'A sum that was opened did not equal the sum of the survivors’ vectors: do not use this router.',
    );
  }
  return texts.map((text) => markup`<p class="warning">${text}</p>`);
}

function roundsSection({ rounds = [] }: ReportData): Markup | undefined {
  if (rounds.length === 0) return undefined;
  return section('Rounds', 'One secure sum after the other.', markup`<figure>${timeline(rounds)}</figure>`);
}
