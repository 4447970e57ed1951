import { type Markup, markup } from '../markup.ts';
import { px } from './axes.ts';
import type { Scale } from './scales.ts';

/** A point in the units of the axes. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Which line it is; the style sheet gives each its colour and its dashes. */
export type LineStyle = 'federated' | 'centralised' | 'static' | 'singles' | 'local' | 'mixture' | 'guide';

export function line(points: readonly Point[], x: Scale, y: Scale, style: LineStyle, title: string): Markup {
  const path = points.map(
    (point, index) => `${index === 0 ? 'M' : 'L'}${px(x.at(point.x))} ${px(y.at(point.y))}`,
  );
  return markup`<path class="line ${style}" d="${path.join('')}"><title>${title}</title></path>`;
}

/** A value with what it ranges over, in the units of the axes. */
export interface Spread extends Point {
  readonly low: number;
  readonly high: number;
}

/** The area between the least and the greatest values. */
export function band(points: readonly Spread[], x: Scale, y: Scale, style: LineStyle): Markup {
  const place = (point: Spread, value: number): string => `${px(x.at(point.x))} ${px(y.at(value))}`;
  const upper = points.map((point) => place(point, point.high));
  const lower = points.toReversed().map((point) => place(point, point.low));
  const path = [...upper, ...lower].map((at, index) => `${index === 0 ? 'M' : 'L'}${at}`);
  return markup`<path class="band ${style}" d="${path.join('')}Z"/>`;
}

/** Dots without labels; the title shows when the pointer rests on one. */
export function dots(
  points: readonly (Point & { readonly title: string })[],
  x: Scale,
  y: Scale,
  style: LineStyle,
  radius: number,
): Markup {
  const marks = points.map(
    (point) =>
      markup`<circle class="dot ${style}" cx="${px(x.at(point.x))}" cy="${px(y.at(point.y))}" r="${radius}"><title>${point.title}</title></circle>`,
  );
  return markup`<g>${marks}</g>`;
}
