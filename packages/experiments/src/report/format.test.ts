import { describe, expect, it } from 'vitest';
import { formatBytes, formatCost, formatDifference, formatPower, formatQuality, plain } from './format.ts';

describe('numbers of the report', () => {
  it('are short and have their unit', () => {
    expect(formatQuality(0.64049)).toBe('0.640');
    expect(formatCost(0.000_658_9)).toBe('$0.659');
    expect(formatCost(0.0123)).toBe('$12.3');
    expect(formatBytes(999)).toBe('999 B');
    expect(formatBytes(62_310)).toBe('62.3 kB');
    expect(formatBytes(1_930_000)).toBe('1.93 MB');
  });

  it('show the sign of a difference, and none where it rounds to nothing', () => {
    expect(formatDifference(0.0216)).toBe('+0.022');
    expect(formatDifference(-0.13)).toBe('−0.130');
    expect(formatDifference(-0.0001)).toBe('±0.000');
  });

  it('stand on axes without needless digits', () => {
    expect([0.1 + 0.2, 0.05, 1000, 0, 2e-7].map(plain)).toEqual(['0.3', '0.05', '1,000', '0', '2e-7']);
    expect([-2, 0, 13].map(formatPower)).toEqual(['10⁻²', '10⁰', '10¹³']);
  });
});
