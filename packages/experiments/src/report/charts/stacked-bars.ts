import { formatCount } from '../format.ts';
import { type Markup, markup } from '../markup.ts';
import { bottomAxis, type Frame, px } from './axes.ts';
import { linearScale } from './scales.ts';

export interface StackedBar {
  readonly label: string;
  /** One value per category. */
  readonly values: readonly number[];
}

/** How many category colours the style sheet has; further categories start over, and are told apart by their numbers. */
export const CATEGORY_COLOURS = 14;

const WIDTH = 1080;
const BAR = 26;
const GAP = 8;
/** Pixels that a category's number needs. */
const NUMBER_WIDTH = 18;

/** Horizontal bars of one part per category; a part carries its category's number where it has room. */
export function stackedBars(
  bars: readonly StackedBar[],
  categories: readonly string[],
  title: string,
): Markup {
  const height = bars.length * (BAR + GAP);
  const frame: Frame = { left: 120, right: WIDTH - 60, top: 8, bottom: 8 + height };
  const totals = bars.map(({ values }) => values.reduce((sum, value) => sum + value, 0));
  const x = linearScale([0, Math.max(1, ...totals)], [frame.left, frame.right], 6);
  const rows = bars.map((bar, index) => {
    const top = frame.top + index * (BAR + GAP) + GAP / 2;
    const total = totals[index]!;
    return markup`<g><text class="bar-label" x="${frame.left - 10}" y="${top + BAR / 2}" dy="0.35em" text-anchor="end">${short(bar.label)}</text>
${parts(bar, categories, x, top)}
<text class="tick-label" x="${px(x.at(total) + 7)}" y="${top + BAR / 2}" dy="0.35em">${formatCount(total)}</text></g>`;
  });
  return markup`<svg class="chart" viewBox="0 0 ${WIDTH} ${frame.bottom + 52}" role="img" aria-label="${title}">
${bottomAxis(frame, x, { title })}${rows}</svg>`;
}

function parts(
  bar: StackedBar,
  categories: readonly string[],
  x: { at(value: number): number },
  top: number,
): Markup[] {
  let begin = 0;
  return bar.values.flatMap((value, category) => {
    if (value === 0) return [];
    const left = x.at(begin);
    begin += value;
    const width = x.at(begin) - left;
    const number =
      width < NUMBER_WIDTH
        ? undefined
        : markup`<text class="part-number c${category % CATEGORY_COLOURS}" x="${px(left + width / 2)}" y="${top + BAR / 2}" dy="0.35em" text-anchor="middle">${category + 1}</text>`;
    return markup`<g><rect class="part c${category % CATEGORY_COLOURS}" x="${px(left)}" y="${top}" width="${px(Math.max(width - 1, 0.5))}" height="${BAR}">
<title>${bar.label}, ${categories[category]}: ${formatCount(value)}</title></rect>${number}</g>`;
  });
}

function short(label: string): string {
  return label.length > 16 ? `${label.slice(0, 15)}…` : label;
}

/** The categories by number and colour. */
export function categoryLegend(categories: readonly string[]): Markup {
  const items = categories.map(
    (name, index) =>
      markup`<li><span class="swatch c${index % CATEGORY_COLOURS}">${index + 1}</span>${name}</li>`,
  );
  return markup`<ul class="legend">${items}</ul>`;
}
