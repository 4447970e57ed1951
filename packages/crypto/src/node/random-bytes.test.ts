import { expect, it } from 'vitest';
import { nodeRandomBytes } from './random-bytes.ts';

it('draws the asked number of bytes, into memory of their own, anew each time', () => {
  const draws = [nodeRandomBytes(32), nodeRandomBytes(32)] as const;
  for (const draw of draws) {
    expect(draw.constructor).toBe(Uint8Array);
    expect(draw.buffer.byteLength).toBe(32);
  }
  expect(draws[0]).not.toEqual(draws[1]);
  expect(nodeRandomBytes(0)).toEqual(new Uint8Array(0));
});
