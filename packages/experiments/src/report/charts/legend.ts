import { type Markup, markup } from '../markup.ts';
import type { LineStyle } from './lines.ts';

export interface LegendEntry {
  readonly style: LineStyle;
  readonly label: string;
}

/** A row of line samples with names, above a chart. */
export function lineLegend(entries: readonly LegendEntry[]): Markup {
  const items = entries.map(
    ({ style, label }) =>
      markup`<li><svg class="sample" viewBox="0 0 28 10" aria-hidden="true"><path class="line ${style}" d="M1 5H27"/></svg>${label}</li>`,
  );
  return markup`<ul class="legend">${items}</ul>`;
}
