import { describe, expect, it } from 'vitest';
import { categoryLegend, stackedBars } from './stacked-bars.ts';

const BARS = [
  { label: 'client 0', values: [300, 0, 100] },
  { label: 'client 1', values: [1, 39, 0] },
];

describe('stackedBars', () => {
  const svg = stackedBars(BARS, ['a', 'b', 'c'], 'Training queries').text;

  it('draws a part per value that is not 0, as wide as the value says', () => {
    const parts = [...svg.matchAll(/class="part (c\d+)" x="([\d.]+)" y="[\d.]+" width="([\d.]+)"/g)];
    expect(parts.map(([, colour]) => colour)).toEqual(['c0', 'c2', 'c0', 'c1']);
    const widths = parts.map(([, , , width]) => Number(width) + 1);
    expect((widths[0] ?? 0) / (widths[1] ?? 1)).toBeCloseTo(3, 2);
    expect((widths[0] ?? 0) / (widths[3] ?? 1)).toBeCloseTo(300 / 39, 1);
  });

  it('says each value in words and numbers the parts that have room', () => {
    expect(svg).toContain('<title>client 0, c: 100</title>');
    expect([...svg.matchAll(/class="part-number c\d+"[^>]*>(\d+)</g)].map(([, number]) => number)).toEqual([
      '1',
      '3',
      '2',
    ]);
  });

  it('numbers its legend', () => {
    expect(categoryLegend(['a', 'b']).text).toContain('<span class="swatch c1">2</span>b');
  });
});
