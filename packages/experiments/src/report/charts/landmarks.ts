import { type Markup, markup } from '../markup.ts';
import { type Frame, px } from './axes.ts';
import type { Point } from './lines.ts';
import type { Scale } from './scales.ts';

/** A named point that is drawn as a mark with its name beside it. */
export interface Landmark extends Point {
  readonly label: string;
  readonly shape: 'diamond' | 'square' | 'circle';
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

const LETTER_WIDTH = 6.4;
const LINE_HEIGHT = 15;

/**
 * Draws marks and names each: of the places around a mark that are inside the frame and off all other marks and names, the one with the
 * fewest points of `lines` behind it. A name without room is left out; the title of the mark still says it.
 *
 * @param lines points of what else is drawn, in the units of the axes
 */
export function landmarks(
  points: readonly Landmark[],
  lines: readonly Point[],
  x: Scale,
  y: Scale,
  frame: Frame,
): Markup {
  const taken: Box[] = points.map((point) => around(x.at(point.x), y.at(point.y)));
  const behind = lines.map((point) => ({ x: x.at(point.x), y: y.at(point.y) }));
  const drawn = points.map((point, index) => {
    const [left, top] = [px(x.at(point.x)), px(y.at(point.y))];
    const others = taken.filter((_, other) => other !== index);
    const [place] = places(left, top, point.label.length * LETTER_WIDTH)
      .filter(({ box }) => inside(box, frame) && !others.some((other) => overlap(box, other)))
      .map((candidate) => ({
        ...candidate,
        hidden: behind.filter((at) => contains(candidate.box, at)).length,
      }))
      .toSorted((a, b) => a.hidden - b.hidden);
    if (place !== undefined) taken.push(place.box);
    const name =
      place &&
      markup`<text class="landmark-label" x="${px(place.x)}" y="${px(place.y)}" text-anchor="${place.anchor}">${point.label}</text>`;
    return markup`<g>${mark(point, left, top)}${name}</g>`;
  });
  return markup`<g>${drawn}</g>`;
}

function mark({ shape, label }: Landmark, x: number, y: number): Markup {
  const title = markup`<title>${label}</title>`;
  switch (shape) {
    case 'circle':
      return markup`<circle class="landmark" cx="${x}" cy="${y}" r="4.5">${title}</circle>`;
    case 'square':
      return markup`<rect class="landmark" x="${px(x - 4.5)}" y="${px(y - 4.5)}" width="9" height="9">${title}</rect>`;
    case 'diamond':
      return markup`<path class="landmark" d="M${x} ${px(y - 6.5)}l6.5 6.5l-6.5 6.5l-6.5 -6.5z">${title}</path>`;
  }
}

interface Place {
  readonly x: number;
  readonly y: number;
  readonly anchor: 'start' | 'end';
  readonly box: Box;
}

function places(x: number, y: number, width: number): Place[] {
  const heights = [y + 4, y - 12, y + 21, y - 26, y + 35];
  return heights.flatMap((baseline): Place[] => {
    const beside = baseline === y + 4 ? 11 : -6;
    const top = baseline - 11;
    return [
      { x: x + beside, y: baseline, anchor: 'start', box: boxOf(x + beside, top, width) },
      { x: x - beside, y: baseline, anchor: 'end', box: boxOf(x - beside - width, top, width) },
    ];
  });
}

function boxOf(left: number, top: number, width: number): Box {
  return { left, right: left + width, top, bottom: top + LINE_HEIGHT };
}

function around(x: number, y: number): Box {
  return { left: x - 8, right: x + 8, top: y - 8, bottom: y + 8 };
}

function contains(box: Box, point: Point): boolean {
  return point.x > box.left && point.x < box.right && point.y > box.top && point.y < box.bottom;
}

function inside(box: Box, frame: Frame): boolean {
  return (
    box.left >= frame.left && box.right <= frame.right && box.top >= frame.top && box.bottom <= frame.bottom
  );
}

function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}
