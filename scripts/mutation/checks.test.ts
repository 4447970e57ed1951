import { describe, expect, it } from 'vitest';
import { gateChecks } from './checks.ts';

const SOURCE = `
function take(a: number) {
  if (a < (1 + 2)) return refuse('small');
  if (a > 9 || a === 10) {
    return refuse('large');
  }
  if (a === 5) return again(a);
  if (a === 6) throw new ProtocolError('INVARIANT', 'cannot be');
  const good = a !== 7 && sameBytes(a, a);
  if (!good) return refuse('bad');
  return a === 8 ? undefined : refuse('not eight');
}
const opens = (a: number): boolean => verifyCommitment(a);
`;

const listed = (source: string): unknown[] =>
  gateChecks(source, String).checks.map(({ line, condition, passes }) => [line, condition, passes]);

describe('the checks of a source', () => {
  it('are the operands of what refuses, and leave the rest as it is', () => {
    expect(listed(SOURCE)).toEqual([
      [3, 'a < (1 + 2)', false],
      [4, 'a > 9', false],
      [4, 'a === 10', false],
      [9, 'a !== 7', true],
      [9, 'sameBytes(a, a)', true],
      [10, '!good', false],
      [11, 'a === 8', true],
      [13, 'verifyCommitment(a)', true],
    ]);
  });

  it('pass through a gate that knows them', () => {
    const { source } = gateChecks(SOURCE, (number) => `take:${number}`);
    expect(source).toContain(`if (__check("take:0", (a < (1 + 2)), false)) return refuse('small');`);
    expect(source).toContain(
      `if (__check("take:1", (a > 9), false) || __check("take:2", (a === 10), false))`,
    );
    expect(source).toContain(`if (a === 5) return again(a);`);
  });

  it('that stand in each other are all found', () => {
    const nested = `const f = (a) => list(a).every((b) => sameBytes(a, b)) && isGood(a);`;
    expect(listed(nested)).toEqual([
      [1, 'list(a).every((b) => sameBytes(a, b))', true],
      [1, 'sameBytes(a, b)', true],
      [1, 'isGood(a)', true],
    ]);
    const { source } = gateChecks(nested, String);
    expect(source).toContain(
      `__check("0", (list(a).every((b) => __check("1", (sameBytes(a, b)), true))), true)`,
    );
  });
});
