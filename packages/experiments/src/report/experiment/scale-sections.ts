/** What scale is worth: the suboptimality curves of the paper's theory, measured. */
import {
  clientsPoint,
  coveragePoint,
  everyAnswerPoint,
  SCALE_CLIENTS,
  SCALE_MODELS,
} from '../../catalogue/scale-points.ts';
import { meanInterval } from '../../results/interval.ts';
import { type Measurement, SETTINGS, type Setting } from '../../results/measurement.ts';
import type { ExperimentOutcome } from '../../results/outcome.ts';
import type { Spread } from '../charts/lines.ts';
import { formatQuality } from '../format.ts';
import { type Markup, markup } from '../markup.ts';
import { section } from '../page.ts';
import { bandChart, type BandLine } from './band-chart.ts';
import { aucSharedOf, spreadOf } from './setting-lines.ts';

/** One step of a sweep. */
interface Step {
  /** Place on the axis. */
  readonly x: number;
  readonly point: string;
  /** The point of the router that knows everything about the same queries. */
  readonly reference: string;
}

export function scaleSections(outcome: ExperimentOutcome): Markup[] {
  const clientSteps = SCALE_CLIENTS.map(
    (clients): Step => ({
      x: clients,
      point: clientsPoint(clients),
      reference: everyAnswerPoint(Math.max(...SCALE_CLIENTS)),
    }),
  );
  const coverage = outcome.facts.find(({ point }) => point === coveragePoint(undefined));
  const models = coverage?.models.length ?? 0;
  const coverageSteps = [...SCALE_MODELS.filter((step) => step < models), undefined].map(
    (step): Step => ({
      x: step ?? models,
      point: coveragePoint(step),
      reference: everyAnswerPoint(coverage?.coverage.length ?? 0),
    }),
  );
  return outcome.routers.flatMap(({ name, title }) => [
    section(
      `More clients: ${title}`,
      'What a router lacks, in shared AUC, to one of its kind that saw every model’s answer to every training query of all 40 clients. The clients of a smaller federation are the first of a larger one, and all are judged on the test queries of all 40; local is the mean over all 40 at every number. The dotted guide falls with the square root of the rows. Two clients are summed in clear: a secure sum takes three.',
      markup`<figure>${suboptimality(outcome, name, clientSteps, 'Clients (logarithmic)', true)}</figure>${stepsTable(outcome, name, clientSteps)}`,
    ),
    section(
      `More models per client: ${title}`,
      `What a router lacks where each of ${coverage?.coverage.length ?? 0} clients uses only some of the models, drawn at random for each. A client alone cannot know what it never used; together the clients can.`,
      markup`<figure>${suboptimality(outcome, name, coverageSteps, 'Models that each client uses (logarithmic)', false)}</figure>${stepsTable(outcome, name, coverageSteps)}`,
    ),
  ]);
}

function suboptimality(
  outcome: ExperimentOutcome,
  router: string,
  steps: readonly Step[],
  xTitle: string,
  withGuide: boolean,
): Markup {
  const spreads = (setting: Setting): Spread[] =>
    steps.flatMap((step) => {
      const values = lacking(outcome, router, setting, step);
      return values.length === 0 ? [] : [spreadOf(step.x, values)];
    });
  const lines = (['local', 'centralised', 'federated'] as const).map(
    (setting): BandLine => ({
      style: setting,
      label: setting === 'local' ? 'local, mean over clients' : setting,
      points: spreads(setting),
    }),
  );
  const federated = lines.at(-1)?.points ?? [];
  return bandChart({
    lines: withGuide ? [guideThrough(federated), ...lines] : lines,
    xTitle,
    yTitle: 'Suboptimality in shared AUC',
    description: `Suboptimality of ${router} routers`,
  });
}

/** c / sqrt(x), with c by least squares on the line: where it would lie if nothing but the number of rows mattered. */
function guideThrough(points: readonly Spread[]): BandLine {
  const products = points.reduce((total, { x, y }) => total + y / Math.sqrt(x), 0);
  const squares = points.reduce((total, { x }) => total + 1 / x, 0);
  const first = points[0]?.x ?? 1;
  const last = points.at(-1)?.x ?? 1;
  const xs = Array.from({ length: 40 }, (_, i) => first * (last / first) ** (i / 39));
  return {
    style: 'guide',
    label: 'guide: 1 / √rows',
    points: points.length < 2 ? [] : xs.map((x) => spreadOf(x, [products / squares / Math.sqrt(x)])),
  };
}

/** One value per seed. */
function lacking(
  { measurements }: ExperimentOutcome,
  router: string,
  setting: Setting,
  { point, reference }: Step,
): number[] {
  const find = (seed: number, at: string, of: Setting): Measurement | undefined =>
    measurements.find(
      (each) => each.router === router && each.seed === seed && each.point === at && each.setting === of,
    );
  const seeds = [...new Set(measurements.map(({ seed }) => seed))];
  return seeds.flatMap((seed) => {
    const measured = find(seed, point, setting);
    const best = find(seed, reference, 'centralised');
    return measured === undefined || best === undefined ? [] : [aucSharedOf(best) - aucSharedOf(measured)];
  });
}

function stepsTable(outcome: ExperimentOutcome, router: string, steps: readonly Step[]): Markup {
  const settings = SETTINGS.filter((setting) => setting !== 'static');
  const rows = steps.map((step) => {
    const cells = settings.map((setting) => {
      const values = lacking(outcome, router, setting, step);
      if (values.length === 0) return markup`<td>–</td>`;
      const { mean, low, high } = meanInterval(values);
      const half = low === null || high === null ? '' : ` ± ${formatQuality((high - low) / 2)}`;
      return markup`<td>${formatQuality(mean)}${half}</td>`;
    });
    return markup`<tr><th scope="row">${step.point}</th>${cells}</tr>`;
  });
  return markup`<table><thead><tr><th scope="col">Suboptimality</th>${settings.map(
    (setting) => markup`<th scope="col">${setting}</th>`,
  )}</tr></thead><tbody>${rows}</tbody></table>`;
}
