import { describe, expect, it } from 'vitest';
import { mutantsOf } from './mutants.ts';

const SOURCE = `
function take(a) {
  if (a < (1 + 2)) return refuse('small');
  if (
    a > 9 &&
    a !== 10
  ) {
    return refuse('large');
  }
  if (a === 5) return again(a);
}
`;

describe('mutants', () => {
  it('are one for each check that refuses, and leave the rest as it is', () => {
    const mutants = mutantsOf(SOURCE, /refuse\(/);
    expect(mutants.map(({ line, condition }) => [line, condition])).toEqual([
      [3, 'a < (1 + 2)'],
      [4, 'a > 9 && a !== 10'],
    ]);
    expect(mutants[0]?.source).toBe(SOURCE.replace('a < (1 + 2)', 'false'));
    expect(mutants[1]?.source).toContain('if (false) {');
  });
});
