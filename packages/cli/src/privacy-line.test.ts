import { declarePrivacy } from '@tributary/privacy';
import { describe, expect, it } from 'vitest';
import { privacyLine } from './privacy-line.ts';

describe('the line on privacy that a client prints', () => {
  it('says that sums are exact where the run declares no budget', () => {
    expect(privacyLine('none')).toMatch(/^no privacy noise: sums are exact/);
  });

  it('says the budget, whose it is and over how many sums, where the run declares one', () => {
    const declaration = declarePrivacy({
      unit: 'end-user',
      epsilon: 2,
      delta: 1e-6,
      recordsPerUnit: 4,
      cohort: { members: 5, threshold: 4, colluders: 2 },
      schedule: [
        { step: 'mean', weight: 1 },
        { step: 'statistics', weight: 3 },
      ],
    });
    expect(privacyLine(declaration)).toBe(
      'every sum carries noise: at most epsilon 2 at delta 0.000001 for each end-user, over 2 sums',
    );
  });
});
