import type { CurvePoint } from '@tributary/router';
import { bottomAxis, type Frame, leftAxis, px } from './charts/axes.ts';
import { lineLegend } from './charts/legend.ts';
import { line, type LineStyle } from './charts/lines.ts';
import { linearScale, logScale, type Scale } from './charts/scales.ts';
import { type Markup, markup } from './markup.ts';
import type { ReportData } from './report-data.ts';

const QUALITY_FRAME: Frame = { left: 60, right: 1060, top: 34, bottom: 210 };
const COST_FRAME: Frame = { left: 60, right: 1060, top: 264, bottom: 440 };

/** What lambda does: two charts over one axis of lambda, mean quality above, mean cost below. */
export function lambdaCharts(data: ReportData): Markup {
  const routers: [LineStyle, readonly CurvePoint[]][] = [
    ['static', data.static.curve],
    ['centralised', data.centralised.curve],
    ['federated', data.federated.curve],
  ];
  const points = routers.flatMap(([, curve]) => curve);
  const lambdas = points.map(({ lambda }) => lambda);
  const x = logScale(
    [Math.min(...lambdas), Math.max(...lambdas)],
    [QUALITY_FRAME.left, QUALITY_FRAME.right],
    'powers',
  );
  const qualities = points.map(({ quality }) => quality);
  const quality = linearScale(
    [Math.min(...qualities), Math.max(...qualities)],
    [QUALITY_FRAME.bottom, QUALITY_FRAME.top],
    4,
  );
  const costs = points.map(({ costUsd }) => costUsd * 1000).filter((cost) => cost > 0);
  const cost = logScale(
    [Math.min(...costs) / 1.2, Math.max(...costs) * 1.2],
    [COST_FRAME.bottom, COST_FRAME.top],
  );
  const lines = routers.map(([style, curve]) => [
    line(
      curve.map((point) => ({ x: point.lambda, y: point.quality })),
      x,
      quality,
      style,
      style,
    ),
    line(
      curve.map((point) => ({ x: point.lambda, y: point.costUsd * 1000 })),
      x,
      cost,
      style,
      style,
    ),
  ]);
  return markup`${lineLegend([
    { style: 'federated', label: 'federated' },
    { style: 'centralised', label: 'centralised' },
    { style: 'static', label: 'static (blind to the query)' },
  ])}<svg class="chart" viewBox="0 0 1080 ${COST_FRAME.bottom + 52}" role="img" aria-label="Quality and cost against lambda">
${bottomAxis(QUALITY_FRAME, x, { labels: false })}${leftAxis(QUALITY_FRAME, quality, 'Mean quality')}
${bottomAxis(COST_FRAME, x, { title: 'λ, quality per USD (logarithmic): the greater, the more a router saves' })}
${leftAxis(COST_FRAME, cost, 'Mean cost, USD per 1,000 queries (logarithmic)')}
${lines}${defaultMark(data.defaultLambda, x)}</svg>`;
}

function defaultMark(lambda: number | undefined, x: Scale): Markup | undefined {
  if (lambda === undefined) return undefined;
  const place = px(x.at(lambda));
  return markup`<g><line class="mark" x1="${place}" x2="${place}" y1="${QUALITY_FRAME.top}" y2="${COST_FRAME.bottom}"/>
<text class="landmark-label" x="${place + 7}" y="${QUALITY_FRAME.top + 13}">default λ</text></g>`;
}
