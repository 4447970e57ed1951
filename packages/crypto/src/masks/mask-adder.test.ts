import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHUNK_WORDS, createPlainMaskAdder, createSimdMaskAdder, type MaskAdder } from './mask-adder.ts';
import { webAssemblyOf } from './webassembly.ts';

const simd = createSimdMaskAdder(webAssemblyOf(globalThis));
if (simd === undefined) throw new Error('this host runs no SIMD kernel to test');

const masksOf = (words: Int32Array): Uint8Array => new Uint8Array(words.slice().buffer);

function added(
  adder: MaskAdder,
  vector: Int32Array,
  masks: readonly (readonly [Int32Array, 1 | -1])[],
): Int32Array {
  const words = vector.slice();
  adder.begin(words);
  for (const [mask, sign] of masks) adder.add(masksOf(mask), sign);
  adder.end();
  return words;
}

describe('adding masks', () => {
  it('gives the sum mod 2^32 by either kernel, for chunks of any length', () => {
    const lengths = fc.oneof(
      fc.integer({ min: 0, max: 80 }),
      fc.constant(CHUNK_WORDS - 3),
      fc.constant(CHUNK_WORDS),
    );
    fc.assert(
      fc.property(
        lengths,
        fc.integer(),
        fc.array(fc.constantFrom<1 | -1>(1, -1), { maxLength: 4 }),
        (length, seed, signs) => {
          const vector = Int32Array.from({ length }, (_, i) => Math.imul(i + seed, 0x9e37_79b1));
          const masks = signs.map(
            (sign, m) => [vector.map((word) => Math.imul(word, 3 + 2 * m)), sign] as const,
          );
          const wanted = vector.map((word, i) =>
            masks.reduce((sum, [mask, sign]) => (sum + sign * (mask.at(i) ?? 0)) | 0, word),
          );
          for (const adder of [simd, createPlainMaskAdder()]) {
            expect(Buffer.from(added(adder, vector, masks).buffer).equals(Buffer.from(wanted.buffer))).toBe(
              true,
            );
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('leaves nothing of words and masks behind for the next chunk', () => {
    added(simd, new Int32Array(CHUNK_WORDS).fill(7), [[new Int32Array(CHUNK_WORDS).fill(9), 1]]);
    const longer = new Int32Array(CHUNK_WORDS);
    simd.begin(new Int32Array(0));
    simd.add(new Uint8Array(0), 1);
    simd.end();
    expect(added(simd, longer, [])).toEqual(longer);
  });

  it('is done without the kernel where the host has none', () => {
    expect(createSimdMaskAdder(undefined)).toBeUndefined();
    const host = webAssemblyOf(globalThis);
    expect(host && createSimdMaskAdder({ ...host, validate: () => false })).toBeUndefined();
  });
});
