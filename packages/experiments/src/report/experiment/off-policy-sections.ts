/** What logs said of routers, beside the truth. */
import { type Estimator, ESTIMATORS } from '@tributary/router';
import {
  ASSUMPTION_POINTS,
  coverageName,
  errorName,
  ESTIMATOR_TITLES,
} from '../../catalogue/off-policy/points.ts';
import type { JudgedBudget } from '../../results/measurement.ts';
import type { ExperimentOutcome } from '../../results/outcome.ts';
import type { Spread } from '../charts/lines.ts';
import { type Markup, markup } from '../markup.ts';
import { section } from '../page.ts';
import { bandChart, type BandLine } from './band-chart.ts';
import { pointsSections } from './points-sections.ts';

const POINTS = Object.values(ASSUMPTION_POINTS);

const STYLES: Readonly<Record<Estimator, BandLine['style']>> = {
  direct: 'centralised',
  ips: 'static',
  doublyRobust: 'federated',
};

export function offPolicySections(outcome: ExperimentOutcome): Markup[] {
  return [
    ...outcome.routers.flatMap(({ name, title }) => chartSections(outcome, name, title)),
    ...pointsSections(outcome, {
      title: 'Estimates against the truth',
      text: 'Error is the mean absolute difference, over budgets, of the estimated quality to what the router truly reaches on the same queries; coverage the share of budgets whose 95 % interval holds the truth. Direct believes the router; IPS weighs what was logged by the inverse of how likely it was; doubly robust corrects the one by the other.',
      points: POINTS,
      figures: ESTIMATORS.flatMap((estimator) => [errorName(estimator), coverageName(estimator)]),
    }),
  ];
}

function chartSections({ measurements }: ExperimentOutcome, router: string, title: string): Markup[] {
  return measurements
    .filter((each) => each.router === router && each.seed === 1 && each.estimated !== undefined)
    .map(({ point = '', estimated = [] }) =>
      section(
        `${title}, ${point}`,
        'Quality for a mean cost in the first draw: the truth, and what logs of one model per query say of it. Bands are 95 % intervals.',
        markup`<figure>${estimatesChart(estimated, `Estimates of ${router}, ${point}`)}</figure>`,
      ),
    );
}

function estimatesChart(budgets: readonly JudgedBudget[], description: string): Markup {
  const lines = ESTIMATORS.map(
    (estimator): BandLine => ({
      style: STYLES[estimator],
      label: ESTIMATOR_TITLES[estimator],
      points: budgets.flatMap(({ budgetUsd, [estimator]: value }): Spread[] =>
        value === undefined
          ? []
          : [{ x: 1000 * budgetUsd, y: value.quality, low: value.low, high: value.high }],
      ),
    }),
  );
  const truth: BandLine = {
    style: 'singles',
    label: 'truth',
    points: budgets.map(({ budgetUsd, truth: y }) => ({ x: 1000 * budgetUsd, y, low: y, high: y })),
  };
  return bandChart({
    lines: [...lines, truth],
    xTitle: 'Mean cost, USD per 1,000 queries (logarithmic)',
    yTitle: 'Mean quality',
    description,
  });
}
