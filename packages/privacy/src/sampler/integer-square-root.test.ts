import fc from 'fast-check';
import { expect, it } from 'vitest';
import { integerSquareRoot } from './integer-square-root.ts';

it('is the floor of the root, also where Math.sqrt is not', () => {
  expect([0n, 1n, 2n, 3n, 4n, 8n, 9n].map(integerSquareRoot)).toEqual([0n, 1n, 1n, 1n, 2n, 2n, 3n]);
  const r = 94_906_266n;
  expect(BigInt(Math.floor(Math.sqrt(Number(r * r - 1n))))).toBe(r); // the trap: rounds up
  expect(integerSquareRoot(r * r - 1n)).toBe(r - 1n);
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 1n << 128n }), (n) => {
      const root = integerSquareRoot(n);
      expect(root * root <= n && n < (root + 1n) * (root + 1n)).toBe(true);
    }),
  );
});
