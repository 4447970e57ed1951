import { describe, expect, it } from 'vitest';
import { progressBar } from './progress-bar.ts';

describe('the progress bar', () => {
  it('fills as trials finish, and tells the time', () => {
    expect(progressBar(0, 8, 0)).toBe(`${'░'.repeat(24)} 0/8  0:00`);
    expect(progressBar(2, 8, 65.9)).toBe(`${'█'.repeat(6)}${'░'.repeat(18)} 2/8  1:05`);
    expect(progressBar(8, 8, 600)).toBe(`${'█'.repeat(24)} 8/8  10:00`);
  });
});
