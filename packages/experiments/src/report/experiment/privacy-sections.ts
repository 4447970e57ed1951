/** What a sweep over privacy budgets shows: curves over epsilon, whether the query helped at each budget, and what a forecast would have said. */
import { type Forecast, forecast } from '@tributary/privacy';
import { NO_NOISE, SWEEP, type SweepStep, sweepPoint } from '../../privacy/sweep.ts';
import { meanInterval } from '../../results/interval.ts';
import type { Measurement, Setting } from '../../results/measurement.ts';
import type { ExperimentOutcome } from '../../results/outcome.ts';
import type { Spread } from '../charts/lines.ts';
import { formatDifference, formatQuality } from '../format.ts';
import { type Markup, markup } from '../markup.ts';
import { section } from '../page.ts';
import { bandChart, type BandLine } from './band-chart.ts';
import { privacySections } from './privacy-table.ts';
import { aucSharedOf, mean, spreadOf } from './setting-lines.ts';

export function privacySweepSections(outcome: ExperimentOutcome): Markup[] {
  const clients = standardClients(outcome);
  return [
    ...outcome.routers
      .filter(({ name }) => SWEEP.some(({ routers }) => routers.includes(name)))
      .map(({ name, title }) =>
        section(
          `What a budget leaves: ${title}`,
          `Shared AUC over the budget per record, ${clients} clients, noise shared by all. Lines are means over seeds, bands reach from the least to the greatest. Static is blind to the query and has the same budget; local routers have no noise and no help.`,
          markup`<figure>${budgetCurves(outcome, name, clients)}</figure>`,
        ),
      ),
    section(
      'Did the query help?',
      'Differences in shared AUC within each seed, with 95 % intervals. A router that is not ahead of the static one of the same budget has learned nothing from queries that its noise did not take away again.',
      verdictTable(outcome, clients),
    ),
    ...privacySections(outcome.measurements),
  ];
}

/** That of the routers without noise: what the experiment was asked for. */
function standardClients({ measurements }: ExperimentOutcome): number {
  return measurements.find(({ point }) => point === NO_NOISE)?.clients ?? 0;
}

function at(
  { measurements }: ExperimentOutcome,
  router: string,
  setting: Setting,
  point: string,
): Measurement[] {
  return measurements.filter(
    (each) => each.router === router && each.setting === setting && each.point === point,
  );
}

function budgetCurves(outcome: ExperimentOutcome, router: string, clients: number): Markup {
  const steps = SWEEP.filter(
    ({ budget, clients: other }) =>
      budget.unit === 'record' && budget.noise === 'shared' && other === undefined,
  );
  const epsilons = steps.map(({ budget }) => budget.epsilon);
  const noisy = (setting: Setting): Spread[] =>
    steps.flatMap((step) => {
      const values = at(outcome, router, setting, sweepPoint(step, clients)).map(aucSharedOf);
      return values.length === 0 ? [] : [spreadOf(step.budget.epsilon, values)];
    });
  const level = (setting: Setting): Spread[] => {
    const values = at(outcome, router, setting, NO_NOISE).map(aucSharedOf);
    return values.length === 0 ? [] : epsilons.map((epsilon) => spreadOf(epsilon, values));
  };
  const lines: BandLine[] = [
    { style: 'local', label: 'local, no noise, mean over clients', points: level('local') },
    { style: 'centralised', label: 'federated, no noise', points: level('federated') },
    { style: 'static', label: 'static, same budget', points: noisy('static') },
    { style: 'federated', label: 'federated', points: noisy('federated') },
  ];
  return bandChart({
    lines,
    xTitle: 'ε per record (logarithmic)',
    yTitle: 'Shared AUC',
    description: `Shared AUC of ${router} routers over the privacy budget`,
  });
}

function verdictTable(outcome: ExperimentOutcome, clients: number): Markup {
  const rows = outcome.routers.flatMap(({ name, title }) =>
    SWEEP.flatMap((step) => {
      const point = sweepPoint(step, clients);
      const federated = at(outcome, name, 'federated', point);
      if (federated.length === 0) return [];
      const { signal, verdict } = forecastOf(outcome, step, point);
      const overStatic = differences(federated, at(outcome, name, 'static', point));
      // Local routers were measured with the standard number of clients alone.
      const overLocal =
        step.clients === undefined ? differences(federated, at(outcome, name, 'local', NO_NOISE)) : [];
      return [
        markup`<tr><th scope="row">${title}<small>${point}</small></th><td>${signal.toFixed(2)}: ${verdict}</td>
<td>${formatQuality(mean(federated.map(aucSharedOf)))}</td><td>${differenceText(overStatic)}</td><td>${differenceText(overLocal)}</td>
<td>${helped(overStatic)}</td></tr>`,
      ];
    }),
  );
  return markup`<table class="figures"><thead><tr><th scope="col">Router and budget</th><th scope="col">Forecast S</th><th scope="col">Shared AUC</th>
<th scope="col">− static, same budget</th><th scope="col">− mean local, no noise</th><th scope="col">The query</th></tr></thead><tbody>${rows}</tbody></table>
<p class="note">Forecast S: the norm of what all units agree on over that of the noise, for the ${DIMENSION} numbers of statistics and steps in the small preset, as <code>tributary privacy
forecast</code> gives it: from 2 on go, from 0.5 on simulate first, below it stop. It knows nothing of how much there is to learn.</p>`;
}

/** Of the order of what both programs ask for: 64 outputs for each of 15 heads, or 8 clusters of 14 models with two values and 384 dimensions each. */
const DIMENSION = 1000;

function forecastOf(
  { facts }: ExperimentOutcome,
  { budget, clients: given }: SweepStep,
  point: string,
): { readonly signal: number; readonly verdict: Forecast['verdict'] } {
  const { unit, epsilon, delta, recordsPerUnit, noise } = budget;
  const scene = facts.find((each) => each.point === point) ?? facts[0];
  const organisations = given ?? scene?.coverage.length ?? 1;
  const records = scene?.trainQueries ?? 1;
  const all = unit === 'organisation' ? organisations : records / recordsPerUnit;
  // Where each organisation carries all of the noise, the sum has sqrt(n) times as much: as if there were so many units fewer.
  const units = Math.max(1, Math.round(noise === 'local' ? all / Math.sqrt(organisations) : all));
  const { signalToNoise, verdict } = forecast({ units, dimension: DIMENSION, epsilon, delta });
  return { signal: signalToNoise, verdict };
}

function differences(federated: readonly Measurement[], others: readonly Measurement[]): number[] {
  return federated.flatMap((measurement) => {
    const other = others.find(({ seed }) => seed === measurement.seed);
    return other === undefined ? [] : [aucSharedOf(measurement) - aucSharedOf(other)];
  });
}

function differenceText(values: readonly number[]): string {
  if (values.length === 0) return '–';
  const { mean: middle, low, high } = meanInterval(values);
  if (low === null || high === null) return formatDifference(middle);
  return `${formatDifference(middle)} (${formatDifference(low)} … ${formatDifference(high)})`;
}

function helped(overStatic: readonly number[]): string {
  if (overStatic.length === 0) return '–';
  const { mean: middle, low, high } = meanInterval(overStatic);
  if (low !== null && low > 0) return 'helped';
  if (high !== null && high < 0) return 'did harm: take the static router';
  return middle > 0 ? 'helped in the mean, within chance' : 'did not help';
}
