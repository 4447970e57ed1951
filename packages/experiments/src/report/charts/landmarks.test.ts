import { describe, expect, it } from 'vitest';
import { landmarks } from './landmarks.ts';
import { linearScale } from './scales.ts';

const FRAME = { left: 0, right: 500, top: 0, bottom: 500 };
const x = linearScale([0, 500], [0, 500]);
const y = linearScale([0, 500], [0, 500]);

function names(...points: [x: number, y: number, label: string][]): string[] {
  const marks = points.map(([left, top, label]) => ({ x: left, y: top, label, shape: 'square' as const }));
  const svg = landmarks(marks, [], x, y, FRAME).text;
  expect([...svg.matchAll(/<rect class="landmark"/g)]).toHaveLength(points.length);
  return [...svg.matchAll(/text-anchor="(\w+)">([^<]+)</g)].map(([, anchor, label]) => `${label} ${anchor}`);
}

describe('landmarks', () => {
  it('names a mark at its right, or at its left where the frame ends', () => {
    expect(names([100, 100, 'oracle'])).toEqual(['oracle start']);
    expect(names([480, 100, 'oracle'])).toEqual(['oracle end']);
  });

  it('keeps names off other marks', () => {
    expect(names([100, 100, 'a long name'], [130, 100, 'b'])).toEqual(['a long name end', 'b start']);
  });

  it('prefers the place with nothing behind it', () => {
    const line = Array.from({ length: 100 }, (_, index) => ({ x: 200 + index, y: 200 }));
    const svg = landmarks([{ x: 200, y: 200, label: 'best', shape: 'circle' }], line, x, y, FRAME).text;
    expect(svg).toContain('text-anchor="end">best<');
  });

  it('leaves out a name that has no room, but not its mark', () => {
    expect(names([250, 250, 'x'.repeat(200)])).toEqual([]);
  });
});
