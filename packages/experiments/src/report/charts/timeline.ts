import { type Markup, markup } from '../markup.ts';
import type { ReportRound } from '../report-data.ts';
import { bottomAxis, type Frame, px } from './axes.ts';
import { linearScale } from './scales.ts';

const WIDTH = 1080;
const ROW = 17;

/** One bar per round, from its opening to its sum, with the number of survivors behind it. */
export function timeline(rounds: readonly ReportRound[]): Markup {
  const frame: Frame = { left: 120, right: WIDTH - 110, top: 8, bottom: 12 + rounds.length * ROW };
  const x = linearScale([0, Math.max(0.001, ...rounds.map(({ end }) => end))], [frame.left, frame.right], 8);
  const rows = rounds.map((round, index) => {
    const top = frame.top + 2 + index * ROW;
    const [left, right] = [x.at(round.start), x.at(round.end)];
    const seconds = (round.end - round.start).toFixed(2);
    return markup`<g><text class="bar-label" x="${frame.left - 10}" y="${top + ROW / 2}" dy="0.35em" text-anchor="end">${round.step}</text>
<rect class="round" x="${px(left)}" y="${top + 2}" width="${px(Math.max(right - left, 1))}" height="${ROW - 4}"><title>${round.step}: ${seconds} s, ${round.survivors} survivors</title></rect>
<text class="tick-label" x="${px(right + 6)}" y="${top + ROW / 2}" dy="0.35em">${round.survivors}</text></g>`;
  });
  return markup`<svg class="chart" viewBox="0 0 ${WIDTH} ${frame.bottom + 52}" role="img" aria-label="Rounds over time">
${bottomAxis(frame, x, { title: 'Seconds since the run began; at each bar the number of survivors' })}${rows}</svg>`;
}
