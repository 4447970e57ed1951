import { type Markup, markup } from '../markup.ts';
import type { Scale } from './scales.ts';

/** The rectangle that data is drawn in, in pixels of the chart. */
export interface Frame {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** A place in pixels to a tenth. */
export function px(value: number): number {
  return Math.round(value * 10) / 10;
}

export interface BottomAxisOptions {
  /** What the axis measures, with its unit. */
  readonly title?: string;
  /** False for ticks without labels, above another chart that has them. */
  readonly labels?: boolean;
}

export function bottomAxis(frame: Frame, scale: Scale, { title, labels = true }: BottomAxisOptions): Markup {
  const ticks = scale.ticks.map(({ value, label }) => {
    const x = px(scale.at(value));
    if (label === undefined)
      return markup`<line class="tick" x1="${x}" x2="${x}" y1="${frame.bottom}" y2="${frame.bottom + 3}"/>`;
    const text = labels
      ? markup`<text class="tick-label" x="${x}" y="${frame.bottom + 19}" text-anchor="middle">${label}</text>`
      : undefined;
    return markup`<line class="grid" x1="${x}" x2="${x}" y1="${frame.top}" y2="${frame.bottom}"/>
<line class="tick" x1="${x}" x2="${x}" y1="${frame.bottom}" y2="${frame.bottom + 5}"/>${text}`;
  });
  const middle = px((frame.left + frame.right) / 2);
  const caption =
    title === undefined
      ? undefined
      : markup`<text class="axis-title" x="${middle}" y="${frame.bottom + 42}" text-anchor="middle">${title}</text>`;
  return markup`<g>${ticks}<line class="axis" x1="${frame.left}" x2="${frame.right}" y1="${frame.bottom}" y2="${frame.bottom}"/>${caption}</g>`;
}

/** @param title what the axis measures, with its unit; written above the axis, where it is read without turning the head */
export function leftAxis(frame: Frame, scale: Scale, title: string): Markup {
  const ticks = scale.ticks.map(({ value, label }) => {
    if (label === undefined) return undefined;
    const y = px(scale.at(value));
    return markup`<line class="grid" x1="${frame.left}" x2="${frame.right}" y1="${y}" y2="${y}"/>
<text class="tick-label" x="${frame.left - 9}" y="${y}" dy="0.35em" text-anchor="end">${label}</text>`;
  });
  return markup`<g>${ticks}<text class="axis-title" x="${frame.left - 40}" y="${frame.top - 14}">${title}</text></g>`;
}
