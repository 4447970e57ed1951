import { bottomAxis, type Frame, leftAxis } from '../charts/axes.ts';
import { lineLegend } from '../charts/legend.ts';
import { band, dots, line, type LineStyle, type Point, type Spread } from '../charts/lines.ts';
import { linearScale, logScale } from '../charts/scales.ts';
import { type Markup, markup } from '../markup.ts';

export interface BandLine {
  readonly style: LineStyle;
  readonly label: string;
  readonly points: readonly Spread[];
}

export interface BandChart {
  /** Drawn in this order, the last on top; the axes span what they cover. */
  readonly lines: readonly BandLine[];
  /** Single points, drawn where they are as high as some line. */
  readonly marks?: readonly (Point & { readonly title: string })[];
  readonly xTitle: string;
  readonly yTitle: string;
  readonly description: string;
}

const FRAME: Frame = { left: 60, right: 1060, top: 34, bottom: 430 };

/** Lines with the area that their values range over, on a logarithmic axis of positive x. */
export function bandChart({ lines, marks = [], xTitle, yTitle, description }: BandChart): Markup {
  const drawn = lines.filter(({ points }) => points.length > 0);
  const xs = drawn.flatMap(({ points }) => points.map((point) => point.x));
  const ys = drawn.flatMap(({ points }) => points.flatMap(({ low, high }) => [low, high]));
  if (xs.length === 0) return markup`<p class="note">There is nothing to draw.</p>`;
  const x = logScale([Math.min(...xs) / 1.1, Math.max(...xs) * 1.1], [FRAME.left, FRAME.right]);
  const y = linearScale([Math.min(...ys), Math.max(...ys)], [FRAME.bottom, FRAME.top], 6);
  const inside = marks.filter((mark) => mark.y >= Math.min(...ys) && mark.y <= Math.max(...ys));
  return markup`${lineLegend(drawn.map(({ style, label }) => ({ style, label })).toReversed())}
<svg class="chart bands" viewBox="0 0 1080 ${FRAME.bottom + 52}" role="img" aria-label="${description}">
${bottomAxis(FRAME, x, { title: xTitle })}${leftAxis(FRAME, y, yTitle)}
${drawn.map(({ points, style }) => (style === 'guide' ? undefined : band(points, x, y, style)))}
${drawn.map(({ points, style, label }) => line(points, x, y, style, label))}${dots(inside, x, y, 'singles', 3.5)}</svg>`;
}
