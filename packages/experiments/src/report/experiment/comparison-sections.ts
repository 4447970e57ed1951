/** What a comparison of settings shows: frontiers, differences with intervals, what was chosen, and who observed what. */
import { type SceneFacts, SETTINGS, type Setting } from '../../results/measurement.ts';
import type { ExperimentOutcome } from '../../results/outcome.ts';
import { resultOf } from '../../results/result.ts';
import { categoryLegend, stackedBars } from '../charts/stacked-bars.ts';
import { formatCost, formatQuality } from '../format.ts';
import { type Markup, markup } from '../markup.ts';
import { section } from '../page.ts';
import { bandChart, type BandLine } from './band-chart.ts';
import { differencesTable } from './differences-table.ts';
import { figuresTable } from './figures-table.ts';
import { privacySections } from './privacy-table.ts';
import { frontierSpread, mean, measurementsOf } from './setting-lines.ts';

const LABELS: Readonly<Record<Setting, string>> = {
  federated: 'federated',
  centralised: 'centralised',
  local: 'local, mean over clients',
  mixture: 'mixture, mean over clients',
  static: 'static (blind to the query)',
};

export function comparisonSections(outcome: ExperimentOutcome): Markup[] {
  return [
    ...outcome.routers.map(({ name, title }) =>
      section(
        `What a budget buys: ${title}`,
        'The best mean quality for a mean cost, on the test queries of all clients. Lines are means over seeds, bands reach from the least to the greatest. Dots are single models, where they are as good as some line.',
        markup`<figure>${frontierBands(outcome, name)}</figure>`,
      ),
    ),
    section(
      'Key figures',
      'Means over seeds with 95 % intervals of Student’s t, on the same test queries.',
      figuresTable(outcome, resultOf(outcome)),
    ),
    section(
      'What federating is worth',
      'Differences in shared AUC within each seed, so that what a draw does to all routers cancels.',
      differencesTable(outcome),
    ),
    ...privacySections(outcome.measurements),
    ...tunedSection(outcome),
    ...coverageSection(outcome.facts),
  ];
}

function frontierBands(outcome: ExperimentOutcome, router: string): Markup {
  const { facts } = outcome;
  const models = singleModelMarks(facts);
  const end = Math.max(...models.map(({ x }) => x)) / 1000;
  const singles: BandLine = {
    style: 'singles',
    label: 'single models',
    points: frontierSpread(
      facts.map(({ singlesFrontier }) => [singlesFrontier]),
      end,
    ),
  };
  const lines = SETTINGS.toReversed().flatMap((setting): BandLine[] => {
    const measurements = measurementsOf(outcome, router, setting);
    if (measurements.length === 0) return [];
    const frontiers = measurements.map(({ scores }) => scores.map(({ frontier }) => frontier));
    return [{ style: setting, label: LABELS[setting], points: frontierSpread(frontiers, end) }];
  });
  return bandChart({
    lines: [singles, ...lines],
    marks: models,
    xTitle: 'Mean cost, USD per 1,000 queries (logarithmic)',
    yTitle: 'Mean quality',
    description: `Quality against cost of ${router} routers in all settings`,
  });
}

/** Single models as points of the chart, means over seeds. */
function singleModelMarks(facts: readonly SceneFacts[]): { x: number; y: number; title: string }[] {
  return (facts[0]?.singles ?? []).flatMap(({ model }, m) => {
    const costUsd = mean(facts.map(({ singles }) => singles[m]?.costUsd ?? Number.NaN));
    const quality = mean(facts.map(({ singles }) => singles[m]?.quality ?? Number.NaN));
    if (!(costUsd > 0)) return [];
    const title = `${model}: quality ${formatQuality(quality)}, ${formatCost(costUsd)} per 1,000 queries`;
    return [{ x: costUsd * 1000, y: quality, title }];
  });
}

function tunedSection(outcome: ExperimentOutcome): Markup[] {
  const rows = outcome.routers.flatMap(({ name, title }) =>
    (['federated', 'centralised', 'local'] as const).flatMap((setting) => {
      const chosen = measurementsOf(outcome, name, setting).flatMap(({ tuned }) => tuned ?? []);
      if (chosen.length === 0) return [];
      const counts = new Map<string, number>();
      for (const each of chosen) counts.set(each, (counts.get(each) ?? 0) + 1);
      const list = [...counts]
        .toSorted(([, a], [, b]) => b - a)
        .map(([each, count]) => (chosen.length === 1 ? each : `${each} (${count})`));
      return [markup`<tr><th scope="row">${title}, ${setting}</th><td>${list.join('; ')}</td></tr>`];
    }),
  );
  if (rows.length === 0) return [];
  return [
    section(
      'What tuning chose',
      'The settings of least loss on held-out rows, with how often they were chosen. Where a federated or centralised router is not listed, it stands at its standard settings.',
      markup`<table><tbody>${rows}</tbody></table>`,
    ),
  ];
}

function coverageSection(facts: readonly SceneFacts[]): Markup[] {
  return facts.slice(0, 1).map(({ seed, models, coverage }) =>
    section(
      'What each client had seen',
      `Training queries of each client by the one model that answered them, at seed ${seed}. A router of its own knows nothing of the models that it hardly saw.`,
      markup`<figure>${categoryLegend(models)}${stackedBars(
        coverage.map((values, client) => ({ label: `client ${client + 1}`, values })),
        models,
        'Training queries',
      )}</figure>`,
    ),
  );
}
