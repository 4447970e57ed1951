import { type ConcaveHull, concaveHull, geometricGrid, qualityAtBudget } from '@tributary/router';
import { bottomAxis, type Frame, leftAxis } from './charts/axes.ts';
import { landmarks } from './charts/landmarks.ts';
import { lineLegend } from './charts/legend.ts';
import { dots, line, type LineStyle, type Point } from './charts/lines.ts';
import { linearScale, logScale } from './charts/scales.ts';
import { formatCost, formatQuality } from './format.ts';
import { type Markup, markup } from './markup.ts';
import type { ReportData } from './report-data.ts';

const FRAME: Frame = { left: 60, right: 1060, top: 34, bottom: 470 };
/** A frontier is straight in cost, so it is curved on a logarithmic axis: this many points make it look so. */
const SAMPLES = 160;

/** Mean quality against mean cost: what each router reaches for a budget, and the models one by one. */
export function frontierChart(data: ReportData): Markup {
  const routers: [LineStyle, string, ConcaveHull][] = [
    ...data.local.map(({ curve }, index): [LineStyle, string, ConcaveHull] => [
      'local',
      `local, ${data.coverage[index]?.client ?? index}`,
      concaveHull(curve),
    ]),
    ['singles', 'single models', concaveHull(data.singles.models)],
    ['static', 'static', concaveHull(data.static.curve)],
    ['centralised', 'centralised', concaveHull(data.centralised.curve)],
    ['federated', 'federated', concaveHull(data.federated.curve)],
  ];
  const shown = [...routers.flatMap(([, , hull]) => hull), ...data.singles.models, data.oracle];
  const costs = shown.map(({ costUsd }) => costUsd * 1000).filter((cost) => cost > 0);
  const qualities = shown.map(({ quality }) => quality);
  const x = logScale([Math.min(...costs) / 1.1, Math.max(...costs) * 1.1], [FRAME.left, FRAME.right]);
  const y = linearScale([Math.min(...qualities), Math.max(...qualities)], [FRAME.bottom, FRAME.top], 6);
  const end = Math.max(...costs) / 1000;

  const frontiers = routers.map(([style, name, hull]) => ({
    style,
    name,
    points: frontierPoints(hull, end),
  }));
  const lines = frontiers.map(({ style, name, points }) => line(points, x, y, style, name));
  const models = data.singles.models.map(({ model, costUsd, quality }) => ({
    x: costUsd * 1000,
    y: quality,
    title: `${model}: quality ${formatQuality(quality)}, ${formatCost(costUsd)} per 1,000 queries`,
  }));
  const named = landmarks(
    [
      { x: data.oracle.costUsd * 1000, y: data.oracle.quality, label: 'oracle', shape: 'diamond' },
      landmarkOf(data.bestSingle, 'best single'),
      landmarkOf(data.cheapest, 'cheapest'),
    ],
    frontiers.flatMap(({ points }) => points),
    x,
    y,
    FRAME,
  );
  return markup`${lineLegend([
    { style: 'federated', label: 'federated' },
    { style: 'centralised', label: 'centralised' },
    { style: 'static', label: 'static (blind to the query)' },
    { style: 'singles', label: 'single models' },
    { style: 'local', label: 'local, one per client' },
  ])}<svg class="chart" viewBox="0 0 1080 ${FRAME.bottom + 52}" role="img" aria-label="Quality against cost of all routers">
${bottomAxis(FRAME, x, { title: 'Mean cost, USD per 1,000 queries (logarithmic)' })}
${leftAxis(FRAME, y, 'Mean quality')}
${lines}${dots(models, x, y, 'singles', 3.5)}${named}</svg>`;
}

function landmarkOf(
  single: ReportData['bestSingle'],
  what: string,
): { x: number; y: number; label: string; shape: 'square' } {
  return { x: single.costUsd * 1000, y: single.quality, label: `${what}: ${single.model}`, shape: 'square' };
}

/** The hull from its cheapest point to `end`, in USD per 1,000 queries. */
function frontierPoints(hull: ConcaveHull, end: number): Point[] {
  const start = hull[0]?.costUsd ?? end;
  const costs =
    start > 0 && start < end ? geometricGrid(start, end, SAMPLES) : hull.map(({ costUsd }) => costUsd);
  return costs.map((cost) => ({ x: cost * 1000, y: qualityAtBudget(hull, cost) }));
}
