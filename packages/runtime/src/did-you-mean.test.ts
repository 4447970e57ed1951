import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { closest } from './did-you-mean.ts';

describe('closest', () => {
  const keys = ['coordinator', 'roster', 'minCohort', 'listen'];

  it('finds the key behind a slip of the fingers', () => {
    expect(closest('cordinator', keys)).toBe('coordinator');
    expect(closest('rooster', keys)).toBe('roster');
    expect(closest('lsiten', keys)).toBe('listen');
    expect(closest('chta', ['api', 'chat'])).toBe('chat');
  });

  it('does not care about case', () => {
    expect(closest('mincohort', keys)).toBe('minCohort');
  });

  it('says nothing rather than guess', () => {
    expect(closest('epsilon', keys)).toBeUndefined();
    expect(closest('epsilon', [])).toBeUndefined();
  });

  it('takes the first of two equally near candidates', () => {
    expect(closest('chap', ['chat', 'chip'])).toBe('chat');
  });

  it('finds a candidate itself', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1 }), (words) => {
        for (const word of words) expect(closest(word, words)?.toLowerCase()).toBe(word.toLowerCase());
      }),
    );
  });
});
